//! The incidents of a meeting: who is reached about it, and who no longer is.

use std::collections::BTreeMap;

use crate::{
    domain::{
        error::Result,
        id::ContactId,
        incident::{Event, Incident},
        meeting::Meeting,
    },
    flow::{
        Journal,
        incident::{self, Opening, open},
    },
    store::{self, Kept},
};

/// What is to be opened for these attendees; without a policy nothing is.
pub(super) fn openings(meeting: &Meeting, people: &[ContactId]) -> Vec<Opening> {
    let Some(policy_id) = meeting.policy_id else { return Vec::new() };
    let opening = |contact_id: &ContactId| Opening {
        policy_id,
        meeting_id: Some(meeting.id),
        event_key: meeting.id.to_string(),
        title: meeting.title.clone(),
        start_time: meeting.start_time,
        contact_id: *contact_id,
        stand_ins: meeting.stand_ins.clone(),
    };
    people.iter().map(opening).collect()
}

/// Arms the ladders of these attendees.
pub(super) async fn arm(journal: &mut Journal<'_>, meeting: &Meeting, people: &[ContactId], actor: &str) -> Result<()> {
    for opening in openings(meeting, people) {
        open(journal, opening, actor).await?;
    }
    Ok(())
}

/// After another word of a calendar: whoever is no longer invited is left alone, the ladders of the others are at its time, and
/// `arms` says whether newcomers get one.
pub(super) async fn realign(
    journal: &mut Journal<'_>,
    (before, meeting): (&Meeting, &Meeting),
    arms: bool,
    actor: &str,
) -> Result<()> {
    let mut held = BTreeMap::new();
    for id in store::incident::of_meeting(&journal.scope(), meeting.id).await? {
        if let Some(incident) = Incident::load(journal.txn(), journal.workspace, id).await? {
            held.insert(incident.contact_id, incident);
        }
    }
    let newcomers: Vec<ContactId> =
        meeting.attendees.iter().filter(|contact| !held.contains_key(*contact)).copied().collect();
    for (contact, incident) in held {
        if let Some(event) = event(before, meeting, contact) {
            let _over_already = incident::run(journal, incident, event, actor).await?;
        }
    }
    if arms { arm(journal, meeting, &newcomers, actor).await } else { Ok(()) }
}

/// What the incident of somebody hears.
fn event(before: &Meeting, meeting: &Meeting, contact: ContactId) -> Option<Event> {
    let (start, title) = (meeting.start_time, meeting.title.clone());
    let (was_invited, is_invited) = (before.attendees.contains(&contact), meeting.attendees.contains(&contact));
    match (is_invited, was_invited && before.is_on()) {
        (false, _) => Some(Event::EventCancelled),
        (true, false) => Some(Event::Reinstated { start, title }),
        (true, true) if (before.start_time, &before.title) == (start, &title) => None,
        (true, true) => Some(Event::Moved { start, title }),
    }
}
