//! When a calendar is looked at, and what a reading wants of our meetings.

use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;
use crate::domain::{
    calendar::{self, Feed, plan},
    ladder::Channel,
    machine::Machine,
    meeting::{
        Meeting, Said,
        tests::{ladder, meeting, person},
    },
    outcome::{Cause, Refused},
    sample::at,
};

fn now() -> Timestamp {
    at("2026-03-05T12:00:00Z")
}

fn fresh() -> CalendarFeed {
    CalendarFeed {
        id: CalendarFeedId::from_uuid(Uuid::from_u128(3)),
        workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
        display_name: "Board".into(),
        policy_id: PolicyId::from_uuid(Uuid::nil()),
        time_zone: None,
        stand_ins: Vec::new(),
        host: "calendar.example.com".into(),
        state: State::Pending,
        last_error: String::new(),
        work: Work::New,
        round: 0,
        whole_round: 0,
        failures: 0,
        etag: None,
        last_modified: None,
        read_time: None,
        look_time: None,
        skipped: Vec::new(),
        version: 1,
        create_time: now(),
        update_time: now(),
    }
}

fn reading(is_suspicious: bool) -> Outcome<Look> {
    let etag = Some("\"v1\"".to_owned());
    let reading = Reading { etag, last_modified: None, read_time: now(), is_suspicious, skipped: Vec::new() };
    Outcome::Done(Look::Read(Box::new(reading)))
}

fn refused() -> Outcome<Look> {
    let message = "there is no calendar".to_owned();
    Outcome::Refused(Refused { cause: Cause::NotFound, code: 0, http_status: 404, message })
}

fn stepped(feed: &CalendarFeed, event: Event, now: Timestamp) -> CalendarFeed {
    feed.step(event, now).expect("it fits").next
}

fn looked(feed: &CalendarFeed, outcome: Outcome<Look>, now: Timestamp) -> CalendarFeed {
    stepped(feed, Event::Looked { round: feed.round, outcome }, now)
}

#[test]
fn a_calendar_is_looked_at_at_once_and_every_minute() {
    let begun = fresh().step(Event::Created, now()).expect("new");
    assert_eq!((begun.effects.len(), begun.next.deadline()), (1, None));
    let read = looked(&begun.next, reading(false), now());
    assert_eq!((read.state, read.deadline()), (State::Read, Some(now() + RHYTHM)));
    assert!(read.step(Event::Tick, now()).is_err());
    let again = stepped(&read, Event::Tick, now() + RHYTHM);
    assert_eq!((again.round, again.etag.as_deref()), (2, Some("\"v1\"")));
    assert!(again.step(Event::Looked { round: 1, outcome: reading(false) }, now()).is_err());
}

#[test]
fn a_calendar_that_fails_is_left_alone_for_longer_and_longer() {
    let mut feed = looked(&stepped(&fresh(), Event::Created, now()), reading(false), now());
    let mut pauses = Vec::new();
    for _ in 0..7 {
        let due = feed.deadline().expect("it rests");
        feed = looked(&stepped(&feed, Event::Tick, due), refused(), due);
        pauses.push((feed.deadline().expect("it rests") - due).num_seconds());
    }
    assert_eq!(pauses, [60, 120, 240, 480, 900, 900, 900]);
    assert_eq!((feed.state, feed.etag.as_deref()), (State::Failed, Some("\"v1\"")));
    let due = feed.deadline().expect("it rests");
    let well = looked(&stepped(&feed, Event::Tick, due), Outcome::Done(Look::Unchanged), due);
    assert_eq!((well.state, well.failures, well.last_error.as_str()), (State::Read, 0, ""));
    assert_eq!(well.deadline(), Some(due + RHYTHM));
}

#[test]
fn an_empty_calendar_is_not_believed_and_read_whole_until_it_is_itself() {
    let feed = looked(&stepped(&fresh(), Event::Created, now()), reading(true), now());
    assert_eq!((feed.state, feed.etag.as_deref(), feed.read_time), (State::Suspicious, None, None));
    assert!(feed.is_read_whole(now() + RHYTHM));
}

#[test]
fn who_asks_gets_a_whole_reading_even_if_somebody_is_looking() {
    let feed = stepped(&fresh(), Event::Created, now());
    let asked = stepped(&feed, Event::Asked, now());
    let again = looked(&asked, reading(false), now());
    assert_eq!((again.work.clone(), again.round), (Work::Looking, 2));
    assert!(again.is_read_whole(now()));
    let rests = looked(&again, reading(false), now());
    assert!(!stepped(&rests, Event::Tick, now() + RHYTHM).is_read_whole(now() + RHYTHM));
    assert!(stepped(&rests, Event::Asked, now()).is_read_whole(now()));
    assert!(rests.is_read_whole(now() + STALE));
}

fn some_event() -> impl Strategy<Value = (u8, u32)> {
    (0..8_u8, 0..6_u32)
}

proptest! {
    #[test]
    fn it_looks_or_rests_whatever_happens(events in vec(some_event(), 0..60)) {
        let (mut feed, mut now) = (stepped(&fresh(), Event::Created, now()), now());
        for (kind, round) in events {
            let round = feed.round.saturating_sub(round);
            let event = match kind {
                0 => Event::Created,
                1 => Event::Asked,
                2 => Event::Looked { round, outcome: reading(false) },
                3 => Event::Looked { round, outcome: reading(true) },
                4 => Event::Looked { round, outcome: refused() },
                5 => Event::Looked { round, outcome: Outcome::Unknown("broke".into()) },
                6 => Event::Looked { round, outcome: Outcome::Done(Look::Unchanged) },
                _ => Event::Tick,
            };
            now += Duration::seconds(40);
            let Ok(step) = feed.step(event, now) else { continue };
            prop_assert!(step.effects.len() == usize::from(step.next.round > feed.round));
            feed = step.next;
            match feed.work {
                Work::Looking => prop_assert!(feed.deadline().is_none()),
                _ => prop_assert!(feed.deadline().is_some_and(|due| due <= now + LONGEST_PAUSE)),
            }
        }
    }
}

fn read(events: &[&str]) -> Feed {
    let events = events.iter().map(|event| format!("BEGIN:VEVENT\n{}\nEND:VEVENT\n", event.replace('|', "\n")));
    let text = format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.collect::<String>());
    calendar::read(&text, &CalendarFeed::window(now()), Zone::UTC).expect("a calendar")
}

fn directory() -> Directory {
    [("ann@example.com".to_owned(), person(1)), ("ben@example.com".to_owned(), person(2))].into()
}

/// What is done, and what is left out.
fn outcome(known: &[Meeting], events: &[&str]) -> (Vec<String>, Vec<(u32, u32)>) {
    let feed = read(events).for_people(&directory());
    let known: Vec<_> = known.iter().filter_map(Meeting::known).collect();
    let ladder = ladder(&[(Channel::Sms, -300)]);
    let wanted = wanted(&plan(&known, &feed, now()), &ladder, now());
    let one = |wanted: &Wanted| match wanted {
        Wanted::Keep(said) => format!("keep {} with {}", said.key, said.attendees(&directory()).len()),
        Wanted::Off { key } => format!("off {key}"),
    };
    (wanted.iter().map(one).collect(), skipped(&feed).iter().map(|skipped| (skipped.count, skipped.line)).collect())
}

const ANN: &str =
    "UID:a|SUMMARY:A|DTSTART:20260310T090000Z|ATTENDEE:mailto:Ann@Example.com|ATTENDEE:mailto:x@example.com";

#[test]
fn only_events_that_concern_somebody_here_are_taken_up() {
    let stranger = "UID:s|DTSTART:20260310T090000Z|RRULE:FREQ=DAILY|ATTENDEE:mailto:x@example.com";
    let declined = "UID:d|DTSTART:20260310T090000Z|ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com";
    let whole_day = "UID:w|DTSTART;VALUE=DATE:20260310|ATTENDEE:mailto:ann@example.com";
    let over = "UID:o|DTSTART:20260305T090000Z|ATTENDEE:mailto:ann@example.com";
    let (done, left_out) = outcome(&[], &[ANN, stranger, declined, whole_day, over]);
    assert_eq!(done, ["keep a with 1"]);
    assert_eq!(left_out, [(2, 0), (1, 20)]);
}

#[test]
fn whoever_becomes_known_or_declines_changes_a_meeting() {
    let feed = read(&[ANN]).for_people(&directory());
    let Some(Wanted::Keep(said)) = wanted(&plan(&[], &feed, now()), &ladder(&[(Channel::Sms, -300)]), now()).pop()
    else {
        panic!("a meeting");
    };
    let held = meeting().told(fresh().id, &said, &directory());
    assert_eq!(outcome(std::slice::from_ref(&held), &[ANN]).0, [""; 0]);
    let both = format!("{ANN}|ATTENDEE:mailto:ben@example.com");
    assert_eq!(outcome(std::slice::from_ref(&held), &[&both]).0, ["keep a with 2"]);
    let declined = ANN.replace("ATTENDEE:mailto:Ann", "ATTENDEE;PARTSTAT=DECLINED:mailto:Ann");
    assert_eq!(outcome(&[held], &[&declined]).0, ["keep a with 0"]);
}

#[test]
fn a_transaction_takes_so_many_ladders_and_at_least_one_meeting() {
    let email = |n: usize| format!("p{n}@example.com").parse().expect("an address");
    let of = |key: usize, people: usize| {
        let (title, start, end) = (String::new(), now(), now());
        let invited = (0..people).map(email).collect();
        Wanted::Keep(Said { key: key.to_string(), title, start, end, sequence: 0, invited })
    };
    let sizes = |wanted: Vec<Wanted>| batches(wanted).iter().map(Vec::len).collect::<Vec<_>>();
    assert!(batches(Vec::new()).is_empty());
    assert_eq!(sizes((0..400).map(|key| of(key, 1)).collect()), [150, 150, 100]);
    assert_eq!(sizes(vec![of(1, 900), of(2, 1), of(3, 298), of(4, 1)]), [1, 1, 1, 1]);
}
