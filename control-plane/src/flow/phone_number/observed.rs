//! What looks at the vendors showed of many numbers at once: compared with what is known, and only what is new is written.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        e164::E164,
        error::Result,
        id::{AccountId, AgentId},
        machine::Machine,
        phone_number::{DriftCause, Event, PhoneNumber, Repair, Sighting, attachment::ImportSeen},
        telephony::NumberSeen,
        time::Timestamp,
    },
    flow::{Journal, pool},
    store::{Kept, number_look, phone_number as store},
};

/// A look at everything a vendor has of a kind.
#[derive(Clone, Debug)]
pub struct Look<T> {
    /// When it began: what changed since then is newer than what it shows.
    pub began: Timestamp,
    /// Everything it showed.
    pub seen: Vec<T>,
}

/// The whole list of an account's numbers was read. Says what drifted, by its cause.
pub async fn observed(
    journal: &mut Journal<'_>,
    account: AccountId,
    look: Look<NumberSeen>,
    repair: Repair,
) -> Result<Vec<DriftCause>> {
    let numbers = i64::try_from(look.seen.len()).unwrap_or(i64::MAX);
    let looked = number_look::Looked { account_id: account, look_time: look.began, numbers };
    number_look::put(&journal.scope(), looked).await?;
    let known = store::of_account(&journal.scope(), account).await?;
    let mut seen: HashMap<E164, NumberSeen> =
        look.seen.into_iter().map(|number| (number.e164.clone(), number)).collect();
    let sightings = known.into_iter().map(|number| {
        let seen = seen.remove(&number.e164).map(Box::new);
        (number, Sighting::Twilio(seen))
    });
    take_in(journal, look.began, sightings.collect(), repair).await
}

/// The whole list of ElevenLabs' numbers was read, with the key of these agents. Says what drifted, by its cause.
pub async fn imports_observed(
    journal: &mut Journal<'_>,
    agents: &[AgentId],
    look: Look<ImportSeen>,
    repair: Repair,
) -> Result<Vec<DriftCause>> {
    pool::link(journal, agents, &look.seen).await?;
    let agents: HashSet<AgentId> = agents.iter().copied().collect();
    let mut seen: HashMap<E164, Vec<ImportSeen>> = HashMap::new();
    for import in look.seen {
        seen.entry(import.e164.clone()).or_default().push(import);
    }
    let known = store::attached(&journal.scope()).await?;
    let asked_with = |number: &PhoneNumber| {
        number.attachment.as_ref().is_some_and(|place| agents.contains(&place.wanted.attachment().agent_id))
    };
    let sightings = known.into_iter().filter(asked_with).map(|number| {
        let seen = seen.remove(&number.e164).unwrap_or_default();
        (number, Sighting::ElevenLabs(seen))
    });
    take_in(journal, look.began, sightings.collect(), repair).await
}

/// Numbers come in the order of their ids, for everybody who locks many.
async fn take_in(
    journal: &mut Journal<'_>,
    began: Timestamp,
    sightings: Vec<(PhoneNumber, Sighting)>,
    repair: Repair,
) -> Result<Vec<DriftCause>> {
    let mut noticed = Vec::new();
    for (number, sighting) in sightings {
        let event = Event::Observed { sighting, repair };
        // Most have nothing new; they are neither locked nor written.
        if number.update_time > began || number.step(event.clone(), journal.now).is_err() {
            continue;
        }
        let Some(number) = PhoneNumber::load(journal.txn(), journal.workspace, number.id).await? else { continue };
        let Ok(step) = number.step(event, journal.now).map_err(drop) else { continue };
        let is_news = step.news.contains(&"number.drifted");
        let next = journal.take(number.version, number.id, step).await?;
        noticed.extend(next.open_drift().filter(|_| is_news).map(|drift| drift.cause));
    }
    Ok(noticed)
}
