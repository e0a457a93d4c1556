//! What an edge knows of a large organisation, in a process of its own: how much memory it takes, that it survives a broken
//! watch, and that a change is in force with nothing else.

mod support;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use callplane_proto::edge::v1::{
    Instructions, Record, Say, StateChange, Verb, WatchStateResponse, state_change::Kind as Change, verb::Kind,
};
use support::{
    control_plane::FakeControlPlane,
    http::request,
    twilio::{ACCOUNT, CALL, NEXT_TOKEN, NUMBER, TOKEN, account, change, form, number, sign, usual_state},
};

const ACCOUNTS: usize = 25_000;
const NUMBERS: usize = 100_000;
/// Accounts and numbers of [`usual_state`], which come on top.
const USUAL: usize = 2;
const MOST_MEMORY_KB: u64 = 100 * 1000;
/// As many changes as a control plane puts into one part.
const PART: usize = 500;

/// Another one for every number, as if each company wrote its own.
fn fallback(index: usize) -> Instructions {
    let text = format!("Company {index} cannot take your call at the moment. Please leave a message after the tone.");
    let say = Say { text, language: "en-US".into(), ..Default::default() };
    let record = Record { action: "/twilio/voicemail".into(), play_beep: true, ..Default::default() };
    let verbs = [Kind::Say(say), Kind::Record(record)].map(|kind| Verb { kind: Some(kind) });
    Instructions { verbs: verbs.into(), ..Default::default() }
}

fn sid(index: usize) -> String {
    format!("AC{index:032x}")
}

fn snapshot() -> Vec<WatchStateResponse> {
    let accounts = (0..ACCOUNTS).map(|index| account(&sid(0x1000 + index), &[TOKEN]));
    let numbers = (0..NUMBERS).map(|index| {
        number(&format!("+1555{:07}", index + 1_000_000), &sid(0x1000 + index % ACCOUNTS), Some(fallback(index)))
    });
    let changes: Vec<StateChange> = usual_state().into_iter().chain(accounts).chain(numbers).collect();
    let mut parts: Vec<WatchStateResponse> = changes
        .chunks(PART)
        .map(|changes| WatchStateResponse { changes: changes.to_vec(), ..Default::default() })
        .collect();
    parts[0].snapshot_begin = true;
    let last = parts.last_mut().expect("many parts");
    (last.snapshot_complete, last.resume_token) = (true, "all".into());
    parts
}

struct Edge {
    process: Child,
    address: SocketAddr,
    admin: SocketAddr,
}

impl Drop for Edge {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Edge {
    fn start(control_plane: &FakeControlPlane) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_callplane-edge"))
            .arg("serve")
            .env_clear()
            .env("CALLPLANE_PUBLIC_URL", "https://hooks.example.net")
            .env("CALLPLANE_EDGE_TOKEN", "edge-token")
            .env("CALLPLANE_EDGE_LISTEN", "127.0.0.1:0")
            .env("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0")
            .env("CALLPLANE_CONTROL_PLANES", control_plane.url())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let line = lines.by_ref().map(|line| line.expect("readable")).find(|line| line.contains("edge listens"));
        let line = line.expect("it says where it listens");
        let of = |name: &str| {
            let (_, rest) = line.split_once(name).expect("the address");
            rest.split(' ').next().and_then(|address| address.parse().ok()).expect("an address")
        };
        let (address, admin) = (of(" address="), of("admin_address="));
        // Somebody must go on reading, or the edge would wait for room in the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address, admin }
    }

    /// Waits until a line of the metrics says so.
    async fn counts(&self, line: &str) {
        while !request(self.admin, "GET", "/metrics", &[], b"").await.body.lines().any(|found| found == line) {
            tokio::task::yield_now().await;
        }
    }

    fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("kilobytes")
    }

    async fn voice(&self, token: &str) -> u16 {
        let form = form(&[("CallSid", CALL), ("From", "anonymous"), ("To", NUMBER), ("CallStatus", "ringing")]);
        let signature = sign(token, "https://hooks.example.net/twilio/voice", &form);
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("X-Twilio-Signature", &signature)];
        request(self.address, "POST", "/twilio/voice", &headers, form.as_bytes()).await.status
    }
}

#[tokio::test]
async fn a_large_organisation_fits_and_stays_through_a_broken_watch() {
    let control_plane = FakeControlPlane::start(vec![]).await;
    control_plane.snapshot(snapshot());
    let edge = Edge::start(&control_plane);
    edge.counts(&format!("callplane_edge_numbers {}", NUMBERS + USUAL)).await;
    edge.counts(&format!("callplane_edge_accounts {}", ACCOUNTS + USUAL)).await;
    let first = edge.resident_kb();
    eprintln!("{ACCOUNTS} accounts and {NUMBERS} numbers: {first} kB");
    assert!(first < MOST_MEMORY_KB, "{first} kB");
    assert_eq!((edge.voice(TOKEN).await, edge.voice(NEXT_TOKEN).await), (200, 403));

    // The watch breaks; what goes on is the stream of changes, and no second snapshot.
    control_plane.snapshot(vec![]);
    control_plane.cut_watches();
    assert_eq!(control_plane.watched(2).await[1].0.resume_token, "all");
    let part = |changes| WatchStateResponse { resume_token: "next".into(), changes, ..Default::default() };
    let seen = "AC000000000000000000000000000000ff";
    control_plane.push(part(vec![account(ACCOUNT, &[NEXT_TOKEN]), account(seen, &[])])).await;
    edge.counts(&format!("callplane_edge_accounts {}", ACCOUNTS + USUAL + 1)).await;
    edge.counts(&format!("callplane_edge_numbers {}", NUMBERS + USUAL)).await;
    assert_eq!((edge.voice(TOKEN).await, edge.voice(NEXT_TOKEN).await), (403, 200), "rotated");
    control_plane.push(part(vec![change(Change::AccountRemoved(ACCOUNT.into()))])).await;
    edge.counts(&format!("callplane_edge_accounts {}", ACCOUNTS + USUAL)).await;
    assert_eq!(edge.voice(NEXT_TOKEN).await, 403, "revoked");

    // A control plane that has forgotten us sends everything again, and for a moment there are two of it.
    for part in snapshot() {
        control_plane.push(part).await;
    }
    edge.counts(&format!("callplane_edge_accounts {}", ACCOUNTS + USUAL)).await;
    while edge.voice(TOKEN).await != 200 {}
    let second = edge.resident_kb();
    eprintln!("after a second snapshot: {second} kB");
    assert!(second < MOST_MEMORY_KB, "{second} kB");
}
