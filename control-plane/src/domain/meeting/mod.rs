//! Meetings: events that people are to come to, made by a service or read from a calendar. How somebody is reached about one
//! is in `incident`, which rungs there are in `ladder`. `Debug` leaves out what a meeting is called.

mod calendar;
mod change;

use std::{collections::BTreeMap, fmt};

use chrono::Duration;
use serde::{Deserialize, Serialize};

pub use self::{
    calendar::{Said, Source},
    change::Patch,
};
use super::{
    contact::Profile,
    email::EmailAddress,
    id::{ContactId, MeetingId, PolicyId, WorkspaceId},
    incident::CheckIn,
    ladder::{Channel, Ladder, Target},
    time::Timestamp,
    word::words,
};

words! {
    /// Who called a meeting off. What a person called off stays off, whatever a calendar says later.
    Canceller, "canceller" {
        /// Somebody, by the API.
        Person = "person",
        /// The calendar it comes from.
        Calendar = "calendar",
    }
}

/// The most people of one meeting.
pub const MOST_ATTENDEES: usize = 100;

/// Nobody plans further ahead.
const FARTHEST: Duration = Duration::days(3_660);

/// An event that people are to come to. Stored as a document.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Meeting {
    /// Ours.
    pub id: MeetingId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What it is called.
    pub title: String,
    /// When it starts.
    pub start_time: Timestamp,
    /// When it ends, if anybody says.
    pub end_time: Option<Timestamp>,
    /// Whose ladder its attendees get; `None` when nobody is reached about it.
    pub policy_id: Option<PolicyId>,
    /// Who is to come.
    pub attendees: Vec<ContactId>,
    /// Who stands in for each of them, in order.
    pub stand_ins: Vec<ContactId>,
    /// The caller's own key; empty for none.
    pub external_id: String,
    /// Who called it off, and when; `None` while it takes place.
    pub cancelled: Option<(Canceller, Timestamp)>,
    /// What was said of whom since it is at this time.
    pub check_ins: BTreeMap<ContactId, CheckIn>,
    /// The event of a calendar that it comes from.
    pub source: Option<Source>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meeting")
            .field("id", &self.id)
            .field("start_time", &self.start_time)
            .field("cancelled", &self.cancelled)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Meeting {
    /// It takes place.
    pub fn is_on(&self) -> bool {
        self.cancelled.is_none()
    }

    /// Its calendar called it off, and may think better of it.
    pub fn is_off_by_calendar(&self) -> bool {
        matches!(self.cancelled, Some((Canceller::Calendar, _)))
    }
}

/// Whether anything of a ladder can still be tried for an event that starts then.
pub fn is_of_use(ladder: &Ladder, start: Timestamp, now: Timestamp) -> bool {
    ladder.rungs.iter().any(|rung| now < rung.window(start).until)
}

/// Whether a start can be reckoned with.
pub fn is_near(start: Timestamp, now: Timestamp) -> bool {
    (start - now).abs() <= FARTHEST
}

/// Whether a ladder reaches somebody at all. One that never turns to the person itself need not.
pub fn reaches(ladder: &Ladder, person: &Profile) -> bool {
    let mut own = ladder.rungs.iter().filter(|rung| rung.target == Target::Person).peekable();
    own.peek().is_none() || own.any(|rung| has_address(person, rung.channel))
}

fn has_address(person: &Profile, channel: Channel) -> bool {
    match channel {
        Channel::Voice | Channel::Sms | Channel::Whatsapp => person.phone_number.is_some(),
        Channel::Email => person.email.is_some(),
    }
}

/// The rung for a stand-in who is not there, counted from 1, if there is one.
pub fn lacks_stand_in(ladder: &Ladder, stand_ins: usize) -> Option<u32> {
    let named = ladder.rungs.iter().filter_map(|rung| match rung.target {
        Target::StandIn(place) => Some(place + 1),
        Target::Person | Target::Contact(_) => None,
    });
    named.max().filter(|named| usize::try_from(*named).is_ok_and(|named| named > stand_ins))
}

/// A mail address is the same in whatever case it is written.
pub fn same_address(email: &EmailAddress) -> String {
    email.as_str().to_ascii_lowercase()
}

#[cfg(test)]
pub(crate) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        contact::Language,
        sample::{at, rung},
        seconds::Seconds,
    };

    /// The id of the contact with this number.
    pub(crate) fn person(number: u128) -> ContactId {
        ContactId::from_uuid(Uuid::from_u128(number))
    }

    /// One that takes place, with two people.
    pub(crate) fn meeting() -> Meeting {
        Meeting {
            id: MeetingId::from_uuid(Uuid::from_u128(7)),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            title: "Canary board".into(),
            start_time: at("2026-03-10T09:00:00Z"),
            end_time: Some(at("2026-03-10T10:00:00Z")),
            policy_id: None,
            attendees: vec![person(1), person(2)],
            stand_ins: Vec::new(),
            external_id: String::new(),
            cancelled: None,
            check_ins: BTreeMap::new(),
            source: None,
            version: 1,
            create_time: at("2026-03-01T09:00:00Z"),
            update_time: at("2026-03-01T09:00:00Z"),
        }
    }

    pub(crate) fn ladder(channels: &[(Channel, i64)]) -> Ladder {
        Ladder {
            rungs: channels.iter().map(|(channel, offset)| rung(*channel, *offset)).collect(),
            most_calls: 2,
            requires_consent: false,
            calling_hours: None,
            acknowledged_for: None,
            closes_after: Seconds(3_600),
        }
    }

    #[test]
    fn a_ladder_is_of_use_until_its_last_window_shuts() {
        let (start, ladder) = (at("2026-03-10T09:00:00Z"), ladder(&[(Channel::Email, -720), (Channel::Sms, 600)]));
        let of_use = |now| is_of_use(&ladder, start, at(now));
        assert!(of_use("2026-03-10T08:00:00Z") && of_use("2026-03-10T09:19:59Z"));
        assert!(!of_use("2026-03-10T09:20:00Z"));
    }

    #[test]
    fn somebody_is_reached_who_has_an_address_of_one_rung() {
        let mail = Profile {
            display_name: "Ann".into(),
            phone_number: None,
            email: Some("ann@example.com".parse().expect("an address")),
            language: Language::default(),
            time_zone: None,
            external_id: String::new(),
        };
        assert!(reaches(&ladder(&[(Channel::Email, -720), (Channel::Voice, -120)]), &mail));
        assert!(!reaches(&ladder(&[(Channel::Sms, -300), (Channel::Voice, -120)]), &mail));
        let mut others = ladder(&[(Channel::Voice, -120)]);
        others.rungs[0].target = Target::StandIn(0);
        assert!(reaches(&others, &mail));
    }

    #[test]
    fn a_meeting_is_kept_as_a_document_and_does_not_show_what_it_is_called() {
        let checked = Meeting { check_ins: [(person(1), CheckIn::Missed)].into(), ..meeting() };
        let document = serde_json::to_value(&checked).expect("plain");
        assert_eq!(serde_json::from_value::<Meeting>(document).expect("own form"), checked);
        assert!(!format!("{checked:?}").contains("Canary"));
    }
}
