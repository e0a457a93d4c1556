//! What happens to a meeting, and in the same transaction to whoever is to be reached about it. A meeting is locked before its
//! incidents.

mod follow;
mod ladders;

pub use follow::{call_off, follow, take_up};

use std::collections::{BTreeMap, HashSet};

use super::{Journal, incident as ladder, seen::unchanged};
use crate::domain::{
    contact::Contact,
    error::{Error, Kind, Result, Violation},
    id::{ContactId, MeetingId, PolicyId},
    incident::CheckIn,
    ladder::Ladder,
    meeting::{Canceller, MOST_ATTENDEES, Meeting, Patch, Source, is_near, is_of_use, reaches},
    time::Timestamp,
};
use crate::store::{self, meeting as rows};

/// What people call it.
pub const NOUN: &str = "meeting";

/// A meeting that is to be.
#[derive(Clone)]
pub struct Draft {
    /// What it is called.
    pub title: String,
    /// When it starts.
    pub start_time: Timestamp,
    /// When it ends, if anybody says.
    pub end_time: Option<Timestamp>,
    /// Whose ladder its attendees get.
    pub policy_id: Option<PolicyId>,
    /// Who is to come.
    pub attendees: Vec<ContactId>,
    /// Who stands in for each, in order.
    pub stand_ins: Vec<ContactId>,
    /// The caller's own key; empty for none.
    pub external_id: String,
}

/// Makes a meeting and arms the ladder of each attendee.
pub async fn create(journal: &mut Journal<'_>, draft: Draft, actor: &str) -> Result<Meeting> {
    let meeting = fresh(journal, draft, None);
    meeting.check_times()?;
    check_start(&journal.now, meeting.start_time)?;
    check_people(journal, &meeting).await?;
    if let Some(ladder) = ladder_of(journal, &meeting).await? {
        check_use(&ladder, meeting.start_time, journal.now)?;
    }
    let namesake = store::meeting::by_external_id(&journal.scope(), &meeting.external_id).await?;
    if namesake.is_some() || !rows::insert(journal.txn(), &meeting).await? {
        return Err(Error::new(Kind::AlreadyExists, "EXTERNAL_ID_TAKEN", "another meeting has this external_id"));
    }
    tell(journal, "meeting.created", meeting.id);
    ladders::arm(journal, &meeting, &meeting.attendees, actor).await?;
    Ok(meeting)
}

/// Changes a meeting; one that moves takes its ladders along.
pub async fn update(
    journal: &mut Journal<'_>,
    id: MeetingId,
    (patch, etag): (Patch, &str),
    actor: &str,
) -> Result<Meeting> {
    let held = locked(journal, id).await?;
    unchanged(NOUN, etag, held.version)?;
    let next = held.clone().patched(patch)?;
    check_start(&journal.now, next.start_time)?;
    if next.start_time != held.start_time
        && let Some(ladder) = ladder_of(journal, &next).await?
    {
        check_use(&ladder, next.start_time, journal.now)?;
    }
    let next = saved(journal, next, held.version).await?;
    let (moves, news) = (next.start_time != held.start_time, ["meeting.updated", "meeting.moved"]);
    tell(journal, news[usize::from(moves)], id);
    if moves || next.title != held.title {
        ladder::move_event(journal, id, (next.start_time, &next.title), actor).await?;
    }
    Ok(next)
}

/// Calls a meeting off for good. Done twice it is what it was.
pub async fn cancel(journal: &mut Journal<'_>, id: MeetingId, etag: &str, actor: &str) -> Result<Meeting> {
    let held = locked(journal, id).await?;
    let Some(next) = held.clone().called_off(Canceller::Person, journal.now) else { return Ok(held) };
    unchanged(NOUN, etag, held.version)?;
    let next = saved(journal, next, held.version).await?;
    if held.is_on() {
        tell(journal, "meeting.cancelled", id);
        ladder::cancel_event(journal, id, actor).await?;
    }
    Ok(next)
}

/// Somebody says whether an attendee came. Said twice it is said once.
pub async fn check_in(
    journal: &mut Journal<'_>,
    id: MeetingId,
    (who, check_in, by): (Option<ContactId>, CheckIn, String),
    actor: &str,
) -> Result<Meeting> {
    let held = locked(journal, id).await?;
    let who = held.attendee(who)?;
    let Some(next) = held.clone().checked_in(who, check_in) else { return Ok(held) };
    if let Some(incident) = store::incident::of_event(&journal.scope(), &id.to_string(), who).await? {
        let after = ladder::check_in(journal, incident.id, (check_in, by), actor).await?;
        // It was over before somebody said that they are missing.
        if after.version == incident.version && check_in == CheckIn::Missed {
            return Ok(held);
        }
    }
    let next = saved(journal, next, held.version).await?;
    tell(journal, "meeting.checked-in", id);
    Ok(next)
}

async fn locked(journal: &Journal<'_>, id: MeetingId) -> Result<Meeting> {
    rows::lock(&journal.scope(), id).await?.ok_or_else(|| Error::not_found(NOUN))
}

async fn saved(journal: &Journal<'_>, next: Meeting, seen: i64) -> Result<Meeting> {
    let next = Meeting { version: seen + 1, update_time: journal.now, ..next };
    match rows::save(journal.txn(), &next, seen).await? {
        true => Ok(next),
        false => Err(Error::new(Kind::Aborted, "CONFLICT", "the meeting was changed meanwhile; try again")),
    }
}

fn fresh(journal: &Journal<'_>, draft: Draft, source: Option<Source>) -> Meeting {
    let Draft { title, start_time, end_time, policy_id, attendees, stand_ins, external_id } = draft;
    Meeting {
        id: MeetingId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        title,
        start_time,
        end_time,
        policy_id,
        attendees,
        stand_ins,
        external_id,
        cancelled: None,
        check_ins: BTreeMap::new(),
        source,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    }
}

fn check_start(now: &Timestamp, start: Timestamp) -> Result<()> {
    match is_near(start, *now) {
        true => Ok(()),
        false => Err(Error::invalid("start_time", "is more than ten years away")),
    }
}

fn check_use(ladder: &Ladder, start: Timestamp, now: Timestamp) -> Result<()> {
    match is_of_use(ladder, start, now) {
        true => Ok(()),
        false => {
            Err(Error::invalid("start_time", "is too long ago: every rung of the policy would be outside its window"))
        }
    }
}

/// The ladder a meeting would get now; a policy that is gone has none.
async fn ladder_of(journal: &Journal<'_>, meeting: &Meeting) -> Result<Option<Ladder>> {
    let Some(id) = meeting.policy_id else { return Ok(None) };
    Ok(store::policy::by_id(&journal.scope(), id).await?.map(|policy| policy.ladder))
}

/// Everybody is there, once, and can be reached.
async fn check_people(journal: &Journal<'_>, meeting: &Meeting) -> Result<()> {
    let ladder = ladder_of(journal, meeting).await?;
    if meeting.policy_id.is_some() && ladder.is_none() {
        return Err(Error::invalid("policy_id", "there is no such escalation policy"));
    }
    if ladder.is_some() && meeting.attendees.is_empty() {
        return Err(Error::invalid("attendee_ids", "name somebody whom the policy is to reach"));
    }
    if meeting.attendees.len() > MOST_ATTENDEES {
        return Err(Error::invalid("attendee_ids", format!("expected at most {MOST_ATTENDEES} people")));
    }
    let everybody = [meeting.attendees.clone(), meeting.stand_ins.clone()].concat();
    let known = store::contact::by_ids(&journal.scope(), everybody).await?;
    let mut wrong = faults("attendee_ids", &meeting.attendees, &known, ladder.as_ref());
    wrong.extend(faults("stand_in_ids", &meeting.stand_ins, &known, None));
    if wrong.is_empty() { Ok(()) } else { Err(Error::violations(wrong)) }
}

/// Who is not there, is named twice, or cannot be reached by the ladder, if there is one.
pub(super) fn faults(field: &str, people: &[ContactId], known: &[Contact], ladder: Option<&Ladder>) -> Vec<Violation> {
    let mut seen = HashSet::new();
    let fault = |(place, id): (usize, &ContactId)| {
        let contact = known.iter().find(|contact| contact.id == *id);
        let description = match contact {
            _ if !seen.insert(*id) => "they are named twice",
            None => "there is no such contact",
            Some(contact) if ladder.is_some_and(|ladder| !reaches(ladder, &contact.profile)) => {
                "they have no address that a rung of the policy uses"
            }
            Some(_) => return None,
        };
        Some(Violation { field: format!("{field}[{place}]"), description: description.to_owned() })
    };
    people.iter().enumerate().filter_map(fault).collect()
}

/// Nothing of a meeting is in an event: whoever may read meetings reads the meeting.
fn tell(journal: &mut Journal<'_>, kind: &'static str, id: MeetingId) {
    journal.tell(kind, &id, serde_json::json!({}));
}
