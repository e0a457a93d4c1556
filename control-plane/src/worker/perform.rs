//! Performs one effect: one vendor call, with no transaction open, and its outcome as the next event of its machine.

use super::{
    Crew,
    access::{self, Purpose},
    deliver::Event,
};
use crate::{
    domain::{
        account,
        call::machine as call,
        effect::Effect,
        error::Result,
        outcome::{Cause, Outcome, Refused},
        phone_number,
        telephony::CallFilter,
    },
    provider::Access,
    store::effect::Claim,
};

/// Performs a claimed effect.
pub async fn perform(crew: &Crew, claim: &Claim) -> Result<Event> {
    let effect = &claim.effect;
    // Somebody claimed it before and never came back: what they did, nobody knows.
    if claim.attempt > 1 && !effect.is_read() {
        return Ok(event(effect, Answer::Unknown("a worker stopped in the middle of it".to_owned())));
    }
    let purpose = match effect {
        Effect::ReadAccount { .. } => Purpose::Proof,
        Effect::FindNumber { .. }
        | Effect::WriteWebhooks { .. }
        | Effect::ReadCall { .. }
        | Effect::ListCalls { .. } => Purpose::Work,
    };
    match access::open(&crew.ctx, claim.workspace, effect.account_id(), purpose).await? {
        Some(access) => Ok(call_vendor(crew, effect, &access).await),
        None => Ok(event(effect, Answer::Refused(without_credentials()))),
    }
}

fn without_credentials() -> Refused {
    let message = "the account has no credentials to ask Twilio with".to_owned();
    Refused { cause: Cause::Credentials, code: 0, http_status: 0, message }
}

async fn call_vendor(crew: &Crew, effect: &Effect, access: &Access) -> Event {
    let telephony = &crew.telephony;
    match effect {
        Effect::ReadAccount { account_id, round } => {
            let outcome = telephony.read_account(access).await;
            Event::Account(*account_id, account::Event::Read { round: *round, outcome })
        }
        Effect::FindNumber { phone_number_id, e164, round, .. } => {
            let outcome = telephony.find_number(access, e164).await;
            Event::PhoneNumber(*phone_number_id, phone_number::Event::Found { round: *round, outcome })
        }
        Effect::WriteWebhooks { phone_number_id, seen, wanted, round, .. } => {
            let outcome = telephony.write_webhooks(access, seen, wanted).await;
            Event::PhoneNumber(*phone_number_id, phone_number::Event::Written { round: *round, outcome })
        }
        Effect::ReadCall { call_id, call_sid, .. } => {
            let outcome = match telephony.read_call(access, call_sid).await {
                Outcome::Done(seen) => Outcome::Done(Some(seen)),
                Outcome::Refused(refused) if refused.cause == Cause::NotFound => Outcome::Done(None),
                Outcome::Refused(refused) => Outcome::Refused(refused),
                Outcome::Unknown(why) => Outcome::Unknown(why),
            };
            Event::Call(*call_id, call::Event::Read(outcome))
        }
        Effect::ListCalls { account_id, since, cursor, round } => {
            let filter = CallFilter { since: Some(*since), ..CallFilter::default() };
            let outcome = telephony.list_calls(access, &filter, cursor.as_ref()).await;
            if let Outcome::Unknown(why) | Outcome::Refused(Refused { message: why, .. }) = &outcome {
                tracing::info!(account = %account_id, "Twilio's list of calls could not be read, and is read later: {why}");
            }
            Event::Reconciliation { account_id: *account_id, round: *round, outcome }
        }
    }
}

/// An outcome without a result, which fits every effect.
enum Answer {
    Refused(Refused),
    Unknown(String),
}

impl<T> From<Answer> for Outcome<T> {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Refused(refused) => Self::Refused(refused),
            Answer::Unknown(why) => Self::Unknown(why),
        }
    }
}

fn event(effect: &Effect, answer: Answer) -> Event {
    match effect {
        Effect::ReadAccount { account_id, round } => {
            Event::Account(*account_id, account::Event::Read { round: *round, outcome: answer.into() })
        }
        Effect::FindNumber { phone_number_id, round, .. } => {
            let event = phone_number::Event::Found { round: *round, outcome: answer.into() };
            Event::PhoneNumber(*phone_number_id, event)
        }
        Effect::WriteWebhooks { phone_number_id, round, .. } => {
            let event = phone_number::Event::Written { round: *round, outcome: answer.into() };
            Event::PhoneNumber(*phone_number_id, event)
        }
        Effect::ReadCall { call_id, .. } => Event::Call(*call_id, call::Event::Read(answer.into())),
        Effect::ListCalls { account_id, round, .. } => {
            Event::Reconciliation { account_id: *account_id, round: *round, outcome: answer.into() }
        }
    }
}
