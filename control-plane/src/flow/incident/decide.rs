//! What people say of an incident or of its event.

use super::{Journal, Stepped, run};
use crate::{
    domain::{
        error::{Error, Result},
        id::{IncidentId, MeetingId},
        incident::{CheckIn, Event, Incident},
        time::Timestamp,
    },
    flow::seen,
    store::{self, Kept},
};

/// Somebody takes it: nothing more is tried, and what rings is ended. Done twice it is what it was.
pub async fn acknowledge(
    journal: &mut Journal<'_>,
    id: IncidentId,
    (by, etag): (String, &str),
    actor: &str,
) -> Result<Incident> {
    let held: Incident = seen(journal, id, etag).await?;
    again_or(held.clone(), run(journal, held, Event::Acknowledged { by }, actor).await?, "INCIDENT_ACKNOWLEDGED")
}

/// Somebody closes it. Done twice it is what it was.
pub async fn resolve(
    journal: &mut Journal<'_>,
    id: IncidentId,
    (by, etag): (String, &str),
    actor: &str,
) -> Result<Incident> {
    let held: Incident = seen(journal, id, etag).await?;
    again_or(held.clone(), run(journal, held, Event::Resolved { by }, actor).await?, "INCIDENT_RESOLVED")
}

/// Somebody says whether the person came.
pub async fn check_in(
    journal: &mut Journal<'_>,
    id: IncidentId,
    (check_in, by): (CheckIn, String),
    actor: &str,
) -> Result<Incident> {
    let held: Incident = seen(journal, id, "").await?;
    let event = Event::CheckedIn { check_in, by };
    again_or(held.clone(), run(journal, held, event, actor).await?, "INCIDENT_RESOLVED")
}

/// The event of a meeting is at another time.
pub async fn move_event(
    journal: &mut Journal<'_>,
    meeting: MeetingId,
    (start, title): (Timestamp, &str),
    actor: &str,
) -> Result<()> {
    let event = Event::Moved { start, title: title.to_owned() };
    each(journal, meeting, event, actor).await
}

/// There will be no event.
pub async fn cancel_event(journal: &mut Journal<'_>, meeting: MeetingId, actor: &str) -> Result<()> {
    each(journal, meeting, Event::EventCancelled, actor).await
}

/// All incidents of a meeting; those that are over stay as they are.
async fn each(journal: &mut Journal<'_>, meeting: MeetingId, event: Event, actor: &str) -> Result<()> {
    for id in store::incident::of_meeting(&journal.scope(), meeting).await? {
        let Some(held) = Incident::load(journal.txn(), journal.workspace, id).await? else { continue };
        let _over_already = run(journal, held, event.clone(), actor).await?;
    }
    Ok(())
}

/// What was said before is no error.
fn again_or(held: Incident, stepped: Stepped, said: &str) -> Result<Incident> {
    match stepped {
        Ok(next) => Ok(next),
        Err(refusal) if refusal.reason == said => Ok(held),
        Err(refusal) => Err(Error::from(refusal)),
    }
}
