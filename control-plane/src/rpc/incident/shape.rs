//! Incidents and their steps as messages.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::Result,
        id::IncidentId,
        incident::{CheckIn, Incident, Outcome, State, Status, Step},
    },
    rpc::{
        attempt::shape::{shown_channel, shown_ending},
        read::member,
        show,
    },
};

/// An incident, as people see it.
pub fn shown(incident: Incident) -> pb::Incident {
    let id = incident.id;
    pb::Incident {
        id: id.to_string(),
        policy_id: incident.policy_id.to_string(),
        policy_version: incident.policy_version,
        meeting_id: show::id_or_empty(incident.meeting_id),
        event_key: incident.event_key,
        title: incident.title,
        start_time: Some(show::moment(incident.start_time)),
        contact_id: incident.contact_id.to_string(),
        stand_in_ids: incident.stand_ins.iter().map(ToString::to_string).collect(),
        state: shown_state(incident.state).into(),
        outcome: shown_outcome(incident.outcome).into(),
        answered_by: incident.answered_by,
        answer_time: incident.answer_time.map(show::moment),
        acknowledged_until: incident.acknowledged_until.map(show::moment),
        exhausted: incident.exhausted,
        steps: incident.steps.into_iter().map(|step| shown_step(id, step)).collect(),
        end_time: incident.end_time.map(show::moment),
        etag: show::etag(incident.version),
        create_time: Some(show::moment(incident.create_time)),
        update_time: Some(show::moment(incident.update_time)),
    }
}

/// A step, as people see it.
pub fn shown_step(incident: IncidentId, step: Step) -> pb::Step {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    pb::Step {
        incident_id: incident.to_string(),
        number: count(step.number),
        r#type: shown_channel(step.channel).into(),
        status: shown_status(step.status).into(),
        contact_id: show::id_or_empty(step.contact_id),
        rung: count(step.rung + 1),
        redial: step.redial,
        due_time: Some(show::moment(step.due_time)),
        held_until: step.held_until.map(show::moment),
        window_start: Some(show::moment(step.window.from)),
        window_end: Some(show::moment(step.window.until)),
        attempt_id: show::id_or_empty(step.attempt_id),
        execute_time: step.execute_time.map(show::moment),
        ending: shown_ending(step.ending).into(),
        reason: step.reason,
        error: step.error,
        simulated: step.simulated,
    }
}

/// Where an incident stands.
pub fn shown_state(state: State) -> pb::IncidentState {
    match state {
        State::Open => pb::IncidentState::Open,
        State::Acknowledged => pb::IncidentState::Acknowledged,
        State::Escalating => pb::IncidentState::Escalating,
        State::Resolved => pb::IncidentState::Resolved,
    }
}

/// How an incident ended.
pub fn shown_outcome(outcome: Option<Outcome>) -> pb::IncidentOutcome {
    match outcome {
        None => pb::IncidentOutcome::Unspecified,
        Some(Outcome::Joined) => pb::IncidentOutcome::Joined,
        Some(Outcome::Resolved) => pb::IncidentOutcome::Resolved,
        Some(Outcome::EventCancelled) => pb::IncidentOutcome::EventCancelled,
        Some(Outcome::NotReached) => pb::IncidentOutcome::NotReached,
    }
}

fn shown_status(status: Status) -> pb::StepStatus {
    match status {
        Status::Pending => pb::StepStatus::Pending,
        Status::Executed => pb::StepStatus::Executed,
        Status::Failed => pb::StepStatus::Failed,
        Status::Skipped => pb::StepStatus::Skipped,
        Status::Cancelled => pb::StepStatus::Cancelled,
    }
}

/// Where an incident stands, if that is asked for.
pub fn read_state(number: i32) -> Result<Option<State>> {
    Ok(match member::<pb::IncidentState>("state", number)? {
        pb::IncidentState::Unspecified => None,
        pb::IncidentState::Open => Some(State::Open),
        pb::IncidentState::Acknowledged => Some(State::Acknowledged),
        pb::IncidentState::Escalating => Some(State::Escalating),
        pb::IncidentState::Resolved => Some(State::Resolved),
    })
}

/// Where a step stands, if that is asked for.
pub fn read_status(number: i32) -> Result<Option<Status>> {
    Ok(match member::<pb::StepStatus>("status", number)? {
        pb::StepStatus::Unspecified => None,
        pb::StepStatus::Pending => Some(Status::Pending),
        pb::StepStatus::Executed => Some(Status::Executed),
        pb::StepStatus::Failed => Some(Status::Failed),
        pb::StepStatus::Skipped => Some(Status::Skipped),
        pb::StepStatus::Cancelled => Some(Status::Cancelled),
    })
}

/// Whether somebody came.
pub fn read_check_in(number: i32) -> Result<CheckIn> {
    use crate::domain::error::Error;
    match member::<pb::CheckIn>("check_in", number)? {
        pb::CheckIn::Joined => Ok(CheckIn::Joined),
        pb::CheckIn::Missed => Ok(CheckIn::Missed),
        pb::CheckIn::Unspecified => Err(Error::invalid("check_in", "is required")),
    }
}
