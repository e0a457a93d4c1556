//! A meeting that comes from a calendar: what the calendar says, and whether the meeting is the calendar's to change.

use serde::{Deserialize, Serialize};

use super::{Meeting, same_address};
use crate::domain::{
    calendar::{Attendee, KnownMeeting},
    calendar_feed::Directory,
    email::EmailAddress,
    id::{CalendarFeedId, ContactId},
    time::Timestamp,
};

/// The event of a calendar that a meeting comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The calendar; `None` when it was forgotten. It has a column of its own.
    #[serde(skip)]
    pub feed_id: Option<CalendarFeedId>,
    /// Which of its events.
    pub key: String,
    /// The organizer's count of changes.
    pub sequence: i32,
    /// Under which addresses the calendar invites the attendees.
    pub invited: Vec<EmailAddress>,
}

/// What a calendar says of an event.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// Which of its events.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// The organizer's count of changes.
    pub sequence: i32,
    /// Whom we know of those whom it invites, by the addresses it has of them.
    pub invited: Vec<EmailAddress>,
}

impl Said {
    /// Who that is here. Somebody who is invited under two addresses comes once.
    pub fn attendees(&self, directory: &Directory) -> Vec<ContactId> {
        let mut people = Vec::new();
        for contact in self.invited.iter().filter_map(|email| directory.get(&same_address(email))) {
            if !people.contains(contact) {
                people.push(*contact);
            }
        }
        people.truncate(super::MOST_ATTENDEES);
        people
    }

    /// As what a meeting comes from.
    pub fn source(&self, feed: CalendarFeedId) -> Source {
        Source { feed_id: Some(feed), key: self.key.clone(), sequence: self.sequence, invited: self.invited.clone() }
    }
}

impl Meeting {
    /// As its calendar knows it; `None` for one that comes from none. What a person called off is nothing that the calendar
    /// did.
    pub fn known(&self) -> Option<KnownMeeting> {
        let source = self.source.as_ref()?;
        let attendee = |email: &EmailAddress| Attendee { email: email.clone(), name: String::new(), declined: false };
        Some(KnownMeeting {
            key: source.key.clone(),
            start: self.start_time,
            end: self.end_time.unwrap_or(self.start_time),
            title: self.title.clone(),
            cancelled: self.is_off_by_calendar(),
            sequence: source.sequence,
            attendees: source.invited.iter().map(attendee).collect(),
        })
    }

    /// Whether this calendar may change it: what a person called off stays as it is, and so does what another calendar
    /// holds, until that one lets go of it.
    pub fn is_of(&self, feed: CalendarFeedId) -> bool {
        let Some(source) = &self.source else { return false };
        let is_free = source.feed_id.is_none_or(|holder| holder == feed) || !self.is_on();
        is_free && (self.is_on() || self.is_off_by_calendar())
    }

    /// As the calendar says. It takes place, if it did not.
    pub fn told(self, feed: CalendarFeedId, said: &Said, directory: &Directory) -> Self {
        let next = self.at(said.start, Some(said.end), said.title.clone());
        Self { attendees: said.attendees(directory), cancelled: None, source: Some(said.source(feed)), ..next }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        meeting::{
            Canceller,
            tests::{meeting, person},
        },
        sample::at,
    };

    fn feed(number: u128) -> CalendarFeedId {
        CalendarFeedId::from_uuid(Uuid::from_u128(number))
    }

    fn said() -> Said {
        let email = |text: &str| text.parse().expect("an address");
        Said {
            key: "uid".into(),
            title: "Board".into(),
            start: at("2026-03-10T11:00:00Z"),
            end: at("2026-03-10T12:00:00Z"),
            sequence: 3,
            invited: vec![email("Ann@example.com"), email("ann2@example.com"), email("gone@example.com")],
        }
    }

    fn directory() -> Directory {
        [("ann@example.com".to_owned(), person(1)), ("ann2@example.com".to_owned(), person(1))].into()
    }

    #[test]
    fn a_meeting_is_what_its_calendar_said_last() {
        let told = meeting().told(feed(1), &said(), &directory());
        assert_eq!((told.start_time, told.attendees.as_slice()), (said().start, [person(1)].as_slice()));
        let known = told.known().expect("from a calendar");
        assert_eq!((known.key.as_str(), known.sequence, known.attendees.len()), ("uid", 3, 3));
        assert!(meeting().known().is_none());
    }

    #[test]
    fn one_calendar_holds_a_meeting_until_it_lets_go() {
        let (now, told) = (at("2026-03-05T09:00:00Z"), meeting().told(feed(1), &said(), &directory()));
        assert!(told.is_of(feed(1)) && !told.is_of(feed(2)) && !meeting().is_of(feed(1)));
        let off = told.clone().called_off(Canceller::Calendar, now).expect("off");
        assert!(off.is_of(feed(1)) && off.is_of(feed(2)));
        let by_person = told.clone().called_off(Canceller::Person, now).expect("off");
        assert!(!by_person.is_of(feed(1)) && !by_person.is_of(feed(2)));
        let source = told.source.clone().map(|source| Source { feed_id: None, ..source });
        assert!(Meeting { source, ..told }.is_of(feed(2)));
    }
}
