//! Whatever a feed sends: an answer, in bounded time.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{berlin, calendar, days, event, feed};
use crate::domain::calendar::{Why, decode, read};

const PIECES: &[&str] = &[
    "BEGIN:VCALENDAR\n",
    "END:VCALENDAR\n",
    "BEGIN:VEVENT\n",
    "END:VEVENT\n",
    "BEGIN:VTIMEZONE\nTZID:X\n",
    "BEGIN:DAYLIGHT\n",
    "END:DAYLIGHT\n",
    "END:VTIMEZONE\n",
    "BEGIN:VALARM\n",
    "METHOD:CANCEL\n",
    "UID:a\n",
    "UID:b/20260311T090000Z\n",
    "DTSTART:20260311T090000Z\n",
    "DTSTART;TZID=X:20260311T090000\n",
    "DTSTART;TZID=Europe/Berlin:20260329T023000\n",
    "DTSTART:00000101T000000\n",
    "DTSTART:99991231T235959Z\n",
    "DTSTART;VALUE=DATE:20260311\n",
    "DTEND:99991231T235959Z\n",
    "DURATION:P9999999W\n",
    "TZOFFSETFROM:-2359\n",
    "TZOFFSETTO:+235959\n",
    "RRULE:FREQ=DAILY\n",
    "RRULE:FREQ=YEARLY;BYDAY=53MO;INTERVAL=4294967295\n",
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4294967295\n",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20260401\n",
    "RDATE:20260312T090000Z,00000101T000000Z/99991231T000000Z\n",
    "EXDATE;TZID=X:20260312T090000\n",
    "RECURRENCE-ID:20260312T090000Z\n",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260312T090000Z\n",
    "ATTENDEE;CN=\"x:mailto:a@b.example\n",
    "SUMMARY:\\",
    " \n",
    "\u{0}é;:,=\"\\\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_end_in_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        let text = decode(&bytes).unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        let _ = read(&text, &days("2026-03-01", "2026-04-01"), berlin());
    }

    #[test]
    fn any_lines_end_in_an_answer_that_holds_together(pieces in vec(select(PIECES), 0..40), inside in any::<bool>()) {
        let text = pieces.concat();
        let text = if inside { calendar(&[text]) } else { text };
        let window = days("2026-03-01", "2026-04-01");
        let Ok(feed) = read(&text, &window, berlin()) else { return Ok(()) };
        let mut keys = std::collections::BTreeSet::new();
        for said in feed.occurrences.iter().chain(&feed.elsewhere) {
            prop_assert!(said.start <= said.end && keys.insert(&said.key), "{said:?}");
        }
        prop_assert!(feed.occurrences.iter().all(|said| window.contains(&said.start)));
        prop_assert!(feed.occurrences.is_sorted_by_key(|said| said.start));
        prop_assert_eq!(read(&text, &window, berlin()).expect("as before"), feed);
    }

    #[test]
    fn any_rule_ends_in_an_answer(rule in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);)?([A-Z]{3,10}=[-,0-9A-Z]{0,9};){0,4}") {
        let parts = [event("a", &format!("DTSTART:00010101T090000Z|RRULE:{rule}"))];
        let _ = feed(&parts, &days("2026-03-01", "2026-04-01"));
    }
}

#[test]
fn a_feed_without_end_is_cut_and_says_so() {
    let parts: Vec<_> =
        (0..300).map(|number| event(&number.to_string(), "DTSTART:20260101T090000Z|RRULE:FREQ=DAILY")).collect();
    let feed = feed(&parts, &days("2026-03-01", "2026-06-01"));
    assert_eq!((feed.occurrences.len(), feed.is_cut, feed.events), (20_000, true, 300));
}

#[test]
fn what_takes_too_long_to_follow_is_given_up() {
    let endless = "DTSTART:00010101T000000Z|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9";
    let parts: Vec<_> = (0..2_000).map(|number| event(&number.to_string(), endless)).collect();
    let feed = feed(&parts, &days("2026-03-01", "2026-04-01"));
    assert_eq!((feed.occurrences.len(), feed.events), (0, 2_000));
    assert!(feed.skipped.len() > 1_900 && feed.skipped.iter().all(|skipped| skipped.why == Why::TooOften));
}

#[test]
fn an_event_with_many_rules_is_not_followed() {
    let lines = format!("DTSTART:20260311T090000Z{}", "|RRULE:FREQ=DAILY".repeat(1_000));
    let feed = feed(&[event("a", &lines)], &days("2026-03-01", "2026-04-01"));
    assert!(matches!(feed.skipped[0].why, Why::Unsupported(_)), "{feed:?}");
}
