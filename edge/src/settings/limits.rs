//! Bounds, deadlines and rates, with the defaults that suit an edge on the open internet.

use std::time::Duration;

use super::source::Source;

/// What an edge does not exceed.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address. A proxy in front has one address.
    pub connections_per_address: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Header lines.
    pub headers: usize,
    /// Bytes of request line and headers.
    pub header_bytes: usize,
    /// Fields of a form.
    pub fields: usize,
    /// For the headers to arrive, and for an idle connection.
    pub header_timeout: Duration,
    /// For the body to arrive.
    pub body_timeout: Duration,
    /// For the TLS handshake.
    pub tls_timeout: Duration,
    /// For an answer from a control plane.
    pub answer_deadline: Duration,
    /// Before a second control plane is asked about a call.
    pub hedge_after: Duration,
    /// For open requests when stopping.
    pub drain: Duration,
    /// Calls a second of one account; 0 for no limit.
    pub calls_per_account: u32,
    /// Calls a second to one number; 0 for no limit.
    pub calls_per_number: u32,
    /// Calls a second from one caller; 0 for no limit.
    pub calls_per_caller: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_address: 1024,
            body_bytes: 64 * 1024,
            headers: 64,
            header_bytes: 16 * 1024,
            fields: 200,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(5),
            tls_timeout: Duration::from_secs(5),
            answer_deadline: Duration::from_secs(3),
            hedge_after: Duration::from_millis(400),
            drain: Duration::from_secs(20),
            calls_per_account: 2000,
            calls_per_number: 500,
            calls_per_caller: 100,
        }
    }
}

pub fn read(source: &mut Source<'_>) -> Limits {
    let usual = Limits::default();
    Limits {
        connections: at_least_one(source, "edge_max_connections", usual.connections),
        connections_per_address: at_least_one(
            source,
            "edge_max_connections_per_address",
            usual.connections_per_address,
        ),
        header_timeout: milliseconds(source, "edge_header_timeout_ms", usual.header_timeout),
        body_timeout: milliseconds(source, "edge_body_timeout_ms", usual.body_timeout),
        answer_deadline: milliseconds(source, "edge_answer_deadline_ms", usual.answer_deadline),
        hedge_after: milliseconds(source, "edge_hedge_after_ms", usual.hedge_after),
        drain: milliseconds(source, "edge_drain_ms", usual.drain),
        calls_per_account: rate(source, "edge_calls_per_second_per_account", usual.calls_per_account),
        calls_per_number: rate(source, "edge_calls_per_second_per_number", usual.calls_per_number),
        calls_per_caller: rate(source, "edge_calls_per_second_per_caller", usual.calls_per_caller),
        ..usual
    }
}

fn at_least_one(source: &mut Source<'_>, key: &'static str, usual: usize) -> usize {
    let number = source.parsed(key, &usual.to_string(), "a number").unwrap_or(usual);
    if number == 0 {
        source.problem(key, "must be at least 1");
    }
    number
}

/// Twilio waits 15 s for an answer about a call; nothing here may be longer than a minute.
fn milliseconds(source: &mut Source<'_>, key: &'static str, usual: Duration) -> Duration {
    let number = source.parsed(key, &usual.as_millis().to_string(), "a number of milliseconds").unwrap_or(1);
    if !(1..=60_000).contains(&number) {
        source.problem(key, "must be between 1 and 60000 milliseconds");
    }
    Duration::from_millis(number)
}

fn rate(source: &mut Source<'_>, key: &'static str, usual: u32) -> u32 {
    source.parsed(key, &usual.to_string(), "a number of calls a second; 0 for no limit").unwrap_or(usual)
}
