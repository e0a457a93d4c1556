//! While people decide: the account is looked at again and again, and whatever comes first wins: approval, a person's no,
//! three good looks, a critical one, or the deadline.

use super::{CancelledBy, DecidedBy, Decision, Failover, Phase, Trigger};
use crate::domain::{
    machine::{Refusal, Step},
    monitor::{Heard, OnExpiry, Verdict},
    time::Timestamp,
};

/// How many good looks in a row say that the account works again.
pub(super) const GOOD: u32 = 3;

/// Who decides when no person does.
pub(super) const MONITOR: &str = "monitor";
/// The same for the deadline.
const TIMER: &str = "timer";

impl Failover {
    /// The account was looked at while people decide.
    pub(super) fn heard_while_awaiting(&self, heard: &Heard, now: Timestamp) -> Step<Self> {
        let Phase::AwaitingApproval { deadline, approvals, .. } = &self.phase else { return Step::to(self.clone()) };
        let good = if heard.good { self.good + 1 } else { 0 };
        if heard.verdict == Verdict::Critical {
            return self.decide(DecidedBy::Critical, MONITOR, now).news("failover.critical");
        }
        // Whoever started one by hand knows something that the monitor does not.
        if good >= GOOD && self.trigger != Trigger::Manual {
            let next =
                Self { good, decision: Some(decision(DecidedBy::Recovery, MONITOR, false, now)), ..self.clone() };
            return next.cancel(CancelledBy::Recovery, format!("{GOOD} probes in a row were good"), now);
        }
        let elsewhere = match heard.verdict {
            Verdict::VendorWide => Some(CancelledBy::VendorWide),
            Verdict::OwnNetwork => Some(CancelledBy::OwnNetwork),
            Verdict::Unknown | Verdict::Healthy | Verdict::Degraded | Verdict::Critical => None,
        };
        let phase = Phase::AwaitingApproval { deadline: *deadline, approvals: approvals.clone(), elsewhere };
        Step::to(Self { phase, good, ..self.clone() })
    }

    /// A person agrees. Agreeing twice is agreeing once.
    pub(super) fn approve(&self, actor: &str, now: Timestamp) -> Result<Step<Self>, Refusal> {
        let Phase::AwaitingApproval { deadline, approvals, elsewhere } = &self.phase else {
            let is_theirs = self.decision.as_ref().is_some_and(|decision| decision.by == DecidedBy::Approval);
            return if is_theirs { Ok(Step::to(self.clone())) } else { Err(DECIDED) };
        };
        if approvals.iter().any(|approved| approved == actor) {
            return Ok(Step::to(self.clone()));
        }
        let approvals: Vec<String> = approvals.iter().cloned().chain([actor.to_owned()]).collect();
        if approvals.len() >= usize::try_from(self.rules.approvals).unwrap_or(1) {
            return Ok(self.decide(DecidedBy::Approval, actor, now).news("failover.approved"));
        }
        let phase = Phase::AwaitingApproval { deadline: *deadline, approvals, elsewhere: *elsewhere };
        Ok(Step::to(Self { phase, ..self.clone() }).news("failover.approved-once"))
    }

    /// A person says no, as long as nothing is moved.
    pub(super) fn refuse(&self, actor: &str, why: String, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match &self.phase {
            Phase::AwaitingApproval { .. } => {
                let decision = Some(decision(DecidedBy::Cancellation, actor, false, now));
                Ok(Self { decision, ..self.clone() }.cancel(CancelledBy::Person, why, now))
            }
            Phase::Holding { .. } => Ok(self.cancel(CancelledBy::Person, why, now)),
            Phase::Cancelled { by: CancelledBy::Person, .. } => Ok(Step::to(self.clone())),
            Phase::Choosing { .. }
            | Phase::Probing { .. }
            | Phase::ProbingAgain { .. }
            | Phase::Reserving { .. }
            | Phase::Canary
            | Phase::Moving
            | Phase::Undoing { .. }
            | Phase::Stuck { .. }
            | Phase::Completed
            | Phase::PartiallyCompleted { .. }
            | Phase::Cancelled { .. }
            | Phase::Failed { .. }
            | Phase::RolledBack { .. } => Err(DECIDED),
        }
    }

    /// The deadline has passed and nobody said anything.
    pub(super) fn expire(&self, elsewhere: Option<CancelledBy>, now: Timestamp) -> Step<Self> {
        // One that waits for a second person is not carried out because that person is away.
        let executes = self.rules.on_expiry == OnExpiry::Execute && self.trigger != Trigger::Manual;
        match elsewhere {
            Some(by) => {
                let why = "at the deadline the trouble was not this account's, and moving would not help".to_owned();
                self.let_expire(now).cancel(by, why, now)
            }
            None if executes => self.decide(DecidedBy::Expiry, TIMER, now).news("failover.expired"),
            None => self.let_expire(now).cancel(CancelledBy::Expiry, "nobody approved it in time".to_owned(), now),
        }
    }

    fn let_expire(&self, now: Timestamp) -> Self {
        Self { decision: Some(decision(DecidedBy::Expiry, TIMER, false, now)), ..self.clone() }
    }

    fn decide(&self, by: DecidedBy, actor: &str, now: Timestamp) -> Step<Self> {
        Step::to(self.carried_out(by, actor, now))
    }

    /// It is carried out from now on.
    pub(super) fn carried_out(&self, by: DecidedBy, actor: &str, now: Timestamp) -> Self {
        let mut next = Self { phase: Phase::Choosing { at: now }, ..self.clone() };
        next.decision = Some(decision(by, actor, true, now));
        next.milestones.decide_time = Some(now);
        next
    }
}

fn decision(by: DecidedBy, actor: &str, carried_out: bool, time: Timestamp) -> Decision {
    Decision { by, actor: actor.to_owned(), time, carried_out }
}

/// Whoever comes second is told who was first; the flow says it with names.
pub(super) const DECIDED: Refusal = Refusal::new("FAILOVER_DECIDED", "it is decided already");
