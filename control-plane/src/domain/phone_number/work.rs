//! The work of making Twilio agree: find the number, write its webhooks, read them back.

use super::{PhoneNumber, State, WebhooksState, Work};
use crate::domain::{
    effect::Effect,
    machine::{Step, back_off},
    outcome::{Outcome, Refused},
    telephony::NumberSeen,
    time::Timestamp,
};

/// How often a value is written before we believe that somebody else keeps changing it back.
const MAX_WRITES: u32 = 3;

impl PhoneNumber {
    pub(super) fn read(&self, round: u32, attempt: u32, writes: u32) -> Step<Self> {
        Step::to(Self { work: Work::Reading { round, attempt, writes }, ..self.clone() }).effect(self.find(round))
    }

    pub(super) fn find(&self, round: u32) -> Effect {
        let (account_id, phone_number_id) = (self.account_id, self.id);
        Effect::FindNumber { account_id, phone_number_id, e164: self.e164.clone(), round }
    }

    pub(super) fn found(
        &self,
        round: u32,
        attempt: u32,
        writes: u32,
        outcome: Outcome<Option<NumberSeen>>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(Some(seen)) => self.compare(round, writes, &seen, now),
            Outcome::Done(None) => self.refused("the account does not own this number"),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                self.wait(round, attempt, writes, &refused.message, now)
            }
            Outcome::Refused(refused) => self.failed(&refused),
            Outcome::Unknown(why) => self.wait(round, attempt, writes, &why, now),
        }
    }

    fn compare(&self, round: u32, writes: u32, seen: &NumberSeen, now: Timestamp) -> Step<Self> {
        let known = self.seen(seen, now);
        match &self.desired_webhooks {
            None => Step::to(Self { work: Work::Idle, ..known }).news("number.verified"),
            Some(desired) if seen.is_configured_as(desired) => {
                let webhooks_state = WebhooksState::InSync;
                let next = Self { webhooks_state, webhooks_error: String::new(), work: Work::Idle, ..known };
                Step::to(next).news("number.webhooks-in-sync")
            }
            Some(_) if writes >= MAX_WRITES => {
                let webhooks_error = format!("written {writes} times, and Twilio still shows other values");
                let next = Self { webhooks_state: WebhooksState::Failed, webhooks_error, work: Work::Idle, ..known };
                Step::to(next).news("number.webhooks-failed")
            }
            Some(desired) => {
                let effect = Effect::WriteWebhooks {
                    account_id: self.account_id,
                    phone_number_id: self.id,
                    seen: Box::new(seen.clone()),
                    wanted: desired.clone(),
                    round,
                };
                Step::to(Self { work: Work::Writing { round, attempt: 0, writes: writes + 1 }, ..known }).effect(effect)
            }
        }
    }

    /// Writing the same value twice does no harm, yet an unknown outcome is looked at first: that is what tells us
    /// whether somebody else is writing too.
    pub(super) fn written(
        &self,
        round: u32,
        attempt: u32,
        writes: u32,
        outcome: Outcome<NumberSeen>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(_) => self.read(round, attempt, writes),
            Outcome::Unknown(why) => self.wait(round, attempt, writes, &why, now),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                // Nothing was written, so the attempt does not count as a write.
                self.wait(round, attempt, writes.saturating_sub(1), &refused.message, now)
            }
            Outcome::Refused(refused) => self.failed(&refused),
        }
    }

    pub(super) fn seen(&self, seen: &NumberSeen, now: Timestamp) -> Self {
        Self {
            phone_number_sid: Some(seen.sid.clone()),
            state: State::Active,
            state_reason: String::new(),
            capabilities: seen.capabilities,
            observed_webhooks: Some(seen.webhooks.clone()),
            observe_time: Some(now),
            ..self.clone()
        }
    }

    fn refused(&self, why: &str) -> Step<Self> {
        let next = Self { state: State::Refused, state_reason: why.to_owned(), work: Work::Idle, ..self.clone() };
        match self.webhooks_state {
            WebhooksState::Pending => Step::to(next.with_webhooks_error(why)).news("number.webhooks-failed"),
            _ => Step::to(next).news("number.refused"),
        }
    }

    fn failed(&self, refused: &Refused) -> Step<Self> {
        let next = Self { work: Work::Idle, ..self.clone() };
        match self.state {
            State::Pending => next.refused(&refused.message),
            _ => Step::to(next.with_webhooks_error(&refused.message)).news("number.webhooks-failed"),
        }
    }

    fn with_webhooks_error(self, why: &str) -> Self {
        Self { webhooks_state: WebhooksState::Failed, webhooks_error: why.to_owned(), ..self }
    }

    fn wait(&self, round: u32, attempt: u32, writes: u32, why: &str, now: Timestamp) -> Step<Self> {
        let work = Work::Waiting { round, attempt: attempt + 1, writes, until: now + back_off(attempt) };
        let next = Self { work, ..self.clone() };
        match next.state {
            State::Pending => Step::to(Self { state_reason: format!("not confirmed yet: {why}"), ..next }),
            _ => Step::to(Self { webhooks_error: format!("not confirmed yet: {why}"), ..next }),
        }
    }
}
