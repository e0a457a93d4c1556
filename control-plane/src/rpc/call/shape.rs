//! Calls as the API writes them.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        call::{Call, CallEvent, Direction, Source, Status},
        error::{Error, Result},
        id::CallId,
        sid::CallSid,
    },
    rpc::{
        read::{member, moment, parse, parse_or_none},
        route_plan::shown_decision,
        show,
    },
    store::call::Filter,
};

/// How a caller names a call.
#[derive(Debug, PartialEq)]
pub enum Named {
    /// By our id.
    Id(CallId),
    /// By Twilio's.
    Sid(CallSid),
}

/// Reads either name.
pub fn named(text: &str) -> Result<Named> {
    match text.starts_with("CA") {
        true => parse("call_id", text).map(Named::Sid),
        false => parse("call_id", text).map(Named::Id),
    }
}

/// What a list is narrowed to.
pub fn filter(request: pb::ListCallsRequest) -> Result<Filter> {
    let pb::ListCallsRequest {
        page_size: _,
        page_token: _,
        phone_number_id,
        agent_id,
        account_id,
        direction,
        status,
        number,
        start_time,
        end_time,
    } = request;
    Ok(Filter {
        phone_number_id: parse_or_none("phone_number_id", &phone_number_id)?,
        agent_id: parse_or_none("agent_id", &agent_id)?,
        account_id: parse_or_none("account_id", &account_id)?,
        direction: read_direction(member("direction", direction)?),
        status: read_status(member("status", status)?),
        party: (!number.is_empty()).then_some(number),
        from_time: start_time.map(|time| moment("start_time", time)).transpose()?,
        until_time: end_time.map(|time| moment("end_time", time)).transpose()?,
    })
}

fn read_direction(direction: pb::CallDirection) -> Option<Direction> {
    Some(match direction {
        pb::CallDirection::Unspecified => return None,
        pb::CallDirection::Inbound => Direction::Inbound,
        pb::CallDirection::OutboundApi => Direction::OutboundApi,
        pb::CallDirection::OutboundDial => Direction::OutboundDial,
    })
}

fn shown_direction(direction: Option<Direction>) -> pb::CallDirection {
    match direction {
        None => pb::CallDirection::Unspecified,
        Some(Direction::Inbound) => pb::CallDirection::Inbound,
        Some(Direction::OutboundApi) => pb::CallDirection::OutboundApi,
        Some(Direction::OutboundDial) => pb::CallDirection::OutboundDial,
    }
}

fn read_status(status: pb::CallStatus) -> Option<Status> {
    Some(match status {
        pb::CallStatus::Unspecified => return None,
        pb::CallStatus::Queued => Status::Queued,
        pb::CallStatus::Initiated => Status::Initiated,
        pb::CallStatus::Ringing => Status::Ringing,
        pb::CallStatus::InProgress => Status::InProgress,
        pb::CallStatus::Completed => Status::Completed,
        pb::CallStatus::Busy => Status::Busy,
        pb::CallStatus::NoAnswer => Status::NoAnswer,
        pb::CallStatus::Failed => Status::Failed,
        pb::CallStatus::Canceled => Status::Canceled,
    })
}

fn shown_status(status: Status) -> pb::CallStatus {
    match status {
        Status::Queued => pb::CallStatus::Queued,
        Status::Initiated => pb::CallStatus::Initiated,
        Status::Ringing => pb::CallStatus::Ringing,
        Status::InProgress => pb::CallStatus::InProgress,
        Status::Completed => pb::CallStatus::Completed,
        Status::Busy => pb::CallStatus::Busy,
        Status::NoAnswer => pb::CallStatus::NoAnswer,
        Status::Failed => pb::CallStatus::Failed,
        Status::Canceled => pb::CallStatus::Canceled,
    }
}

fn shown_source(source: Source) -> pb::CallSource {
    match source {
        Source::Webhook => pb::CallSource::Webhook,
        Source::Reconciled => pb::CallSource::Reconciled,
    }
}

/// A call as the API shows it.
pub fn shown(call: Call) -> pb::Call {
    pb::Call {
        id: call.id.to_string(),
        call_sid: call.call_sid.to_string(),
        parent_call_sid: show::id_or_empty(call.parent_call_sid),
        account_id: call.account_id.to_string(),
        phone_number_id: show::id_or_empty(call.phone_number_id),
        direction: shown_direction(call.direction).into(),
        from_number: call.from.into(),
        to_number: call.to.into(),
        status: shown_status(call.status).into(),
        agent_id: show::id_or_empty(call.agent_id),
        decision: call.decision.map(shown_decision),
        start_time: Some(show::moment(call.start_time)),
        answer_time: call.answer_time.map(show::moment),
        end_time: call.end_time.map(show::moment),
        duration: call.duration.map(show::seconds),
        answered_by: call.answered_by,
        sip_response_code: call.sip_response_code,
        forwarded_from: call.forwarded_from.into(),
        stir_verstat: call.stir_verstat,
        source: shown_source(call.source).into(),
        simulated: call.simulated,
        recording_sids: call.recording_sids.iter().map(ToString::to_string).collect(),
        create_time: Some(show::moment(call.create_time)),
        update_time: Some(show::moment(call.update_time)),
    }
}

/// One thing that we were told.
pub fn shown_event(event: CallEvent) -> pb::CallEvent {
    let CallEvent { id, call_id, what, status, sequence, event_time, receive_time, changed, details } = event;
    pb::CallEvent {
        id: id.to_string(),
        call_id: call_id.to_string(),
        r#type: what.to_string(),
        status,
        sequence_number: sequence.unwrap_or(-1),
        event_time: event_time.map(show::moment),
        receive_time: Some(show::moment(receive_time)),
        changed,
        details: details.into_iter().collect(),
    }
}

/// There is no such call here.
pub fn not_found() -> Error {
    Error::not_found("call")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_named_by_its_id_or_its_sid() {
        assert!(matches!(named("CA0123456789abcdef0123456789abcdef"), Ok(Named::Sid(_))));
        assert!(matches!(named("call_01h455vb4pex5vsknk084sn02q"), Ok(Named::Id(_))));
        assert_eq!(named("call_x").expect_err("no id").violations[0].field, "call_id");
    }

    #[test]
    fn every_status_and_direction_reads_back_as_itself() {
        for status in Status::ALL {
            assert_eq!(read_status(shown_status(*status)), Some(*status));
        }
        for direction in Direction::ALL {
            assert_eq!(read_direction(shown_direction(Some(*direction))), Some(*direction));
        }
        assert_eq!(read_direction(shown_direction(None)), None);
    }
}
