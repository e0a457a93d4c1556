//! The junk generator: requests nobody signed, at a fixed rate, over connections of its own and from an address of its own.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use callplane_control_plane::{clock::SystemClock, domain::time::Clock};
use http::Request;
use http_body_util::Full;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at},
};

use crate::{
    Failure,
    load::{Line, request},
    process::cpu_of,
    webhook::Webhooks,
    world::{ACCOUNTS, Exchange, account_sid},
};

/// Each sends a request every few milliseconds.
const LINES: u32 = 50;
/// Junk does not come from where Twilio's requests come from.
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

type Answers = BTreeMap<String, u64>;

/// Sends junk and says how much, what it cost in CPU seconds, and what was answered.
pub async fn flood(target: SocketAddr, rate: f64, seconds: f64) -> Result<(), Failure> {
    let junk = Arc::new(Junk { exchange: Exchange::new(0), webhooks: Webhooks::new(SystemClock.now(), ACCOUNTS) });
    let between = Duration::from_secs_f64(f64::from(LINES) / rate);
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let mut sending = JoinSet::new();
    for line in 0..LINES {
        sending.spawn(send(target, Arc::clone(&junk), start + between * line / LINES, between, end));
    }
    let mut answers = Answers::new();
    while let Some(line) = sending.join_next().await {
        for (answer, count) in line? {
            *answers.entry(answer).or_default() += count;
        }
    }
    let sent: u64 = answers.values().sum();
    let answers: Vec<String> = answers.into_iter().map(|(answer, count)| format!("{answer} x {count}")).collect();
    println!("{sent} {:.2}; {}", cpu_of(std::process::id()), answers.join(", "));
    Ok(())
}

/// A line that falls behind catches up: the rate is kept.
async fn send(target: SocketAddr, junk: Arc<Junk>, first: Instant, between: Duration, end: Instant) -> Answers {
    let mut answers = Answers::new();
    let mut turns = interval_at(first, between);
    turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut line = None;
    while turns.tick().await < end {
        let answer = match &mut line {
            Some(open) => ask(open, junk.next()).await,
            none => match Line::connect(target, Some(FROM)).await {
                Ok(open) => ask(none.insert(open), junk.next()).await,
                Err(_) => None,
            },
        };
        if answer.is_none() {
            line = None;
        }
        *answers.entry(answer.unwrap_or_else(|| "cut off".to_owned())).or_default() += 1;
    }
    answers
}

async fn ask(line: &mut Line, request: Request<Full<Bytes>>) -> Option<String> {
    line.send(request).await.ok().map(|(status, _)| status.as_u16().to_string())
}

struct Junk {
    exchange: Exchange,
    webhooks: Webhooks,
}

impl Junk {
    /// In turn: without a signature, with a wrong one, of an account nobody knows, and to a path nobody has.
    fn next(&self) -> Request<Full<Bytes>> {
        const WRONG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let (turn, call) = self.exchange.numbered_call();
        let signed = self.webhooks.signed(&call, 0);
        match turn % 4 {
            0 => request(signed.path, None, signed.body),
            1 => request(signed.path, Some(WRONG), signed.body),
            2 => {
                let (known, unknown) = (account_sid(call.number % ACCOUNTS), account_sid(ACCOUNTS + call.number));
                request(signed.path, Some(&signed.signature), signed.body.replace(&known, &unknown))
            }
            _ => request(&format!("/{}/login.php", call.sid), Some(WRONG), String::new()),
        }
    }
}
