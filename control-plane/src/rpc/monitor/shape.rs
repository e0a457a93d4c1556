//! Monitors and probes as the API shows them.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::Result,
        id::AccountId,
        machine::Machine,
        monitor::{Kind, Monitor, Outcome, Verdict, Work, verdict::failing_for_long},
    },
    rpc::{read::member, show},
    store::entity::probe,
};

/// How an account does.
pub fn health(monitor: Monitor) -> pb::AccountHealth {
    let next_time = monitor.deadline();
    let failing = failing_for_long(&monitor.memory).len();
    let (state, run) = match monitor.work {
        Work::Idle { .. } => (pb::MonitorState::Idle, 0),
        Work::Looking { round, .. } => (pb::MonitorState::Probing, i64::from(round)),
    };
    let last = monitor.memory.last;
    let signals = last.iter().flat_map(|last| &last.signals).map(ToString::to_string).collect();
    pb::AccountHealth {
        account_id: monitor.account_id.to_string(),
        verdict: verdict(monitor.verdict).into(),
        verdict_time: Some(show::moment(monitor.verdict_time)),
        why: monitor.why,
        state: state.into(),
        reach: monitor.reach.to_string(),
        signals,
        counted_count: last.as_ref().map_or(0, |last| show::count(last.counted.into())),
        failing_count: show::count(i64::try_from(failing).unwrap_or(i64::MAX)),
        good_run_count: show::count(monitor.memory.good.into()),
        run_time: monitor.run_time.map(show::moment),
        next_time: next_time.map(show::moment),
        run: if run == 0 { i64::from(monitor.memory.round) } else { run },
    }
}

/// An account that nobody watches.
pub fn unwatched(account_id: AccountId) -> pb::AccountHealth {
    pb::AccountHealth {
        account_id: account_id.to_string(),
        verdict: pb::HealthVerdict::Unknown.into(),
        why: "not watched: it is new, has no credentials, or CALLPLANE_MONITOR is off".to_owned(),
        state: pb::MonitorState::Off.into(),
        reach: "untried".to_owned(),
        ..Default::default()
    }
}

fn verdict(verdict: Verdict) -> pb::HealthVerdict {
    match verdict {
        Verdict::Unknown => pb::HealthVerdict::Unknown,
        Verdict::Healthy => pb::HealthVerdict::Healthy,
        Verdict::Degraded => pb::HealthVerdict::Degraded,
        Verdict::Critical => pb::HealthVerdict::Critical,
        Verdict::VendorWide => pb::HealthVerdict::VendorWide,
        Verdict::OwnNetwork => pb::HealthVerdict::OwnNetwork,
    }
}

/// A verdict to narrow a list to.
pub fn read_verdict(number: i32) -> Result<Option<Verdict>> {
    Ok(match member("verdict", number)? {
        pb::HealthVerdict::Unspecified => None,
        pb::HealthVerdict::Unknown => Some(Verdict::Unknown),
        pb::HealthVerdict::Healthy => Some(Verdict::Healthy),
        pb::HealthVerdict::Degraded => Some(Verdict::Degraded),
        pb::HealthVerdict::Critical => Some(Verdict::Critical),
        pb::HealthVerdict::VendorWide => Some(Verdict::VendorWide),
        pb::HealthVerdict::OwnNetwork => Some(Verdict::OwnNetwork),
    })
}

/// A kind of probe to narrow a list to.
pub fn read_kind(number: i32) -> Result<Option<Kind>> {
    Ok(match member("kind", number)? {
        pb::ProbeKind::Unspecified => None,
        pb::ProbeKind::Credential => Some(Kind::Credential),
        pb::ProbeKind::Status => Some(Kind::Status),
        pb::ProbeKind::Balance => Some(Kind::Balance),
        pb::ProbeKind::Alerts => Some(Kind::Alerts),
        pb::ProbeKind::Keys => Some(Kind::Keys),
        pb::ProbeKind::Numbers => Some(Kind::Numbers),
        pb::ProbeKind::Number => Some(Kind::Number),
        pb::ProbeKind::Agent => Some(Kind::Agent),
        pb::ProbeKind::AgentNumber => Some(Kind::AgentNumber),
        pb::ProbeKind::Traffic => Some(Kind::Traffic),
    })
}

fn kind(kind: Kind) -> pb::ProbeKind {
    match kind {
        Kind::Credential => pb::ProbeKind::Credential,
        Kind::Status => pb::ProbeKind::Status,
        Kind::Balance => pb::ProbeKind::Balance,
        Kind::Alerts => pb::ProbeKind::Alerts,
        Kind::Keys => pb::ProbeKind::Keys,
        Kind::Numbers => pb::ProbeKind::Numbers,
        Kind::Number => pb::ProbeKind::Number,
        Kind::Agent => pb::ProbeKind::Agent,
        Kind::AgentNumber => pb::ProbeKind::AgentNumber,
        Kind::Traffic => pb::ProbeKind::Traffic,
    }
}

/// An outcome to narrow a list to.
pub fn read_outcome(number: i32) -> Result<Option<Outcome>> {
    Ok(match member("outcome", number)? {
        pb::ProbeOutcome::Unspecified => None,
        pb::ProbeOutcome::Pass => Some(Outcome::Pass),
        pb::ProbeOutcome::Fail => Some(Outcome::Fail),
        pb::ProbeOutcome::Skipped => Some(Outcome::Skipped),
        pb::ProbeOutcome::Unknown => Some(Outcome::Unknown),
    })
}

fn outcome(outcome: Outcome) -> pb::ProbeOutcome {
    match outcome {
        Outcome::Pass => pb::ProbeOutcome::Pass,
        Outcome::Fail => pb::ProbeOutcome::Fail,
        Outcome::Skipped => pb::ProbeOutcome::Skipped,
        Outcome::Unknown => pb::ProbeOutcome::Unknown,
    }
}

/// What one probe found.
pub fn probe(row: probe::Model) -> pb::Probe {
    let milliseconds = row.latency_ms.max(0);
    let nanos = i32::try_from(milliseconds % 1000 * 1_000_000).unwrap_or_default();
    pb::Probe {
        id: row.id.to_string(),
        account_id: row.account_id.to_string(),
        run: row.round,
        // A word from a newer program is shown as none.
        kind: row.kind.parse().map_or(pb::ProbeKind::Unspecified, kind).into(),
        agent_id: show::id_or_empty(row.agent_id),
        phone_number_id: show::id_or_empty(row.phone_number_id),
        outcome: row.outcome.parse().map_or(pb::ProbeOutcome::Unspecified, outcome).into(),
        cause: row.cause,
        latency: Some(prost_types::Duration { seconds: milliseconds / 1000, nanos }),
        vendor_code: i32::try_from(row.vendor_code).unwrap_or_default(),
        message: row.message,
        simulated: row.simulated,
        create_time: Some(show::moment(row.create_time)),
    }
}
