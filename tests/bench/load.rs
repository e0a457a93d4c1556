//! The load generator: callers that each make one call after another over a connection of their own, check every answer
//! and note how long it took. Closed loop: the next webhook of a call goes out when the last was answered, as Twilio does.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use super::{
    Failure,
    webhook::{STEPS, Webhooks},
    world::Exchange,
};

/// What the load is.
#[derive(Clone)]
pub struct Load {
    /// Where webhooks go.
    pub address: SocketAddr,
    /// How many calls are under way at a time.
    pub callers: usize,
    /// Which webhooks a call has.
    pub shape: Shape,
    /// Hands out calls.
    pub exchange: Arc<Exchange>,
    /// Writes and signs them.
    pub webhooks: Arc<Webhooks>,
}

/// Which webhooks a call has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Voice and four statuses.
    Whole,
    /// The voice webhook, as often as a whole call has webhooks.
    VoiceOnly,
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// How long each answer within the time took, in microseconds, sorted.
    pub took: Vec<u32>,
    /// Calls whose last answer came within the time.
    pub calls: u64,
    /// Calls of which every webhook was acknowledged, ever.
    pub acknowledged: u64,
    /// What was answered wrongly; the first few.
    pub wrong: Vec<String>,
}

impl Outcome {
    /// The quantile of the answers' times in milliseconds.
    pub fn quantile(&self, part: f64) -> f64 {
        let last = self.took.len().saturating_sub(1);
        // Small enough for the figures of one measurement.
        let index = (last as f64 * part).round() as usize;
        self.took.get(index).map_or(f64::NAN, |took| f64::from(*took) / 1000.0)
    }

    fn add(&mut self, other: Self) {
        let Self { took, calls, acknowledged, wrong } = other;
        self.took.extend(took);
        self.calls += calls;
        self.acknowledged += acknowledged;
        self.wrong.extend(wrong.into_iter().take(3));
    }
}

impl Load {
    /// Makes calls for this long; those under way at the end are brought to theirs, and do not count in the figures.
    pub async fn run(&self, measured: Duration) -> Result<Outcome, Failure> {
        let end = Instant::now() + measured;
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            callers.spawn(Caller::connect(self.clone(), end));
        }
        let mut outcome = Outcome::default();
        while let Some(caller) = callers.join_next().await {
            outcome.add(caller??);
        }
        outcome.took.sort_unstable();
        Ok(outcome)
    }
}

struct Caller {
    load: Load,
    line: SendRequest<Full<Bytes>>,
    end: Instant,
    outcome: Outcome,
}

impl Caller {
    async fn connect(load: Load, end: Instant) -> Result<Outcome, Failure> {
        let stream = TcpStream::connect(load.address).await?;
        stream.set_nodelay(true)?;
        let (line, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // A broken connection shows as a failed request on the line.
        tokio::spawn(async move { drop(connection.await) });
        let mut caller = Self { load, line, end, outcome: Outcome::default() };
        while Instant::now() < end && caller.outcome.wrong.is_empty() {
            caller.call().await;
        }
        Ok(caller.outcome)
    }

    async fn call(&mut self) {
        let call = self.load.exchange.call();
        for step in 0..STEPS {
            let step = if self.load.shape == Shape::Whole { step } else { 0 };
            let signed = self.load.webhooks.signed(&call, step);
            let request = Request::post(signed.path)
                .header("Host", "calls.example.com")
                .header("User-Agent", "TwilioProxy/1.1")
                .header("Accept", "*/*")
                .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
                .header("X-Home-Region", "us1")
                .header("X-Twilio-Signature", signed.signature)
                .body(Full::new(Bytes::from(signed.body)))
                .expect("every part of the request is valid");
            let started = Instant::now();
            if let Err(wrong) = self.ask(request, step).await {
                return self.outcome.wrong.push(format!("{} of call {}: {wrong}", signed.path, call.sid));
            }
            let now = Instant::now();
            if now < self.end {
                self.outcome.took.push(u32::try_from((now - started).as_micros()).unwrap_or(u32::MAX));
            }
        }
        self.outcome.acknowledged += 1;
        self.outcome.calls += u64::from(Instant::now() < self.end);
    }

    async fn ask(&mut self, request: Request<Full<Bytes>>, step: usize) -> Result<(), String> {
        let shown = |error: hyper::Error| error.to_string();
        self.line.ready().await.map_err(shown)?;
        let response = self.line.send_request(request).await.map_err(shown)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(shown)?.to_bytes();
        match (step, head.status) {
            (0, StatusCode::OK) if body.ends_with(b"</Response>") => Ok(()),
            (1.., StatusCode::NO_CONTENT) if body.is_empty() => Ok(()),
            (_, status) => Err(format!("answered {status} with {} bytes", body.len())),
        }
    }
}
