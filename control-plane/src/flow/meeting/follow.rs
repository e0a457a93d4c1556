//! Meetings that follow a calendar: taken up, moved, called off, and on again if it was the calendar that called them off.

use super::{Draft, fresh, ladders, saved, tell};
use crate::{
    domain::{
        calendar_feed::{CalendarFeed, Directory},
        error::{Error, Kind, Result},
        meeting::{Canceller, Meeting, Said, is_of_use},
        policy::Policy,
    },
    flow::{Journal, incident as ladder},
    store::meeting as rows,
};

/// Takes up events that are new here.
pub async fn take_up(
    journal: &mut Journal<'_>,
    (feed, policy): (&CalendarFeed, &Policy),
    (said, directory): (&[&Said], &Directory),
    actor: &str,
) -> Result<()> {
    let new: Vec<Meeting> = said.iter().map(|said| new(journal, feed, said, directory)).collect();
    if rows::insert_many(journal.txn(), &new).await? != u64::try_from(new.len()).unwrap_or(u64::MAX) {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "another calendar brought the same event at this moment"));
    }
    for meeting in &new {
        tell(journal, "meeting.created", meeting.id);
    }
    let openings = new.iter().flat_map(|meeting| ladders::openings(meeting, &meeting.attendees)).collect();
    ladder::open_new(journal, openings, policy, actor).await
}

fn new(journal: &Journal<'_>, feed: &CalendarFeed, said: &Said, directory: &Directory) -> Meeting {
    let draft = Draft {
        title: said.title.clone(),
        start_time: said.start,
        end_time: Some(said.end),
        policy_id: Some(feed.policy_id),
        attendees: said.attendees(directory),
        stand_ins: feed.stand_ins.clone(),
        external_id: String::new(),
    };
    fresh(journal, draft, Some(said.source(feed.id)))
}

/// Brings a locked meeting to what the calendar says, if it is the calendar's to change.
pub async fn follow(
    journal: &mut Journal<'_>,
    held: Meeting,
    (feed, policy): (&CalendarFeed, &Policy),
    (said, directory): (&Said, &Directory),
    actor: &str,
) -> Result<()> {
    if !held.is_of(feed.id) {
        return Ok(());
    }
    let told = held.clone().told(feed.id, said, directory);
    if told == held {
        return Ok(());
    }
    let next = saved(journal, told, held.version).await?;
    let news = match held.is_on() {
        false => "meeting.restored",
        true if next.start_time != held.start_time => "meeting.moved",
        true => "meeting.updated",
    };
    tell(journal, news, next.id);
    let arms = is_of_use(&policy.ladder, next.start_time, journal.now);
    ladders::realign(journal, (&held, &next), arms, actor).await
}

/// Calls a locked meeting off because its calendar did, if it is the calendar's to change.
pub async fn call_off(journal: &mut Journal<'_>, held: Meeting, feed: &CalendarFeed, actor: &str) -> Result<()> {
    if !held.is_of(feed.id) {
        return Ok(());
    }
    let (id, seen) = (held.id, held.version);
    let Some(next) = held.called_off(Canceller::Calendar, journal.now) else { return Ok(()) };
    saved(journal, next, seen).await?;
    tell(journal, "meeting.cancelled", id);
    ladder::cancel_event(journal, id, actor).await
}
