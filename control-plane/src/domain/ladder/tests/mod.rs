//! When rungs are due and may begin, whatever the clocks do, and what a stored ladder looks like. Mistakes are in `mistakes`.

mod mistakes;

use uuid::Uuid;

use super::*;
use crate::domain::{
    sample::{at, rung},
    zone::Zone,
};

const STORED: &str = include_str!("stored.json");

fn start() -> Timestamp {
    at("2026-08-04T09:00:00Z")
}

fn holds(rung: &Rung, seconds: i64) -> bool {
    rung.window(start()).holds(start() + Duration::seconds(seconds))
}

fn full() -> Ladder {
    let script = Script {
        subject: "Board".into(),
        text: "{title} at {time}".into(),
        menu: "Press 1".into(),
        language: "de-DE".into(),
        voice: "alice".into(),
        offers_opt_out: true,
    };
    let contact = ContactId::from_uuid(Uuid::from_u128(9));
    let call = Rung { script, redials: 1, at_any_hour: true, ..rung(Channel::Voice, -120) };
    let message = Rung {
        target: Target::StandIn(1),
        window: Some(Span { from: 0, until: 900 }),
        reached: Reached::Delivered,
        ..rung(Channel::Sms, 60)
    };
    let rungs = vec![call, message, Rung { target: Target::Contact(contact), ..rung(Channel::Email, 600) }];
    Ladder {
        rungs,
        most_calls: 2,
        requires_consent: true,
        calling_hours: Some(CallingHours::default()),
        acknowledged_for: Some(Seconds(300)),
        closes_after: Seconds(3600),
    }
}

#[test]
fn a_call_before_an_event_may_begin_in_the_last_three_minutes_and_not_at_its_start() {
    let call = rung(Channel::Voice, -120);
    assert_eq!(call.due(start()), at("2026-08-04T08:58:00Z"));
    assert_eq!([-181, -180, -1, 0].map(|seconds| holds(&call, seconds)), [false, true, true, false]);
}

#[test]
fn a_message_before_an_event_may_be_sent_from_its_time_on_until_the_event() {
    let message = rung(Channel::Sms, -300);
    assert_eq!([-301, -300, -1, 0].map(|seconds| holds(&message, seconds)), [false, true, true, false]);
}

#[test]
fn a_rung_after_the_event_is_of_use_for_ten_minutes() {
    for channel in Channel::ALL {
        let call = rung(*channel, 600);
        assert_eq!([599, 600, 1199, 1200].map(|seconds| holds(&call, seconds)), [false, true, true, false]);
    }
}

#[test]
fn a_window_of_its_own_counts() {
    let call = Rung { window: Some(Span { from: -60, until: 30 }), ..rung(Channel::Voice, -30) };
    assert_eq!([-61, -60, 29, 30].map(|seconds| holds(&call, seconds)), [false, true, true, false]);
}

#[test]
fn clocks_that_change_between_a_rung_and_its_event_change_nothing() {
    // Berlin: one hour is missing, one comes twice; and days that most years do not have.
    for moment in ["2026-03-29T01:00:30Z", "2026-10-25T01:00:30Z", "2028-02-29T23:00:30Z", "2028-03-01T00:00:30Z"] {
        let start = at(moment);
        let call = rung(Channel::Voice, -120);
        assert_eq!((start - call.due(start)).num_seconds(), 120, "{moment}");
        let Window { from, until } = call.window(start);
        assert_eq!(((start - from).num_seconds(), until), (180, start));
    }
}

#[test]
fn people_are_told_the_time_that_their_clock_shows() {
    for (moment, zone, shown) in [
        // Forward: 01:59:59 is followed by 03:00.
        ("2026-03-29T00:59:00Z", "Europe/Berlin", "01:59 2026-03-29"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", "03:00 2026-03-29"),
        // Back: 02:30 comes twice.
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "02:30 2026-10-25"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "02:30 2026-10-25"),
        ("2026-10-25T02:00:00Z", "Europe/Berlin", "03:00 2026-10-25"),
        ("2028-02-29T12:00:00Z", "Europe/Berlin", "13:00 2028-02-29"),
        ("2028-02-29T23:30:00Z", "Europe/Berlin", "00:30 2028-03-01"),
        ("2028-03-01T04:30:00Z", "America/New_York", "23:30 2028-02-29"),
        ("2026-08-04T09:00:00Z", "Asia/Kathmandu", "14:45 2026-08-04"),
        ("2026-12-31T23:59:00Z", "UTC", "23:59 2026-12-31"),
    ] {
        let start = at(moment);
        let zone: Zone = zone.parse().expect("a zone");
        let occasion = Occasion { title: "Board", name: "Ada", start, zone, now: start - Duration::seconds(90) };
        assert_eq!(occasion.fill("{time} {date}", LONGEST_SPOKEN), shown, "{moment} in {zone:?}");
        assert_eq!(occasion.fill("{minutes}", LONGEST_SPOKEN), "2", "however the clocks change");
    }
}

#[test]
fn a_stored_ladder_still_loads_and_is_written_as_it_was() {
    let loaded: Ladder = serde_json::from_str(STORED).expect("loads");
    assert_eq!(loaded, full());
    let stored: serde_json::Value = serde_json::from_str(STORED).expect("JSON");
    assert_eq!(serde_json::to_value(full()).expect("plain"), stored);
}
