//! What a round came to, as a row of a table.

use std::fmt;

use callplane_control_plane::domain::time::Timestamp;
use callplane_proto::v1 as pb;
use callplane_simulator::{Entry, Happened};

/// The head of the table.
pub const HEAD: &str = "| noticed and confirmed, s | decided to all verified, s | first line verified, s | moved | left out | \
                        most requests in a second: Twilio, ElevenLabs | refused for their rate |\n|---|---|---|---|---|---|---|";

/// A row.
pub struct Row {
    noticed: f64,
    carried_out: f64,
    canary: f64,
    moved: i32,
    left_out: i32,
    twilio: usize,
    eleven_labs: usize,
    too_many: usize,
}

impl Row {
    /// Of a failover that is over, and of what the vendors saw since the suspension.
    pub fn of(failover: &pb::Failover, suspended: Timestamp, ledger: &[Entry]) -> Self {
        let since: Vec<&Entry> = ledger.iter().filter(|entry| entry.at >= suspended).collect();
        let report = failover.report.unwrap_or_default();
        let counts = failover.counts.unwrap_or_default();
        let begun = failover.create_time.map_or(0.0, |time| time.seconds as f64 + f64::from(time.nanos) / 1e9);
        Self {
            noticed: begun - suspended.timestamp_micros() as f64 / 1e6,
            carried_out: seconds(report.total_duration),
            canary: seconds(report.canary_duration),
            moved: counts.moved,
            left_out: counts.left_out,
            twilio: busiest(&since, "twilio"),
            eleven_labs: busiest(&since, "elevenlabs"),
            too_many: since.iter().filter(|entry| is_refused_for_rate(entry)).count(),
        }
    }
}

fn seconds(length: Option<prost_types::Duration>) -> f64 {
    length.map_or(0.0, |length| length.seconds as f64 + f64::from(length.nanos) / 1e9)
}

fn is_of(entry: &Entry, wanted: &str) -> bool {
    matches!(&entry.what, Happened::Rest { vendor, .. } if vendor == wanted)
}

fn is_refused_for_rate(entry: &Entry) -> bool {
    matches!(&entry.what, Happened::Rest { status: Some(429), .. })
}

/// The most requests within any second.
fn busiest(entries: &[&Entry], vendor: &str) -> usize {
    let times: Vec<i64> =
        entries.iter().filter(|entry| is_of(entry, vendor)).map(|entry| entry.at.timestamp_millis()).collect();
    let within = |start: &i64| times.iter().filter(|time| (*start..*start + 1000).contains(time)).count();
    times.iter().map(within).max().unwrap_or(0)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { noticed, carried_out, canary, moved, left_out, twilio, eleven_labs, too_many } = self;
        write!(
            f,
            "| {noticed:.1} | {carried_out:.1} | {canary:.1} | {moved} | {left_out} | {twilio}, {eleven_labs} | {too_many} |"
        )
    }
}
