//! What an operator's do-not-call checker says immediately before the vendor is asked, and what that means: it goes out, it is
//! over, or it waits until the checker answers. Without an answer nobody is reached unless the operator wants that.

use super::{Attempt, Ending};
use crate::domain::{
    dnc::{Answer, Unanswered},
    guard::{Check, Guard, Verdict},
    machine::{Machine, Step},
    outcome::{Outcome, Refused},
    time::Timestamp,
};

/// Why an attempt was given up for which the checker had no answer in time.
pub const UNCHECKED: &str = "dnc_checker_unanswered";

/// What the checker said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The number may be reached.
    Clear,
    /// It may not, for this reason, which may be empty.
    Listed(String),
    /// Nothing, for this reason, and this is what follows.
    Nothing {
        /// Fit to show.
        why: String,
        /// What the operator wants then.
        rule: Unanswered,
    },
}

impl Said {
    /// What came of asking. A question changes nothing, so that all ways not to get an answer are one.
    pub fn of(outcome: Outcome<Answer>, rule: Unanswered) -> Self {
        match outcome {
            Outcome::Done(Answer::Clear) => Self::Clear,
            Outcome::Done(Answer::Listed(why)) => Self::Listed(why),
            Outcome::Refused(Refused { message: why, .. }) | Outcome::Unknown(why) => Self::Nothing { why, rule },
        }
    }

    /// The vendor may be asked.
    pub fn lets_through(&self) -> bool {
        match self {
            Self::Clear | Self::Nothing { rule: Unanswered::Allow, .. } => true,
            Self::Listed(_) | Self::Nothing { rule: Unanswered::Refuse, .. } => false,
        }
    }

    /// A stable word, for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Listed(_) => "listed",
            Self::Nothing { .. } => "unanswered",
        }
    }

    /// As a line of the verdict.
    pub fn check(&self) -> Check {
        let saw = match self {
            Self::Clear => "not listed by the do-not-call checker".to_owned(),
            Self::Listed(why) if why.is_empty() => "listed by the do-not-call checker".to_owned(),
            Self::Listed(why) => format!("listed by the do-not-call checker: {why}"),
            Self::Nothing { why, rule: Unanswered::Refuse } => why.clone(),
            Self::Nothing { why, rule: Unanswered::Allow } => format!("{why}, and the settings allow that"),
        };
        Check { guard: Guard::DncChecker, passed: self.lets_through(), saw }
    }
}

impl Attempt {
    /// The checker said something before the vendor was asked.
    pub(super) fn checked(&self, said: &Said, now: Timestamp) -> Step<Self> {
        let check = said.check();
        let next = Self { verdict: self.verdict.clone().with(check.clone()), ..self.clone() };
        match said {
            Said::Clear | Said::Nothing { rule: Unanswered::Allow, .. } => Step::to(next),
            Said::Listed(_) | Said::Nothing { .. } if !self.withdrawn.is_empty() => {
                next.unasked().over(Ending::Withdrawn, (&self.withdrawn, ""), now)
            }
            Said::Listed(_) => next.unasked().over(Ending::Failed, (check.guard.reason(), &check.saw), now),
            Said::Nothing { why, rule: Unanswered::Refuse } => next.unchecked(why, now),
        }
    }

    /// Nobody knows whether the number may be reached: asked again for as long as the attempt is of use.
    fn unchecked(self, why: &str, now: Timestamp) -> Step<Self> {
        let waiting = Self { tries: self.tries.saturating_sub(1), error: why.to_owned(), ..self.clone() }.later(now);
        let is_in_time = |again: Timestamp| self.limits.not_after.is_none_or(|wall| again < wall);
        match self.has_patience(now) && waiting.next.deadline().is_some_and(is_in_time) {
            true => waiting,
            false => self.unasked().over(Ending::Failed, (UNCHECKED, why), now),
        }
    }

    /// Its time was over while it waited for an answer of the checker; `None` if it waited for something else.
    pub(super) fn ran_out_unchecked(&self, verdict: Verdict, now: Timestamp) -> Option<Step<Self>> {
        let of_checker = |check: &&Check| check.guard == Guard::DncChecker && !check.passed;
        let check = self.verdict.checks.iter().find(of_checker)?.clone();
        let next = Self { verdict: verdict.with(check), ..self.clone() }.if_never_made();
        Some(next.over(Ending::Failed, (UNCHECKED, &self.error), now))
    }

    /// The vendor was not asked this time.
    fn unasked(self) -> Self {
        Self { tries: self.tries.saturating_sub(1), ..self }.if_never_made()
    }

    /// Of what no vendor was ever asked for, nothing began, nothing costs and nothing counts.
    fn if_never_made(self) -> Self {
        match self.tries {
            0 => Self { begin_time: None, cost_micros: 0, ..self },
            _ => self,
        }
    }
}
