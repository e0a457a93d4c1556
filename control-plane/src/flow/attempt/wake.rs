//! An attempt whose time has come: one that waits asks the guards again, any other one ticks.

use super::{Admission, Held, Wish, admit, lock, run};
use crate::{
    domain::{
        attempt::{Attempt, Event},
        error::{Error, Result},
        guard::Verdict,
        id::{AttemptId, WorkspaceId},
        incident::Incident,
        ladder::{MOST_CALLS, Window},
        time::Timestamp,
        zone::Zone,
    },
    flow::{Context, Journal},
    store::{self, Kept},
};

const TIMER: &str = "timer";

/// Wakes one.
pub async fn tick(ctx: &Context, workspace: WorkspaceId, id: AttemptId) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let held = lock(&journal, id).await?.ok_or_else(|| Error::not_found(Attempt::NOUN))?;
    let event = match held.attempt.deadline_passed(journal.now) {
        true if held.attempt.waits() => ask(&mut journal, &held).await?,
        _ => Event::Tick,
    };
    run(&mut journal, held, event, TIMER).await??;
    journal.commit().await
}

/// Asks the guards about one that waits.
async fn ask(journal: &mut Journal<'_>, held: &Held) -> Result<Event> {
    let Held { incident, attempt } = held;
    let zone = zone_of(journal, attempt).await?;
    let ladder = incident.as_ref().map(|incident| &incident.ladder);
    let wish = Wish {
        channel: attempt.channel,
        to: Some(&attempt.to),
        zone,
        window: window(attempt),
        incident_open: incident.as_ref().map(Incident::is_alerting),
        count_by: (&attempt.event_key, &attempt.person_key),
        most_calls: ladder.map_or(MOST_CALLS, |ladder| ladder.most_calls),
        owes_slot: attempt.owes_slot,
        keeps_place: false,
        requires_consent: ladder.is_some_and(|ladder| ladder.requires_consent),
        hours: None,
        lane: attempt.lane,
        time_limit: attempt.limits.time_limit,
        from: None,
        avoided: &attempt.avoided,
    };
    Ok(match admit(journal, &wish, attempt.id).await? {
        Admission::Go { route, verdict, cost_micros } => Event::Admitted { route, verdict, cost_micros },
        Admission::Later { until } => Event::Held { until },
        Admission::No { verdict } => denied(verdict),
    })
}

/// The refusal of the guards as an event.
pub(super) fn denied(verdict: Verdict) -> Event {
    let (reason, error) = match verdict.refusal() {
        Some(check) => (check.guard.reason(), check.saw.clone()),
        None => ("", String::new()),
    };
    Event::Denied { verdict, reason, error }
}

/// What began in its window may be tried again until the window ends.
fn window(attempt: &Attempt) -> Option<Window> {
    let until = attempt.limits.not_after?;
    Some(Window { from: Timestamp::MIN_UTC, until })
}

async fn zone_of(journal: &Journal<'_>, attempt: &Attempt) -> Result<Option<Zone>> {
    let Some(contact) = attempt.contact_id else { return Ok(None) };
    Ok(store::contact::by_id(&journal.scope(), contact).await?.and_then(|contact| contact.profile.time_zone))
}
