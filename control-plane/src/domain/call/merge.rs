//! Facts about a call become one row whatever their order and however often they come: every field is the least upper
//! bound of what the facts say of it.

use super::{Call, fact::Fact, status::Status};
use crate::domain::{
    id::{AccountId, CallId, PhoneNumberId, WorkspaceId},
    time::Timestamp,
};

/// What a new row needs and no fact says.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCall {
    /// The id it gets.
    pub id: CallId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The account that signed the webhook.
    pub account_id: AccountId,
    /// Our number in it.
    pub phone_number_id: Option<PhoneNumberId>,
}

/// A call after a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The call.
    pub call: Call,
    /// The fact told something new: more than that Twilio was heard of again.
    pub changed: bool,
}

/// Adds `fact` to what is known. `new` is used when nothing is.
pub fn merge(known: Option<Call>, fact: &Fact, new: &NewCall) -> Merged {
    let before = known.clone();
    let mut call = known.unwrap_or_else(|| first_row(fact, new));
    stand(&mut call, fact);
    time(&mut call, fact);
    describe(&mut call, fact, new);
    let changed = before.is_none_or(|before| !same_but_for_bookkeeping(before, &call));
    Merged { call, changed }
}

fn first_row(fact: &Fact, new: &NewCall) -> Call {
    Call {
        id: new.id,
        workspace_id: new.workspace_id,
        call_sid: fact.call_sid.clone(),
        parent_call_sid: None,
        account_id: new.account_id,
        phone_number_id: new.phone_number_id,
        direction: None,
        from: fact.from.clone(),
        to: fact.to.clone(),
        status: Status::Queued,
        sequence: None,
        agent_id: None,
        tried_agent_ids: Vec::new(),
        decision: None,
        start_time: fact.moment(),
        answer_time: None,
        connect_time: None,
        end_time: None,
        duration: None,
        answered_by: String::new(),
        sip_response_code: 0,
        forwarded_from: fact.forwarded_from.clone(),
        stir_verstat: String::new(),
        source: fact.source(),
        simulated: fact.simulated,
        recording_sids: Default::default(),
        check_time: None,
        version: 0,
        create_time: fact.receive_time,
        update_time: fact.receive_time,
    }
}

/// The status that came furthest stands; of two final ones the one with the higher sequence number, then by a fixed order.
fn stand(call: &mut Call, fact: &Fact) {
    let Some(status) = fact.status else { return };
    let key = |status: Status, sequence: Option<i32>| (status.rank(), sequence, status);
    if key(status, fact.sequence) > key(call.status, call.sequence) {
        call.status = status;
        call.sequence = fact.sequence;
    }
}

fn time(call: &mut Call, fact: &Fact) {
    let moment = fact.moment();
    call.create_time = call.create_time.min(fact.receive_time);
    call.update_time = call.update_time.max(fact.receive_time);
    let mut begun = moment;
    if let Some(status) = fact.status.filter(|status| status.is_final()) {
        let ended = fact.end_time.unwrap_or(moment);
        call.end_time = earlier(call.end_time, Some(ended));
        call.duration = call.duration.max(fact.duration);
        // Twilio counts the duration from the answer, and tells of no answer of an inbound call.
        let answered = fact.duration.filter(|_| status == Status::Completed).map(|duration| ended - duration.delta());
        call.answer_time = earlier(call.answer_time, answered);
        begun = answered.unwrap_or(ended).min(begun);
    }
    if fact.status == Some(Status::InProgress) {
        call.answer_time = earlier(call.answer_time, Some(moment));
    }
    call.start_time = call.start_time.min(fact.start_time.unwrap_or(begun).min(begun));
}

fn describe(call: &mut Call, fact: &Fact, new: &NewCall) {
    call.parent_call_sid = smaller(call.parent_call_sid.take(), fact.parent_call_sid.clone());
    call.direction = smaller(call.direction, fact.direction);
    call.from = std::mem::take(&mut call.from).joined(&fact.from);
    call.to = std::mem::take(&mut call.to).joined(&fact.to);
    call.forwarded_from = std::mem::take(&mut call.forwarded_from).joined(&fact.forwarded_from);
    call.stir_verstat = told(std::mem::take(&mut call.stir_verstat), &fact.stir_verstat);
    call.answered_by = told(std::mem::take(&mut call.answered_by), &fact.answered_by);
    call.sip_response_code = call.sip_response_code.max(fact.sip_response_code);
    call.phone_number_id = call.phone_number_id.or(new.phone_number_id);
    call.source = call.source.min(fact.source());
    call.simulated |= fact.simulated;
    if fact.source() == super::Source::Reconciled {
        call.check_time = call.check_time.max(Some(fact.receive_time));
    }
}

fn same_but_for_bookkeeping(mut before: Call, after: &Call) -> bool {
    before.create_time = after.create_time;
    before.update_time = after.update_time;
    before.check_time = after.check_time;
    before == *after
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    smaller(one, other)
}

fn told(one: String, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (_, true) => one,
        (true, false) => other.to_owned(),
        (false, false) if other < one.as_str() => other.to_owned(),
        (false, false) => one,
    }
}

#[cfg(test)]
mod tests;
