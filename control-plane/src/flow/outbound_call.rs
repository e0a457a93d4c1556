//! The row of a call that we placed, from the moment Twilio took it: webhooks only add to it, and one whose webhooks are lost
//! is looked up like any other.

use crate::{
    domain::{
        call::{Call, CallEvent, Fact, NewCall, merge},
        error::{Error, Kind, Result},
        id::{AccountId, CallEventId, CallId, PhoneNumberId},
        telephony::CallSeen,
    },
    flow::Journal,
    store,
};

/// Merges what Twilio shows of a call of ours into its row.
pub async fn taken(
    journal: &mut Journal<'_>,
    seen: &CallSeen,
    (account_id, phone_number_id): (AccountId, Option<PhoneNumberId>),
) -> Result<Call> {
    let known = store::call::among(journal.txn(), vec![seen.sid.to_string()]).await?.pop();
    let is_new = known.is_none();
    let fact = Fact::fetched(seen, journal.now, false);
    let id = CallId::fresh(&*journal.ctx().ids);
    let new = NewCall { id, workspace_id: journal.workspace, account_id, phone_number_id };
    let merged = merge(known, &fact, &new);
    if !merged.changed {
        return Ok(merged.call);
    }
    let call = Call { version: merged.call.version + 1, ..merged.call };
    if !store::call::put(journal.txn(), &[&call]).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "a webhook changed the call meanwhile; try again"));
    }
    let status = call.status.as_str();
    let event = CallEvent::of(CallEventId::fresh(&*journal.ctx().ids), call.id, &fact, true);
    store::call_event::add(journal.txn(), &[(event, format!("placed/{status}"))]).await?;
    let kind = if is_new { "call.created" } else { "call.updated" };
    journal.tell(kind, &call.id, serde_json::json!({ "status": status }));
    Ok(call)
}
