//! Why each rung did or did not fire, from what is stored: nothing is guessed afterwards.

use callplane_proto::v1 as pb;
use sea_orm::ConnectionTrait;

use super::shape::{shown, shown_step};
use crate::{
    domain::{
        attempt::Ending,
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
    let because = because(step);
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

/// The reason, unless it says what the sentence has said already, and what was told of it.
fn because(step: &Step) -> String {
    let is_said = match (step.status, step.ending) {
        (Status::Executed, Some(ending)) => same(&step.reason, ending.as_str()),
        (Status::Failed, _) => same(&step.reason, Ending::Failed.as_str()),
        (Status::Cancelled, _) => same(&step.reason, Ending::Withdrawn.as_str()),
        (Status::Pending | Status::Executed | Status::Skipped, _) => false,
    };
    let reason = if is_said { "" } else { step.reason.as_str() };
    match (reason, step.error.as_str()) {
        ("", "") => String::new(),
        (said, "") | ("", said) => format!(": {said}"),
        (reason, error) => format!(": {reason} ({error})"),
    }
}

/// Endings are written with dashes, reasons without.
fn same(reason: &str, said: &str) -> bool {
    reason.replace('_', "-") == said
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

#[cfg(test)]
mod tests {
    use super::why;
    use crate::domain::{
        attempt::Ending,
        incident::{Status, Step},
        ladder::{Channel, Window},
        sample::at,
    };

    fn step(status: Status, ending: Option<Ending>, reason: &str, error: &str) -> Step {
        let due_time = at("2026-08-04T08:58:00Z");
        Step {
            number: 1,
            rung: 0,
            channel: Channel::Voice,
            contact_id: None,
            redial: false,
            status,
            due_time,
            held_until: None,
            window: Window { from: due_time, until: at("2026-08-04T09:00:00Z") },
            attempt_id: None,
            execute_time: None,
            ending,
            reason: reason.into(),
            error: error.into(),
            simulated: false,
        }
    }

    #[test]
    fn a_reason_is_told_once() {
        for (step, said) in [
            (step(Status::Executed, Some(Ending::NoAnswer), "no_answer", ""), "was made and ended no-answer"),
            (step(Status::Executed, Some(Ending::Busy), "busy", ""), "was made and ended busy"),
            (
                step(Status::Executed, Some(Ending::NoAnswer), "ring_timeout", ""),
                "was made and ended no-answer: ring_timeout",
            ),
            (step(Status::Executed, Some(Ending::Answered), "", ""), "was made and ended answered"),
            (
                step(Status::Failed, Some(Ending::Failed), "failed", "the vendor reports error 30003"),
                "was tried and failed: the vendor reports error 30003",
            ),
            (step(Status::Failed, Some(Ending::Undelivered), "undelivered", ""), "was tried and failed: undelivered"),
            (step(Status::Skipped, None, "no_address", "nobody"), "was not tried: no_address (nobody)"),
            (step(Status::Cancelled, Some(Ending::Withdrawn), "withdrawn", ""), "was taken back"),
            (step(Status::Cancelled, None, "acknowledged", ""), "was taken back: acknowledged"),
        ] {
            assert_eq!(why(&step), said);
        }
    }
}
