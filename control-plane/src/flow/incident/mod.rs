//! Incidents across rows: a step of one, and in the same transaction whatever it means: tries that are taken back, history,
//! people who are told. The incident is locked before its attempts.

mod decide;
mod explain;
mod history;
mod open;
mod reply;
mod tell;
mod wake;

pub use decide::{acknowledge, cancel_event, check_in, move_event, resolve};
pub use explain::{Forecast, forecast};
pub use open::{Opening, open, open_new};
pub use reply::{Reply, replied};
pub use wake::tick;

use std::collections::VecDeque;

use super::{Journal, attempt as attempts};
use crate::{
    domain::{
        attempt::{self, Attempt},
        error::Result,
        id::AttemptId,
        incident::{Event, Incident, State},
        machine::{Machine, Refusal, Step},
    },
    store::Kept,
};

/// Who steps when no person does.
pub(super) const TIMER: &str = "timer";

/// What came of an event.
pub(super) type Stepped = std::result::Result<Incident, Refusal>;

/// Steps a locked incident; a refusal leaves everything as it was.
pub(super) async fn run(journal: &mut Journal<'_>, held: Incident, event: Event, actor: &str) -> Result<Stepped> {
    let (next, queue) = match Box::pin(one(journal, held, event, actor)).await? {
        Ok(stepped) => stepped,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Box::pin(settle(journal, next, queue, actor)).await.map(Ok)
}

/// What somebody pressed about a locked incident.
pub(super) async fn press(journal: &mut Journal<'_>, held: Incident, event: Event, actor: &str) -> Result<Stepped> {
    run(journal, held, event, actor).await
}

/// Tells a locked incident what became of its tries; what it knows already changes nothing.
pub(super) async fn settle(
    journal: &mut Journal<'_>,
    mut held: Incident,
    events: Vec<Event>,
    actor: &str,
) -> Result<Incident> {
    let mut queue = VecDeque::from(events);
    while let Some(event) = queue.pop_front() {
        match Box::pin(one(journal, held.clone(), event, actor)).await? {
            Ok((next, more)) => {
                held = next;
                queue.extend(more);
            }
            Err(refusal) if refusal.reason == "STALE" => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(held)
}

/// One step, saved, with its history and with tries taken back that are not wanted any more.
async fn one(
    journal: &mut Journal<'_>,
    held: Incident,
    event: Event,
    actor: &str,
) -> Result<std::result::Result<(Incident, Vec<Event>), Refusal>> {
    let about = history::step_of(&event);
    let moves = matches!(event, Event::Moved { start, .. } if start != held.start_time);
    let step = match held.step(event, journal.now) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Step { next, effects, news } = step;
    let next = journal.take(held.version, held.id, Step { next, effects, news: news.clone() }).await?;
    history::write(journal, &next, (&news, about), actor).await?;
    tell::tell(journal, &next, &news).await?;
    let why = match next.state {
        State::Acknowledged if held.is_alerting() => Some("acknowledged"),
        State::Resolved => Some("resolved"),
        _ if moves => Some("event_moved"),
        _ => None,
    };
    let more = match why {
        Some(why) => Box::pin(take_back(journal, &next, why)).await?,
        None => Vec::new(),
    };
    Ok(Ok((next, more)))
}

/// Takes back whatever still waits or rings for it.
async fn take_back(journal: &mut Journal<'_>, incident: &Incident, why: &'static str) -> Result<Vec<Event>> {
    let mut told = Vec::new();
    let mut under_way: Vec<AttemptId> = incident.under_way().collect();
    under_way.sort_unstable();
    for id in under_way {
        let Some(held) = Attempt::load(journal.txn(), journal.workspace, id).await? else { continue };
        let event = attempt::Event::Withdrawn { why };
        if let Ok((_, news)) = attempts::step(journal, &held, event).await? {
            told.extend(news);
        }
    }
    Ok(told)
}
