//! What was heard of an attempt from outside: webhooks about its call or message, and a look at the call that went quiet.

use super::{Held, lock, run};
use crate::{
    domain::{
        attempt::{Attempt, Event, Heard, Taken, of_call, of_message},
        call::{Call, Direction},
        error::{Error, Result},
        id::{AccountId, AttemptId},
        message::Message,
        outcome::Outcome,
    },
    flow::Journal,
    store,
};

const WEBHOOK: &str = "webhook";

/// A call of ours changed: by its tag, or by its SID when the tag is not at hand.
pub async fn call_heard(journal: &mut Journal<'_>, tag: Option<AttemptId>, call: &Call) -> Result<Option<Held>> {
    let id = match tag {
        Some(tag) => Some(tag),
        None => store::attempt::by_sid(&journal.scope(), call.call_sid.as_str()).await?.map(|attempt| attempt.id),
    };
    let Some(id) = id else { return Ok(None) };
    let Some(mut held) = lock(journal, id).await? else { return Ok(None) };
    let (sid, heard) = (call.call_sid.to_string(), of_call(Some(call.status), &call.answered_by));
    // A leg that one of our calls dialled carries its tag too, and is no call of ours.
    let is_ours = call.parent_call_sid.is_none() && call.direction == Some(Direction::OutboundApi);
    if is_ours && held.attempt.is_another_call(&sid) {
        let event = Event::Strayed { sid, account_id: call.account_id, heard };
        return heard_of(journal, held, event).await.map(Some);
    }
    held.attempt.call_id = Some(call.id);
    if held.attempt.vendor_sid.is_empty() {
        // Another account may be asked meanwhile; whoever has it is told what becomes of it.
        held.attempt.account_id = Some(call.account_id);
    }
    vendor_told(journal, held, (sid, heard)).await.map(Some)
}

/// The answer of a vendor that made a call though another one of the same attempt had turned up meanwhile.
pub fn of_two(attempt: &Attempt, event: Event, account: Option<AccountId>) -> Event {
    match (event, account) {
        (Event::Created { outcome: Outcome::Done(Taken { sid, heard, .. }), .. }, Some(account_id))
            if attempt.is_another_call(&sid) =>
        {
            Event::Strayed { sid, account_id, heard }
        }
        (event, _) => event,
    }
}

/// A message of ours changed.
pub async fn message_heard(journal: &mut Journal<'_>, tag: Option<AttemptId>, message: &Message) -> Result<()> {
    let id = match tag {
        Some(tag) => Some(tag),
        None => store::attempt::by_sid(&journal.scope(), message.message_sid.as_str()).await?.map(|attempt| attempt.id),
    };
    let Some(id) = id else { return Ok(()) };
    let heard = of_message(Some(message.status), message.error_code);
    let sid = message.message_sid.to_string();
    let Some(mut held) = lock(journal, id).await? else { return Ok(()) };
    held.attempt.message_id = Some(message.id);
    vendor_told(journal, held, (sid, heard)).await.map(drop)
}

/// Tells a locked attempt; what it knows already changes nothing.
pub async fn vendor_told(journal: &mut Journal<'_>, held: Held, (sid, heard): (String, Heard)) -> Result<Held> {
    heard_of(journal, held, Event::Told { sid, heard }).await
}

async fn heard_of(journal: &mut Journal<'_>, held: Held, event: Event) -> Result<Held> {
    let before = Held { incident: held.incident.clone(), attempt: held.attempt.clone() };
    match run(journal, held, event, WEBHOOK).await? {
        Ok(held) => Ok(held),
        Err(refusal) if refusal.reason == "STALE" => Ok(before),
        Err(refusal) => Err(Error::from(refusal)),
    }
}
