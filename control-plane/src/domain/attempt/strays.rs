//! Two calls of one attempt: nobody knew of the first, it was looked for in vain, another one was made, and then both are there.
//! One of two that ring is ended. Whoever answered first is talked to, and nobody is cut off.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Attempt, Channel, Heard, Work, machine::Decided, withdrawal::MOST_ENDS};
use crate::domain::{
    call::Status,
    effect::Effect,
    id::AccountId,
    machine::{Refusal, Step},
    outcome::Outcome,
    time::Timestamp,
};

/// A call that is one too many, until it is known to be over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// What the vendor calls it.
    pub sid: String,
    /// Whose it is: between the two somebody may have moved to another account.
    pub account_id: AccountId,
    /// How often it was tried to end it.
    pub tries: u32,
    /// When that is tried again; `None` while the vendor is being asked.
    pub again: Option<Timestamp>,
}

impl Attempt {
    /// It is a call of this attempt, and not the one that is known.
    pub fn is_another_call(&self, sid: &str) -> bool {
        self.channel == Channel::Voice && !self.vendor_sid.is_empty() && self.vendor_sid != sid
    }

    /// When the next stray is ended once more.
    pub(super) fn strays_again(&self) -> Option<Timestamp> {
        self.strays.iter().filter_map(|stray| stray.again).min()
    }

    /// Another call of this attempt was heard of.
    pub(super) fn strayed(&self, (sid, account_id): (String, AccountId), heard: Heard, now: Timestamp) -> Decided {
        if !self.is_another_call(&sid) {
            return Err(Refusal::stale("it is no other call"));
        }
        let stray = Stray { sid, account_id, tries: 0, again: None };
        let is_over = heard.call.is_some_and(Status::is_final);
        let is_known = self.strays.iter().any(|known| known.sid == stray.sid);
        match (heard.is_answered(), is_over, is_known) {
            (true, _, _) if self.can_give_way() => Ok(self.exchanged(&stray, heard, now)),
            // Two people talk, or it ended by itself.
            (true, _, true) | (false, true, true) => Ok(Step::to(self.without(&stray.sid))),
            (true, _, false) | (false, true, false) => Err(Refusal::stale("it was never one too many")),
            (false, false, true) => Err(Refusal::stale("it is being ended")),
            (false, false, false) => Ok(self.clone().end_stray(stray)),
        }
    }

    /// The vendor was asked to end one.
    pub(super) fn stray_answered(&self, sid: &str, outcome: Outcome<Heard>, now: Timestamp) -> Decided {
        let asked = self.strays.iter().find(|stray| stray.sid == sid && stray.again.is_none()).cloned();
        let Some(stray) = asked else { return Err(Refusal::stale("nobody is waiting for that")) };
        let without = self.without(sid);
        Ok(match outcome {
            Outcome::Done(heard) if heard.is_answered() && self.can_give_way() => self.exchanged(&stray, heard, now),
            Outcome::Done(heard) if heard.is_answered() || heard.call.is_some_and(Status::is_final) => {
                Step::to(without)
            }
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown(_) if stray.tries + 1 < MOST_ENDS => {
                let again = Some(now + Duration::milliseconds(500 << stray.tries));
                Step::to(without.with(Stray { tries: stray.tries + 1, again, ..stray }))
            }
            Outcome::Done(_) | Outcome::Refused(_) | Outcome::Unknown(_) => {
                Step::to(without).news("attempt.not-taken-back")
            }
        })
    }

    /// One that could not be ended is tried again.
    pub(super) fn stray_due(&self, now: Timestamp) -> Option<Step<Self>> {
        let due = self.strays.iter().find(|stray| stray.again.is_some_and(|again| now >= again)).cloned()?;
        let stray = Stray { again: None, ..due };
        Some(self.without(&stray.sid).end_stray(stray))
    }

    /// It rings, and nobody has answered it.
    fn can_give_way(&self) -> bool {
        self.is_ringing() && matches!(self.work, Work::Placed { .. } | Work::Ending { .. })
    }

    /// The other one was answered: it is the call from now on, and the one that rings is one too many.
    fn exchanged(&self, answered: &Stray, heard: Heard, now: Timestamp) -> Step<Self> {
        let rings =
            self.account_id.map(|account_id| Stray { sid: self.vendor_sid.clone(), account_id, tries: 0, again: None });
        let next = Self {
            vendor_sid: answered.sid.clone(),
            account_id: Some(answered.account_id),
            call_id: None,
            heard,
            ..self.without(&answered.sid)
        };
        let step = next.watched(now);
        match rings {
            Some(stray) => {
                let effect = self.ending_of(&stray);
                Step { next: step.next.with(stray), ..step }.effect(effect)
            }
            None => step,
        }
    }

    fn end_stray(self, stray: Stray) -> Step<Self> {
        let effect = self.ending_of(&stray);
        Step::to(self.with(stray)).effect(effect).news("attempt.twice")
    }

    fn ending_of(&self, Stray { sid, account_id, .. }: &Stray) -> Effect {
        Effect::EndStray { account_id: *account_id, attempt_id: self.id, call_sid: sid.clone() }
    }

    fn with(self, stray: Stray) -> Self {
        let strays = self.strays.into_iter().chain([stray]).collect();
        Self { strays, ..self }
    }

    fn without(&self, sid: &str) -> Self {
        let strays = self.strays.iter().filter(|stray| stray.sid != sid).cloned().collect();
        Self { strays, ..self.clone() }
    }
}
