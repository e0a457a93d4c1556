//! What the vendor's answer to "make it" means, and what is done while nobody knows: it is looked up by whom it is for, and
//! made again only when two looks have shown that nothing happened.

use chrono::Duration;

use super::{Attempt, Channel, Ending, Taken, Work};
use crate::domain::{
    effect::Effect,
    id::AccountId,
    machine::Step,
    outcome::{Cause, Outcome, Refused},
    setback::{Advice, Setback},
    time::Timestamp,
};

/// How often a vendor may be asked to make the same attempt.
const MOST_TRIES: u32 = 2;
/// How long one is held back that has no wall of its own.
const PATIENCE: Duration = Duration::minutes(10);
/// How often with other accounts: each refused it for certain, and nothing rang.
const MOST_ACCOUNTS: usize = 3;
/// When it is looked up after the vendor left it open. Twilio's lists show a call within seconds.
const LOOKS: [Duration; 5] =
    [Duration::seconds(3), Duration::seconds(12), Duration::seconds(20), Duration::seconds(40), Duration::seconds(60)];
/// Why one failed that no account would make.
const UNUSABLE: &str = "account_unusable";
/// Looks without a trace of it that prove that nothing happened.
const PROOF: u32 = 2;

impl Attempt {
    pub(super) fn created(&self, outcome: Outcome<Taken>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(taken) => self.placed(taken, now),
            Outcome::Refused(refused) => self.refused(refused, now),
            Outcome::Unknown(why) if self.channel == Channel::Email => self.mail_lost(why, now),
            Outcome::Unknown(why) => {
                let work = Work::Doubtful { looks: 0, absent: 0, until: now + LOOKS[0] };
                Step::to(Self { work, error: why, ..self.clone() }).news("attempt.in-doubt")
            }
        }
    }

    /// Whether this account refused it as not its to make; none when it was not asked.
    pub fn refused_by(&self, account: AccountId) -> Option<bool> {
        let is_its_last = self.account_id == Some(account);
        let refused = self.avoided.contains(&account) || (is_its_last && self.reason == UNUSABLE);
        (refused || (is_its_last && self.tries > 0)).then_some(refused)
    }

    /// An account that refused it as not its to make does not count: nothing rang, and another one is asked for the first
    /// time.
    fn may_be_asked_again(&self) -> bool {
        let refusals = u32::try_from(self.avoided.len()).unwrap_or(u32::MAX);
        self.tries.saturating_sub(refusals) < MOST_TRIES
    }

    /// It is not held back for too long yet.
    pub(super) fn has_patience(&self, now: Timestamp) -> bool {
        self.begin_time.is_none_or(|begun| now - begun < PATIENCE)
    }

    /// Nothing happened, for certain.
    fn refused(&self, refused: Refused, now: Timestamp) -> Step<Self> {
        let told = Self { error: refused.message.clone(), error_code: refused.code, ..self.clone() };
        if !self.withdrawn.is_empty() {
            return told.over(Ending::Withdrawn, (&self.withdrawn, ""), now);
        }
        // Our own breaker or lane held it back: that was no try, and it goes on for as long as it is of use.
        if refused.cause == Cause::NotTried && self.has_patience(now) {
            return Self { tries: self.tries.saturating_sub(1), ..told }.later(now);
        }
        match Setback::of_refusal(&refused).advice {
            Advice::Retry if self.may_be_asked_again() => told.later(now),
            Advice::OtherAccount if self.avoided.len() < MOST_ACCOUNTS && self.account_id.is_some() => {
                let avoided = self.avoided.iter().copied().chain(self.account_id).collect();
                Step::to(Self { work: Work::Waiting { until: now }, avoided, ..told })
            }
            Advice::Retry | Advice::OtherAccount | Advice::NextRung | Advice::NextChannel | Advice::OptedOut => {
                told.over(Ending::Failed, (reason_of(&refused), &refused.message), now)
            }
        }
    }

    /// Two copies of a mail are better than none; a third is not.
    fn mail_lost(&self, why: String, now: Timestamp) -> Step<Self> {
        match self.may_be_asked_again() && self.withdrawn.is_empty() {
            true => Self { error: why, ..self.clone() }.later(now),
            false => self.over(Ending::Unknown, ("outcome_unknown", &why), now),
        }
    }

    pub(super) fn look_up(&self, (looks, absent): (u32, u32), now: Timestamp) -> Step<Self> {
        let Some(account_id) = self.account_id else { return self.nobody_knows(now) };
        let round = self.round + 1;
        let effect = Effect::FindAttempt { account_id, attempt_id: self.id, round };
        Step::to(Self { work: Work::Looking { looks: looks + 1, absent }, round, ..self.clone() }).effect(effect)
    }

    pub(super) fn found(
        &self,
        (looks, absent): (u32, u32),
        outcome: Outcome<Option<Taken>>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(Some(taken)) => self.placed(taken, now),
            Outcome::Done(None) if absent + 1 >= PROOF => self.proved_absent(now),
            Outcome::Done(None) => self.look_again((looks, absent + 1), now),
            // A look that failed proves nothing.
            Outcome::Refused(_) | Outcome::Unknown(_) => self.look_again((looks, absent), now),
        }
    }

    fn look_again(&self, (looks, absent): (u32, u32), now: Timestamp) -> Step<Self> {
        match usize::try_from(looks).ok().and_then(|looks| LOOKS.get(looks)) {
            Some(pause) => {
                Step::to(Self { work: Work::Doubtful { looks, absent, until: now + *pause }, ..self.clone() })
            }
            None => self.nobody_knows(now),
        }
    }

    fn nobody_knows(&self, now: Timestamp) -> Step<Self> {
        let error = "the vendor may have taken it, and could not be asked whether it did";
        self.over(Ending::Unknown, ("outcome_unknown", error), now)
    }

    /// The guards decide whether it is made again: what may have rung was counted as a call.
    fn proved_absent(&self, now: Timestamp) -> Step<Self> {
        if !self.withdrawn.is_empty() {
            return self.over(Ending::Withdrawn, (&self.withdrawn, ""), now);
        }
        match self.may_be_asked_again() {
            true => Step::to(Self { work: Work::Waiting { until: now }, owes_slot: true, ..self.clone() }),
            false => self.over(Ending::Failed, ("vendor_failed", "the vendor failed twice, and nothing happened"), now),
        }
    }
}

fn reason_of(refused: &Refused) -> &'static str {
    match Setback::of_refusal(refused).advice {
        Advice::OptedOut => "opted_out",
        Advice::NextChannel => "address_unusable",
        Advice::OtherAccount => UNUSABLE,
        Advice::Retry => "vendor_unreachable",
        Advice::NextRung => "refused",
    }
}
