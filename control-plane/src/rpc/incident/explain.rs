//! Why each rung did or did not fire, from what is stored: nothing is guessed afterwards.

use callplane_proto::v1 as pb;
use sea_orm::ConnectionTrait;

use super::shape::{shown, shown_step};
use crate::{
    domain::{
        error::Result,
        incident::{Incident, Status, Step},
    },
    rpc::{
        attempt::shape::{shown as shown_attempt, shown_verdict},
        show,
    },
    store::{self, Scope, entity::incident_event::Model, word},
};

/// The answer.
pub async fn explain<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    incident: Incident,
) -> Result<pb::ExplainIncidentResponse> {
    let mut steps = Vec::with_capacity(incident.steps.len());
    for step in incident.steps.clone() {
        let attempt = match step.attempt_id {
            Some(id) => store::attempt::by_id(scope, id).await?,
            None => None,
        };
        let checks = attempt.as_ref().map(|attempt| shown_verdict(&attempt.verdict)).unwrap_or_default();
        steps.push(pb::ExplainedStep {
            why: why(&step),
            checks,
            attempt: attempt.map(shown_attempt),
            step: Some(shown_step(incident.id, step)),
        });
    }
    let events = store::incident::history::of(scope, incident.id).await?;
    let events = events.into_iter().map(shown_event).collect::<Result<Vec<_>>>()?;
    Ok(pb::ExplainIncidentResponse { incident: Some(shown(incident)), steps, events })
}

/// In a sentence.
fn why(step: &Step) -> String {
    let because = match (step.reason.is_empty(), step.error.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(": {}", step.reason),
        (false, false) => format!(": {} ({})", step.reason, step.error),
    };
    match (step.status, step.attempt_id, step.ending) {
        (Status::Pending, None, _) => match step.held_until {
            Some(until) => format!("waits until {} for the line", until.format("%H:%M:%S")),
            None => format!("is due at {}", step.due_time.format("%Y-%m-%d %H:%M:%S")),
        },
        (Status::Pending, Some(_), _) => "is being tried".to_owned(),
        (Status::Executed, _, None) => "was made; how it ends is not known yet".to_owned(),
        (Status::Executed, _, Some(ending)) => format!("was made and ended {ending}{because}"),
        (Status::Failed, _, _) => format!("was tried and failed{because}"),
        (Status::Skipped, _, _) => format!("was not tried{because}"),
        (Status::Cancelled, _, _) => format!("was taken back{because}"),
    }
}

fn shown_event(row: Model) -> Result<pb::IncidentEvent> {
    let step = row.step.unwrap_or_default();
    Ok(pb::IncidentEvent {
        sequence: row.sequence,
        r#type: row.kind,
        state: super::shape::shown_state(word("incident_event.state", &row.state)?).into(),
        step_number: show::count(step),
        actor: row.actor,
        note: row.note,
        event_time: Some(show::moment(row.event_time)),
    })
}
