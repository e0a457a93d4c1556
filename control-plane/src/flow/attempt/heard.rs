//! What was heard of an attempt from outside: webhooks about its call or message, and a look at the call that went quiet.

use super::{Held, lock, run};
use crate::{
    domain::{
        attempt::{Event, Heard, of_call, of_message},
        call::Call,
        error::{Error, Result},
        id::AttemptId,
        message::Message,
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
    let heard = of_call(Some(call.status), &call.answered_by);
    told(journal, id, (call.call_sid.to_string(), heard), |held| held.attempt.call_id = Some(call.id)).await
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
    told(journal, id, (sid, heard), |held| held.attempt.message_id = Some(message.id)).await.map(drop)
}

/// Tells a locked attempt; what it knows already changes nothing.
async fn told(
    journal: &mut Journal<'_>,
    id: AttemptId,
    (sid, heard): (String, Heard),
    link: impl FnOnce(&mut Held),
) -> Result<Option<Held>> {
    let Some(mut held) = lock(journal, id).await? else { return Ok(None) };
    link(&mut held);
    vendor_told(journal, held, (sid, heard)).await.map(Some)
}

/// The same for one that is locked already.
pub async fn vendor_told(journal: &mut Journal<'_>, held: Held, (sid, heard): (String, Heard)) -> Result<Held> {
    let before = Held { incident: held.incident.clone(), attempt: held.attempt.clone() };
    match run(journal, held, Event::Told { sid, heard }, WEBHOOK).await? {
        Ok(held) => Ok(held),
        Err(refusal) if refusal.reason == "STALE" => Ok(before),
        Err(refusal) => Err(Error::from(refusal)),
    }
}
