//! Attempts across rows: a step of one, and in the same transaction what it means for its incident. The incident is locked
//! before its attempts, so that two transactions never wait for each other in a circle.

mod admit;
mod answer;
mod checked;
mod heard;
mod heed;
mod limits;
mod place;
mod sender;
mod wake;

pub use admit::{Admission, Wish, admit, look};
pub use answer::{Pressed, answered, digits};
pub use checked::checked;
pub use heard::{call_heard, message_heard, of_two, vendor_told};
pub use heed::heed;
pub use place::{Order, Placed, place, withdraw};
pub use sender::{Via, via};
pub use wake::tick;

use crate::{
    domain::{
        attempt::{Attempt, Event, Work},
        error::Result,
        id::{AttemptId, IncidentId},
        incident::{self, Incident},
        machine::{Machine, Refusal},
    },
    flow::{Journal, incident as incidents},
    store::{self, Kept},
};

/// An attempt and the incident it belongs to, both locked.
pub struct Held {
    /// The incident; `None` for an attempt of its own.
    pub incident: Option<Incident>,
    /// The attempt.
    pub attempt: Attempt,
}

/// Locks an attempt behind its incident; `None` when there is none.
pub async fn lock(journal: &Journal<'_>, id: AttemptId) -> Result<Option<Held>> {
    let Some(attempt) = store::attempt::by_id(&journal.scope(), id).await? else { return Ok(None) };
    let incident = match attempt.step {
        Some((incident, _)) => Incident::load(journal.txn(), journal.workspace, incident).await?,
        None => None,
    };
    let attempt = Attempt::load(journal.txn(), journal.workspace, id).await?;
    Ok(attempt.map(|attempt| Held { incident, attempt }))
}

/// Steps a locked attempt and tells its incident.
pub async fn run(
    journal: &mut Journal<'_>,
    held: Held,
    event: Event,
    actor: &str,
) -> Result<std::result::Result<Held, Refusal>> {
    let Held { incident, attempt } = held;
    let (after, told) = match step(journal, &attempt, event).await? {
        Ok(stepped) => stepped,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let incident = match incident {
        Some(incident) => Some(Box::pin(incidents::settle(journal, incident, told, actor)).await?),
        None => None,
    };
    Ok(Ok(Held { incident, attempt: after }))
}

/// Steps an attempt, and says what its incident is to be told.
pub(super) async fn step(
    journal: &mut Journal<'_>,
    before: &Attempt,
    event: Event,
) -> Result<std::result::Result<(Attempt, Vec<incident::Event>), Refusal>> {
    let step = match before.step(event, journal.now) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let after = journal.take(before.version, before.id, step).await?;
    checked::alarm(before, &after);
    let told = news(before, &after);
    Ok(Ok((after, told)))
}

/// What the incident of an attempt has to know.
pub(super) fn news(before: &Attempt, after: &Attempt) -> Vec<incident::Event> {
    let Some((_, number)) = after.step else { return Vec::new() };
    let mut told = Vec::new();
    let is_placed = |attempt: &Attempt| !attempt.vendor_sid.is_empty() || matches!(attempt.work, Work::Placed { .. });
    let is_mailed = after.ending.is_some_and(|ending| !ending.reached_nobody()) && before.ending.is_none();
    if (is_placed(after) && !is_placed(before)) || is_mailed {
        told.push(incident::Event::Taken { number, simulated: after.simulated });
    }
    if let Some(ending) = after.ending.filter(|ending| before.ending != Some(*ending)) {
        let (reason, error) = (after.reason.clone(), after.error.clone());
        told.push(incident::Event::Ended { number, ending, reason, error });
    }
    told
}

/// The incident an attempt belongs to.
pub fn incident_of(attempt: &Attempt) -> Option<IncidentId> {
    attempt.step.map(|(incident, _)| incident)
}
