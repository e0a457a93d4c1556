//! How often failovers begin by themselves: a fault that comes and goes must not drive agents to and fro, and what a
//! person stopped stays stopped for a while.

use chrono::Duration;

use super::{CancelledBy, DecidedBy, Failover, Kind, Phase, Trigger};
use crate::domain::time::Timestamp;

/// Between two that are carried out, and after a person's no.
const HOUR: Duration = Duration::hours(1);
/// After one that found no backup account to go to.
const PAUSE: Duration = Duration::minutes(10);

/// How far back it matters.
pub const MEMORY: Duration = HOUR;

/// Until when nothing begins by itself for this account, and why; `recent` are its latest failovers.
pub fn held_back(recent: &[Failover], trigger: Trigger, now: Timestamp) -> Option<(Timestamp, &'static str)> {
    let holds = recent.iter().filter(|past| past.kind == Kind::Failover).filter_map(|past| hold(past, trigger));
    holds.filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until)
}

fn hold(past: &Failover, trigger: Trigger) -> Option<(Timestamp, &'static str)> {
    let ended = past.milestones.end_time.unwrap_or(past.update_time);
    match &past.phase {
        Phase::Cancelled { by: CancelledBy::Person, .. } if trigger == Trigger::Critical => None,
        Phase::Cancelled { by: CancelledBy::Person, .. } => Some((ended + HOUR, "a person cancelled one")),
        Phase::Cancelled { by: CancelledBy::Expiry, .. } => Some((ended + HOUR, "nobody approved one")),
        Phase::Cancelled { by: CancelledBy::VendorWide | CancelledBy::OwnNetwork, .. } | Phase::Failed { .. } => {
            Some((ended + PAUSE, "the last one had nowhere to go"))
        }
        Phase::Cancelled { by: CancelledBy::Recovery, .. } => None,
        Phase::Completed | Phase::PartiallyCompleted { .. } | Phase::RolledBack { .. } => {
            let is_automatic = past.decision.as_ref().is_some_and(|decision| decision.by != DecidedBy::Start);
            let begun = past.milestones.decide_time.unwrap_or(past.create_time);
            is_automatic.then_some((begun + HOUR, "one was carried out within the hour"))
        }
        Phase::AwaitingApproval { .. }
        | Phase::Choosing { .. }
        | Phase::Probing { .. }
        | Phase::ProbingAgain { .. }
        | Phase::Reserving { .. }
        | Phase::Holding { .. }
        | Phase::Canary
        | Phase::Moving
        | Phase::Undoing { .. }
        | Phase::Stuck { .. } => Some((Timestamp::MAX_UTC, "one is under way")),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Decision, tests::failover},
        *,
    };
    use crate::domain::sample::at;

    fn past(phase: Phase, trigger: Trigger) -> Failover {
        let ended = at("2026-11-20T12:00:00Z");
        let mut past = Failover { phase, ..failover(trigger) };
        past.milestones.decide_time = Some(ended);
        past.milestones.end_time = Some(ended);
        let by = if trigger == Trigger::Manual { DecidedBy::Start } else { DecidedBy::Critical };
        past.decision = Some(Decision { by, actor: "tok_1".to_owned(), time: ended, carried_out: true });
        past
    }

    fn held_for(past: &Failover, trigger: Trigger) -> i64 {
        let now = at("2026-11-20T12:00:00Z");
        held_back(std::slice::from_ref(past), trigger, now).map_or(0, |(until, _)| (until - now).num_minutes())
    }

    #[test]
    fn one_an_hour_is_carried_out_by_itself_and_a_person_holds_back_what_is_not_critical() {
        let cancelled = |by| Phase::Cancelled { by, why: String::new() };
        let table = [
            (Phase::Completed, Trigger::Critical, 60),
            (Phase::Completed, Trigger::Degraded, 60),
            (Phase::PartiallyCompleted { why: String::new() }, Trigger::Critical, 60),
            (cancelled(CancelledBy::Person), Trigger::Degraded, 60),
            (cancelled(CancelledBy::Person), Trigger::Critical, 0),
            (cancelled(CancelledBy::Recovery), Trigger::Degraded, 0),
            (cancelled(CancelledBy::VendorWide), Trigger::Critical, 10),
            (Phase::Failed { why: String::new() }, Trigger::Critical, 10),
        ];
        for (phase, trigger, minutes) in table {
            let past = past(phase, Trigger::Critical);
            assert_eq!(held_for(&past, trigger), minutes, "{:?} {trigger}", past.phase);
        }
    }

    #[test]
    fn what_a_person_started_or_what_was_a_drill_holds_nothing_back() {
        assert_eq!(held_for(&past(Phase::Completed, Trigger::Manual), Trigger::Critical), 0);
        let drill = Failover { kind: Kind::Rehearsal, ..past(Phase::Completed, Trigger::Critical) };
        assert_eq!(held_for(&drill, Trigger::Critical), 0);
    }
}
