//! A new incident: one for a person and an event, however often somebody opens it.

use crate::{
    domain::{
        error::{Error, Result},
        id::{ContactId, IncidentId, MeetingId, PolicyId},
        incident::{Event, Incident, State},
        ladder::{Ladder, Target},
        machine::{Machine, Step},
        policy::Policy,
        time::Timestamp,
    },
    flow::Journal,
    store::{self, Kept},
};

/// What is to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whose ladder.
    pub policy_id: PolicyId,
    /// The meeting, if it is about one.
    pub meeting_id: Option<MeetingId>,
    /// Names the event; empty for the incident's own id.
    pub event_key: String,
    /// What the event is called.
    pub title: String,
    /// When it starts.
    pub start_time: Timestamp,
    /// Who is to be reached.
    pub contact_id: ContactId,
    /// Who stands in, in order.
    pub stand_ins: Vec<ContactId>,
}

/// Opens one, or gives back the one that the person has for this event already.
pub async fn open(journal: &mut Journal<'_>, opening: Opening, actor: &str) -> Result<Incident> {
    let policy = store::policy::by_id(&journal.scope(), opening.policy_id).await?;
    let policy = policy.ok_or_else(|| Error::invalid("policy_id", "there is no such escalation policy"))?;
    people_exist(journal, &opening, &policy.ladder).await?;
    let fresh = fresh(journal, opening, policy.ladder, policy.version);
    let (event_key, contact) = (fresh.event_key.clone(), fresh.contact_id);
    let Step { next, effects, news } = fresh.step(Event::Opened, journal.now)?;
    let next = next.stamped(1, journal.now);
    if !store::incident::insert(journal.txn(), &next).await? {
        let there = store::incident::of_event(&journal.scope(), &event_key, contact).await?;
        return there.ok_or_else(|| Error::internal("an incident is there and is not"));
    }
    journal.publish(&next, next.id, effects, news.clone()).await?;
    super::history::write(journal, &next, (&news, None), actor).await?;
    Ok(next)
}

/// Opens many at once, each for a person who is there and an event that is new.
pub async fn open_new(journal: &mut Journal<'_>, openings: Vec<Opening>, policy: &Policy, actor: &str) -> Result<()> {
    let (mut fresh_ones, mut history) = (Vec::new(), Vec::new());
    for opening in openings {
        let fresh = fresh(journal, opening, policy.ladder.clone(), policy.version);
        let Step { next, effects, news } = fresh.step(Event::Opened, journal.now)?;
        let next = next.stamped(1, journal.now);
        history.extend(news.iter().map(|news| super::history::row(journal, &next, news, actor)));
        journal.publish(&next, next.id, effects, news).await?;
        fresh_ones.push(next);
    }
    store::incident::insert_many(journal.txn(), &fresh_ones).await?;
    store::incident::history::add(journal.txn(), history).await
}

fn fresh(journal: &Journal<'_>, opening: Opening, ladder: Ladder, policy_version: i64) -> Incident {
    let Opening { policy_id, meeting_id, event_key, title, start_time, contact_id, stand_ins } = opening;
    let id = IncidentId::fresh(&*journal.ctx().ids);
    Incident {
        id,
        workspace_id: journal.workspace,
        policy_id,
        policy_version,
        ladder,
        meeting_id,
        event_key: if event_key.is_empty() { id.to_string() } else { event_key },
        title,
        start_time,
        contact_id,
        stand_ins,
        state: State::Open,
        outcome: None,
        answered_by: String::new(),
        answer_time: None,
        acknowledged_until: None,
        exhausted: false,
        steps: Vec::new(),
        end_time: None,
        version: 0,
        create_time: journal.now,
        update_time: journal.now,
    }
}

/// A ladder for somebody who is not there would stay silent.
async fn people_exist(journal: &Journal<'_>, opening: &Opening, ladder: &Ladder) -> Result<()> {
    let scope = journal.scope();
    if store::contact::by_id(&scope, opening.contact_id).await?.is_none() {
        return Err(Error::invalid("contact_id", "there is no such contact"));
    }
    for (place, stand_in) in opening.stand_ins.iter().enumerate() {
        if store::contact::by_id(&scope, *stand_in).await?.is_none() {
            return Err(Error::invalid(format!("stand_in_ids[{place}]"), "there is no such contact"));
        }
    }
    let named = ladder.rungs.iter().filter_map(|rung| match rung.target {
        Target::StandIn(place) => usize::try_from(place).ok(),
        Target::Person | Target::Contact(_) => None,
    });
    match named.max().filter(|place| *place >= opening.stand_ins.len()) {
        Some(place) => Err(Error::invalid(
            "stand_in_ids",
            format!("the policy has a rung for stand-in {}, and there is none", place + 1),
        )),
        None => Ok(()),
    }
}
