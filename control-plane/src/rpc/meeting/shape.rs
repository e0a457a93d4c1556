//! Meetings as the API writes them: read into the domain's words and shown from them.

use std::collections::HashMap;

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::Result,
        id::{ContactId, MeetingId},
        incident::CheckIn,
        meeting::{Meeting, Patch},
        time::Timestamp,
    },
    flow::meeting::Draft,
    rpc::{
        incident::shape::{shown_outcome, shown_state},
        read::{each, member, moment, no_such_path, parse, parse_or_none, required},
        show,
    },
    store::meeting::{State, standing::Standing},
};

/// A new meeting. Fields that the server sets are not looked at.
pub fn draft(meeting: pb::Meeting) -> Result<Draft> {
    let pb::Meeting {
        id: _,
        title,
        start_time,
        end_time,
        policy_id,
        attendee_ids,
        stand_in_ids,
        external_id,
        state: _,
        calendar_feed_id: _,
        attendees: _,
        etag: _,
        create_time: _,
        update_time: _,
    } = meeting;
    Ok(Draft {
        title,
        start_time: moment("start_time", required("start_time", start_time)?)?,
        end_time: end_of(end_time)?,
        policy_id: parse_or_none("policy_id", &policy_id)?,
        attendees: each("attendee_ids", attendee_ids, |id| parse("", &id))?,
        stand_ins: each("stand_in_ids", stand_in_ids, |id| parse("", &id))?,
        external_id,
    })
}

/// New values for the fields that are named.
pub fn patch(meeting: pb::Meeting, paths: &[String]) -> Result<Patch> {
    let mut patch = Patch::default();
    for path in paths {
        match path.as_str() {
            "title" => patch.title = Some(meeting.title.clone()),
            "start_time" => patch.start_time = Some(moment(path, required(path, meeting.start_time)?)?),
            "end_time" => patch.end_time = Some(end_of(meeting.end_time)?),
            other => return Err(no_such_path(other)),
        }
    }
    Ok(patch)
}

fn end_of(time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>> {
    time.map(|time| moment("end_time", time)).transpose()
}

/// Whether it takes place, if that is asked for.
pub fn read_state(number: i32) -> Result<Option<State>> {
    Ok(match member::<pb::MeetingState>("state", number)? {
        pb::MeetingState::Unspecified => None,
        pb::MeetingState::Scheduled => Some(State::Scheduled),
        pb::MeetingState::Cancelled => Some(State::Cancelled),
    })
}

/// A meeting as the API shows it.
pub fn shown(meeting: Meeting, standings: &HashMap<(MeetingId, ContactId), Standing>) -> pb::Meeting {
    let state = if meeting.is_on() { pb::MeetingState::Scheduled } else { pb::MeetingState::Cancelled };
    let attendee = |contact: &ContactId| {
        let standing = standings.get(&(meeting.id, *contact));
        pb::MeetingAttendee {
            contact_id: contact.to_string(),
            incident_id: show::id_or_empty(standing.map(|standing| standing.incident_id)),
            state: standing.map_or(pb::IncidentState::Unspecified, |standing| shown_state(standing.state)).into(),
            outcome: shown_outcome(standing.and_then(|standing| standing.outcome)).into(),
            check_in: shown_check_in(meeting.check_ins.get(contact)).into(),
        }
    };
    let feed_id = meeting.source.as_ref().and_then(|source| source.feed_id);
    pb::Meeting {
        id: meeting.id.to_string(),
        attendees: meeting.attendees.iter().map(attendee).collect(),
        attendee_ids: meeting.attendees.iter().map(ToString::to_string).collect(),
        title: meeting.title,
        start_time: Some(show::moment(meeting.start_time)),
        end_time: meeting.end_time.map(show::moment),
        policy_id: show::id_or_empty(meeting.policy_id),
        stand_in_ids: meeting.stand_ins.iter().map(ToString::to_string).collect(),
        external_id: meeting.external_id,
        state: state.into(),
        calendar_feed_id: show::id_or_empty(feed_id),
        etag: show::etag(meeting.version),
        create_time: Some(show::moment(meeting.create_time)),
        update_time: Some(show::moment(meeting.update_time)),
    }
}

fn shown_check_in(check_in: Option<&CheckIn>) -> pb::CheckIn {
    match check_in {
        None => pb::CheckIn::Unspecified,
        Some(CheckIn::Joined) => pb::CheckIn::Joined,
        Some(CheckIn::Missed) => pb::CheckIn::Missed,
    }
}
