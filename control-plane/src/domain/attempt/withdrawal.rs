//! Taking an attempt back that is not wanted any more: what waits is not made, what rings is ended, and who talks is not
//! cut off.

use chrono::Duration;

use super::{Attempt, Channel, Ending, Heard, Work, machine::Decided};
use crate::domain::{
    effect::Effect,
    machine::{Refusal, Step},
    outcome::Outcome,
    time::Timestamp,
};

/// Why a call was taken back that nobody answered in time.
pub(super) const RANG_OUT: &str = "ring_timeout";
/// Why a call was taken back that would ring into its event.
pub(super) const AT_THE_WALL: &str = "outside_critical_window";
/// How often it is tried to take something back.
pub(super) const MOST_ENDS: u32 = 5;

impl Attempt {
    /// It was not made, because it was not wanted any more, or not allowed, when its turn came.
    pub(super) fn stopped(&self, (reason, error): (&str, &str), now: Timestamp) -> Step<Self> {
        match reason {
            "withdrawn" => self.over(Ending::Withdrawn, (&self.withdrawn, error), now),
            AT_THE_WALL => self.over(Ending::Expired, (reason, error), now),
            _ => self.over(Ending::Failed, (reason, error), now),
        }
    }

    pub(super) fn withdrawn(&self, why: &'static str, now: Timestamp) -> Decided {
        if !self.withdrawn.is_empty() {
            return Err(Refusal::stale("it is being taken back"));
        }
        let next = Self { withdrawn: why.to_owned(), ..self.clone() };
        match next.work {
            Work::Waiting { .. } => Ok(next.over(Ending::Withdrawn, (why, ""), now)),
            // What is written cannot be taken back.
            Work::Placed { .. } if next.is_ringing() => Ok(next.take_back(0, now)),
            // Nobody knows whether it was made: should it turn up, it is taken back then.
            Work::Over if next.ending == Some(Ending::Unknown) => Ok(Step::to(next)),
            Work::Over => Err(Refusal::stale("it is over")),
            Work::Creating
            | Work::Doubtful { .. }
            | Work::Looking { .. }
            | Work::Placed { .. }
            | Work::Ending { .. } => Ok(Step::to(next)),
        }
    }

    /// A telephone rings, or is about to.
    pub(super) fn is_ringing(&self) -> bool {
        let is_over = self.heard.ending(self.channel).is_some();
        self.channel == Channel::Voice && !self.heard.is_answered() && !is_over
    }

    pub(super) fn take_back(self, tries: u32, now: Timestamp) -> Step<Self> {
        let Some(account_id) = self.account_id else { return self.watched(now) };
        let round = self.round + 1;
        let effect = Effect::EndAttempt { account_id, attempt_id: self.id, round };
        Step::to(Self { work: Work::Ending { tries, again: None }, round, ..self }).effect(effect)
    }

    /// The vendor was asked to take it back.
    pub(super) fn ended(&self, tries: u32, outcome: Outcome<Heard>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(heard) => {
                let next = Self { heard: self.heard.clone().joined(heard), ..self.clone() };
                // Somebody answered meanwhile, or Twilio took the order and the callback tells the rest.
                next.watched(now)
            }
            Outcome::Refused(_) | Outcome::Unknown(_) if tries + 1 < MOST_ENDS => {
                let again = Some(now + Duration::milliseconds(500 << tries));
                Step::to(Self { work: Work::Ending { tries: tries + 1, again }, ..self.clone() })
            }
            Outcome::Refused(_) | Outcome::Unknown(_) => self.clone().watched(now).news("attempt.not-taken-back"),
        }
    }
}
