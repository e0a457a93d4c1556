//! What people change about a meeting.

use super::{Canceller, Meeting};
use crate::domain::{
    error::{Error, Kind, Result},
    id::ContactId,
    incident::CheckIn,
    time::Timestamp,
};

/// New values. What is none stays.
#[derive(Clone, Default)]
pub struct Patch {
    /// What it is called.
    pub title: Option<String>,
    /// When it starts.
    pub start_time: Option<Timestamp>,
    /// When it ends.
    pub end_time: Option<Option<Timestamp>>,
}

impl Meeting {
    /// With new values. One that moves keeps its length, unless its end is named too.
    pub fn patched(self, patch: Patch) -> Result<Self> {
        let Patch { title, start_time, end_time } = patch;
        if !self.is_on() {
            return Err(Error::new(Kind::FailedPrecondition, "MEETING_CANCELLED", "the meeting was cancelled"));
        }
        if self.source.as_ref().is_some_and(|source| source.feed_id.is_some()) {
            return Err(Error::new(
                Kind::FailedPrecondition,
                "MEETING_FOLLOWS_CALENDAR",
                "the meeting follows a calendar; change it there",
            ));
        }
        let start = start_time.unwrap_or(self.start_time);
        let along = self.end_time.map(|end| end + (start - self.start_time));
        let (title, end) = (title.unwrap_or_else(|| self.title.clone()), end_time.unwrap_or(along));
        let next = self.at(start, end, title);
        next.check_times()?;
        Ok(next)
    }

    /// At this time. What was said of who came does not count for another.
    pub(super) fn at(self, start_time: Timestamp, end_time: Option<Timestamp>, title: String) -> Self {
        let check_ins = if start_time == self.start_time { self.check_ins.clone() } else { Default::default() };
        Self { start_time, end_time, title, check_ins, ..self }
    }

    /// Refuses one that ends before it starts.
    pub fn check_times(&self) -> Result<()> {
        match self.end_time.is_some_and(|end| end < self.start_time) {
            true => Err(Error::invalid("end_time", "is before `start_time`")),
            false => Ok(()),
        }
    }

    /// Called off. What a person calls off is theirs from then on, even if the calendar was faster.
    pub fn called_off(self, by: Canceller, now: Timestamp) -> Option<Self> {
        match (self.cancelled, by) {
            (None, _) | (Some((Canceller::Calendar, _)), Canceller::Person) => {
                let since = self.cancelled.map_or(now, |(_, since)| since);
                Some(Self { cancelled: Some((by, since)), ..self })
            }
            (Some(_), _) => None,
        }
    }

    /// Whom somebody means who names an attendee, or nobody because there is but one.
    pub fn attendee(&self, named: Option<ContactId>) -> Result<ContactId> {
        match (named, self.attendees.as_slice()) {
            (Some(named), _) if self.attendees.contains(&named) => Ok(named),
            (Some(_), _) => Err(Error::invalid("contact_id", "they are not to come to this meeting")),
            (None, [only]) => Ok(*only),
            (None, all) => {
                Err(Error::invalid("contact_id", format!("say who: {} people are to come to this meeting", all.len())))
            }
        }
    }

    /// With what was said of an attendee; `None` if that was said already.
    pub fn checked_in(self, who: ContactId, said: CheckIn) -> Option<Self> {
        let mut next = self;
        (next.check_ins.insert(who, said) != Some(said)).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        meeting::tests::{meeting, person},
        sample::at,
    };

    #[test]
    fn a_meeting_that_moves_keeps_its_length() {
        let later = Patch { start_time: Some(at("2026-03-11T09:30:00Z")), ..Patch::default() };
        let moved = meeting().patched(later.clone()).expect("moved");
        assert_eq!(moved.end_time, Some(at("2026-03-11T10:30:00Z")));
        let shorter = Patch { end_time: Some(Some(at("2026-03-11T09:45:00Z"))), ..later.clone() };
        assert_eq!(meeting().patched(shorter).expect("moved").end_time, Some(at("2026-03-11T09:45:00Z")));
        let backwards = Patch { end_time: Some(Some(at("2026-03-11T09:00:00Z"))), ..later };
        assert_eq!(meeting().patched(backwards).expect_err("backwards").violations[0].field, "end_time");
    }

    #[test]
    fn what_a_person_calls_off_is_theirs() {
        let now = at("2026-03-05T09:00:00Z");
        let by_calendar = meeting().called_off(Canceller::Calendar, now).expect("off");
        assert!(by_calendar.is_off_by_calendar() && by_calendar.clone().called_off(Canceller::Calendar, now).is_none());
        let by_person = by_calendar.called_off(Canceller::Person, now).expect("theirs");
        assert!(!by_person.is_off_by_calendar() && by_person.clone().called_off(Canceller::Calendar, now).is_none());
        assert_eq!(by_person.patched(Patch::default()).expect_err("off").reason, "MEETING_CANCELLED");
    }

    #[test]
    fn who_is_meant_must_be_clear() {
        assert_eq!(meeting().attendee(Some(person(2))).expect("named"), person(2));
        assert!(meeting().attendee(Some(person(3))).is_err() && meeting().attendee(None).is_err());
        let alone = Meeting { attendees: vec![person(1)], ..meeting() };
        assert_eq!(alone.attendee(None).expect("the only one"), person(1));
    }

    #[test]
    fn said_twice_is_said_once_until_the_meeting_moves() {
        let missed = meeting().checked_in(person(1), CheckIn::Missed).expect("news");
        assert!(missed.clone().checked_in(person(1), CheckIn::Missed).is_none());
        assert!(missed.clone().checked_in(person(1), CheckIn::Joined).is_some());
        let later = Patch { start_time: Some(at("2026-03-11T09:30:00Z")), ..Patch::default() };
        assert!(missed.patched(later).expect("moved").check_ins.is_empty());
    }
}
