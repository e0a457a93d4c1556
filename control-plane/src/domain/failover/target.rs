//! Where a failover goes: the backup accounts in their order, the first one that a probe proves to work. One that is
//! certainly of no use is passed over for good; when all that is left does not answer, nothing is moved.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{CancelledBy, Failover, Kind, Phase};
use crate::domain::{
    effect::Effect,
    id::AccountId,
    machine::Step,
    outcome::Outcome,
    pool::Shown,
    telephony::{AccountSeen, AccountStatus},
    time::Timestamp,
};

/// How often a candidate is probed before we say that it does not answer.
const PROBES: u32 = 3;
/// Between two of them.
const BETWEEN: Duration = Duration::seconds(1);
/// Between two looks for a candidate, while none works.
const LOOK_AGAIN: Duration = Duration::seconds(30);
/// How long candidates are looked for. Whoever wants it still can start another one.
const PATIENCE: Duration = Duration::minutes(30);

/// What a probe of the account that shall take over brought.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSeen {
    /// The account.
    pub account: AccountSeen,
    /// Its numbers; none where there is no list to be had, or no need of one.
    pub numbers: Option<Shown>,
}

/// A backup account, and why it cannot be used, if so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The account.
    pub account_id: AccountId,
    /// Why not; none when it is worth a probe.
    pub refusal: Option<Passing>,
}

/// Why an account cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    /// In words.
    pub why: String,
    /// It may pass by itself.
    pub passes: bool,
}

/// An account that was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The account.
    pub account_id: AccountId,
    /// Why.
    pub why: String,
    /// It may pass by itself: looked at again.
    pub passes: bool,
}

impl Failover {
    /// The first candidate that was not passed over.
    pub(super) fn choose(&self, candidates: Vec<Candidate>, now: Timestamp) -> Step<Self> {
        let mut next = self.clone();
        for Candidate { account_id, refusal } in candidates {
            if next.passed_over.iter().any(|passed| passed.account_id == account_id) {
                continue;
            }
            match refusal {
                None => return next.probe(account_id, 0),
                Some(Passing { why, passes }) => next.passed_over.push(PassedOver { account_id, why, passes }),
            }
        }
        next.without_target(now)
    }

    pub(super) fn probe(&self, candidate: AccountId, attempt: u32) -> Step<Self> {
        let round = self.round();
        let phase = Phase::Probing { candidate, round, attempt };
        let effect = Effect::ProbeTarget { account_id: candidate, failover_id: self.id, round };
        Step::to(Self { phase, target_id: Some(candidate), ..self.clone() }).effect(effect)
    }

    fn round(&self) -> u32 {
        // The version differs in every state ever stored, so a round made from it is never used twice.
        u32::try_from(self.version % i64::from(u32::MAX)).unwrap_or_default()
    }

    pub(super) fn probed(
        &self,
        candidate: AccountId,
        attempt: u32,
        outcome: Outcome<AccountSeen>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(AccountSeen { status: AccountStatus::Active, .. }) => {
                let mut next = Self { phase: Phase::Reserving { candidate, at: now }, ..self.clone() };
                next.milestones.probe_time = Some(now);
                Step::to(next).news("failover.target-probed")
            }
            Outcome::Done(AccountSeen { status: AccountStatus::Suspended, .. }) => {
                self.pass_over(candidate, "Twilio suspended it".to_owned(), false, now)
            }
            Outcome::Done(AccountSeen { status: AccountStatus::Closed, .. }) => {
                self.pass_over(candidate, "it is closed".to_owned(), false, now)
            }
            Outcome::Refused(refused) if !refused.cause.is_transient() => {
                self.pass_over(candidate, refused.message, false, now)
            }
            Outcome::Refused(refused) => self.unanswered(candidate, attempt, refused.message, now),
            Outcome::Unknown(why) => self.unanswered(candidate, attempt, why, now),
        }
    }

    fn unanswered(&self, candidate: AccountId, attempt: u32, why: String, now: Timestamp) -> Step<Self> {
        if attempt + 1 >= PROBES {
            return self.pass_over(candidate, why, true, now);
        }
        let until = now + BETWEEN;
        Step::to(Self { phase: Phase::ProbingAgain { candidate, attempt: attempt + 1, until, why }, ..self.clone() })
    }

    /// Not this one; another one is looked for.
    pub(super) fn pass_over(&self, account_id: AccountId, why: String, passes: bool, now: Timestamp) -> Step<Self> {
        let mut next = Self { phase: Phase::Choosing { at: now }, ..self.clone() };
        if !self.target_is_fixed {
            next.target_id = None;
        }
        next.passed_over.push(PassedOver { account_id, why, passes });
        Step::to(next).news("failover.target-passed-over")
    }

    /// Nowhere to go. What may pass is waited for: it looks like trouble that moving would not help.
    fn without_target(&self, now: Timestamp) -> Step<Self> {
        let passing = self.passed_over.iter().find(|passed| passed.passes);
        match (passing, self.kind) {
            (Some(passing), Kind::Failover) => self.hold(passing.why.clone(), now),
            (Some(passing), Kind::Rollback | Kind::Rehearsal) => self.fail(passing.why.clone(), now),
            (None, _) => self.fail(self.no_target(), now),
        }
    }

    fn no_target(&self) -> String {
        match self.passed_over.last() {
            None => "there is no backup account; add one, put numbers into its pool and start again".to_owned(),
            Some(last) if self.target_is_fixed => last.why.clone(),
            Some(last) => format!("no backup account can take over; the last one: {}", last.why),
        }
    }

    fn hold(&self, why: String, now: Timestamp) -> Step<Self> {
        let deadline = self.milestones.decide_time.unwrap_or(now) + PATIENCE;
        if now >= deadline {
            let why = format!("the backup accounts failed in the same way until the end: {why}");
            return self.cancel(CancelledBy::VendorWide, why, now);
        }
        let why = format!(
            "no backup account can take over now: {why}; looked for again until {}, `callplane failover cancel {}` gives it up",
            deadline.format("%Y-%m-%d %H:%M:%S UTC"),
            self.id
        );
        let phase = Phase::Holding { until: now + LOOK_AGAIN, deadline, why };
        let mut next = Self { phase, ..self.clone() };
        next.milestones.hold_time = self.milestones.hold_time.or(Some(now));
        let step = Step::to(next);
        match self.milestones.hold_time {
            None => step.news("failover.holding"),
            Some(_) => step,
        }
    }

    /// Looks again at what may have passed.
    pub(super) fn look_again(&self, now: Timestamp) -> Step<Self> {
        let mut next = Self { phase: Phase::Choosing { at: now }, ..self.clone() };
        next.passed_over.retain(|passed| !passed.passes);
        Step::to(next)
    }
}
