//! What happened to an incident, one row for each thing, in the transaction in which it happened, numbered while the incident
//! is locked.

use crate::{
    domain::{
        error::Result,
        id::EventId,
        incident::{Event, Incident},
    },
    flow::Journal,
    store::{
        entity::incident_event::Model,
        incident::history::{add, last},
    },
};

/// The step that an event is about.
pub(super) fn step_of(event: &Event) -> Option<u32> {
    match event {
        Event::Began { number, .. }
        | Event::Denied { number, .. }
        | Event::Held { number, .. }
        | Event::Taken { number, .. }
        | Event::Ended { number, .. } => Some(*number),
        Event::Opened
        | Event::Tick
        | Event::Acknowledged { .. }
        | Event::Resolved { .. }
        | Event::CheckedIn { .. }
        | Event::Moved { .. }
        | Event::EventCancelled
        | Event::Reinstated { .. } => None,
    }
}

/// Writes what a step brought.
pub(super) async fn write(
    journal: &Journal<'_>,
    incident: &Incident,
    (news, about): (&[&'static str], Option<u32>),
    actor: &str,
) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let sequence = last(journal.txn(), incident.id).await?;
    let row = |(news, place): (&&'static str, i64)| Model {
        sequence: sequence + place,
        step: about.map(i64::from),
        note: note(incident, about),
        ..row(journal, incident, news, actor)
    };
    add(journal.txn(), news.iter().zip(1..).map(row).collect()).await
}

/// The first thing that happened to an incident.
pub(super) fn row(journal: &Journal<'_>, incident: &Incident, news: &str, actor: &str) -> Model {
    Model {
        id: EventId::fresh(&*journal.ctx().ids),
        workspace_id: incident.workspace_id,
        incident_id: incident.id,
        sequence: 1,
        kind: news.trim_start_matches("incident.").to_owned(),
        state: incident.state.to_string(),
        step: None,
        actor: actor.to_owned(),
        note: String::new(),
        event_time: journal.now,
    }
}

/// The reason, where there is one. No name and no number.
fn note(incident: &Incident, about: Option<u32>) -> String {
    let step = about.and_then(|number| incident.step_of(number));
    match (step, incident.outcome) {
        (Some(step), _) if !step.error.is_empty() => format!("{}: {}", step.reason, step.error),
        (Some(step), _) if !step.reason.is_empty() => step.reason.clone(),
        (Some(step), _) => step.ending.map(|ending| ending.to_string()).unwrap_or_default(),
        (None, Some(outcome)) => outcome.to_string(),
        (None, None) => String::new(),
    }
}
