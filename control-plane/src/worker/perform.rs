//! Performs one effect: one vendor call, with no transaction open, and its outcome as the next event of its machine.

use std::sync::Arc;

use super::{
    Crew,
    access::{self, Purpose},
    attempt, calendar,
    deliver::Event,
    import, mail, probe, target,
};
use crate::{
    domain::{
        account,
        call::machine as call,
        effect::{Effect, Queue},
        error::Result,
        notification,
        outcome::{Cause, Outcome, Refused},
        phone_number,
        sid::CallSid,
        telephony::{CallFilter, CallSeen},
    },
    provider::{Access, Telephony},
    store::effect::Claim,
};

/// Performs a claimed effect.
pub async fn perform(crew: &Crew, claim: &Claim) -> Result<Event> {
    let way = way(crew, claim).await?;
    if Queue::ATTEMPTS.contains(&claim.effect.kind()) || matches!(claim.effect, Effect::PriceAttempt { .. }) {
        return Ok(Event::Attempt(attempt::perform(crew, claim, way).await?.map(Box::new)));
    }
    let telephony = &crew.telephony;
    Ok(match &claim.effect {
        Effect::ReadAccount { account_id, round } => {
            let outcome = way.ask(async |access| telephony.read_account(access).await).await;
            Event::Account(*account_id, account::Event::Read { round: *round, outcome })
        }
        Effect::FindNumber { phone_number_id, e164, round, .. } => {
            let outcome = way.ask(async |access| telephony.find_number(access, e164).await).await;
            Event::PhoneNumber(*phone_number_id, phone_number::Event::Found { round: *round, outcome })
        }
        Effect::WriteWebhooks { phone_number_id, seen, wanted, round, .. } => {
            let outcome = way.ask(async |access| telephony.write_webhooks(access, seen, wanted).await).await;
            Event::PhoneNumber(*phone_number_id, phone_number::Event::Written { round: *round, outcome })
        }
        Effect::ManageImport { phone_number_id, agent_id, deed, round, .. } => {
            let answer = import::manage(crew, way, *agent_id, deed).await?;
            Event::PhoneNumber(*phone_number_id, phone_number::Event::Managed { round: *round, answer })
        }
        Effect::ReadCall { call_id, call_sid, .. } => {
            let outcome = way.ask(async |access| read_call(telephony, access, call_sid).await).await;
            Event::Call(*call_id, call::Event::Read(outcome.map(|seen| seen.map(Box::new))))
        }
        Effect::SendMail { notification_id, round } => {
            let outcome = match interrupted(claim) {
                Some(why) => Outcome::Unknown(why),
                None => mail::send(crew, claim.workspace, *notification_id).await?,
            };
            Event::Notification(*notification_id, notification::Event::Answered { round: *round, outcome })
        }
        Effect::ProbeAccount { account_id, round } => {
            let found = probe::look(crew, claim.workspace, *account_id, way).await?;
            Event::Monitor { account_id: *account_id, round: *round, found: found.map(Box::new) }
        }
        Effect::FetchCalendar { calendar_feed_id, round } => {
            let outcome = calendar::look(crew, claim.workspace, *calendar_feed_id).await?;
            Event::CalendarFeed { feed_id: *calendar_feed_id, round: *round, outcome }
        }
        Effect::ListCalls { account_id, since, cursor, round } => {
            let filter = CallFilter { since: Some(*since), ..CallFilter::default() };
            let outcome = way.ask(async |access| telephony.list_calls(access, &filter, cursor.as_ref()).await).await;
            if let Outcome::Unknown(why) | Outcome::Refused(Refused { message: why, .. }) = &outcome {
                tracing::info!(account = %account_id, "Twilio's list of calls could not be read, and is read later: {why}");
            }
            Event::Reconciliation { account_id: *account_id, round: *round, outcome }
        }
        Effect::MakeAttempt { .. }
        | Effect::FindAttempt { .. }
        | Effect::ReadAttempt { .. }
        | Effect::EndAttempt { .. }
        | Effect::EndStray { .. }
        | Effect::PriceAttempt { .. } => Event::Attempt(None),
        Effect::ProbeTarget { failover_id, round, .. } => {
            let outcome = way.ask(async |access| target::look(crew, access).await).await;
            Event::Failover { failover_id: *failover_id, round: *round, outcome }
        }
    })
}

/// How far we get towards the vendor.
pub(super) enum Way {
    /// With the account's credentials.
    Open(Access),
    /// Not at all: this is the outcome of whatever was to be asked.
    Closed(Closed),
}

/// An outcome without a result, which fits every effect.
pub(super) enum Closed {
    Refused(Refused),
    Unknown(String),
}

impl Way {
    /// Asks the vendor, if there is a way.
    pub(super) async fn ask<T>(self, ask: impl AsyncFnOnce(&Access) -> Outcome<T>) -> Outcome<T> {
        match self {
            Self::Open(access) => ask(&access).await,
            Self::Closed(closed) => closed.outcome(),
        }
    }
}

impl Closed {
    /// As the outcome of whatever was to be asked.
    pub(super) fn outcome<T>(self) -> Outcome<T> {
        match self {
            Self::Refused(refused) => Outcome::Refused(refused),
            Self::Unknown(why) => Outcome::Unknown(why),
        }
    }
}

/// Somebody claimed it before and never came back: what they did, nobody knows.
fn interrupted(claim: &Claim) -> Option<String> {
    let is_lost = claim.attempt > 1 && !claim.effect.is_read();
    is_lost.then(|| "a worker stopped in the middle of it".to_owned())
}

async fn way(crew: &Crew, claim: &Claim) -> Result<Way> {
    let effect = &claim.effect;
    if let Some(why) = interrupted(claim) {
        return Ok(Way::Closed(Closed::Unknown(why)));
    }
    let purpose = match effect {
        Effect::ReadAccount { .. } | Effect::ProbeAccount { .. } => Purpose::Proof,
        Effect::ManageImport { .. } => Purpose::HandOver,
        _ => Purpose::Work,
    };
    let access = match effect.account_id() {
        Some(account) => access::open(&crew.ctx, claim.workspace, account, purpose).await?,
        None => None,
    };
    Ok(access.map_or_else(|| Way::Closed(Closed::Refused(without_credentials())), Way::Open))
}

fn without_credentials() -> Refused {
    let message = "the account has no credentials to ask Twilio with".to_owned();
    Refused { cause: Cause::Credentials, code: 0, http_status: 0, message }
}

/// A call that Twilio does not know is an answer like any other.
async fn read_call(telephony: &Arc<dyn Telephony>, access: &Access, sid: &CallSid) -> Outcome<Option<CallSeen>> {
    match telephony.read_call(access, sid).await {
        Outcome::Done(seen) => Outcome::Done(Some(seen)),
        Outcome::Refused(refused) if refused.cause == Cause::NotFound => Outcome::Done(None),
        Outcome::Refused(refused) => Outcome::Refused(refused),
        Outcome::Unknown(why) => Outcome::Unknown(why),
    }
}
