//! Meetings that repeat, and what is said of single ones.

use super::{days, event, feed, reasons, shown};

/// What the lines put into the days.
fn of(lines: &str, from: &str, until: &str) -> Vec<String> {
    shown(&feed(&[event("s", lines)], &days(from, until)))
}

#[test]
fn a_series_keeps_the_hour_of_its_place_when_the_clocks_change() {
    let lines = "DTSTART;TZID=Europe/Berlin:20260105T090000|DTEND;TZID=Europe/Berlin:20260105T093000|RRULE:FREQ=WEEKLY";
    assert_eq!(
        of(lines, "2026-03-22", "2026-04-07"),
        ["s/20260323T080000Z 03-23 08:00+30", "s/20260330T070000Z 03-30 07:00+30", "s/20260406T070000Z 04-06 07:00+30"]
    );
    assert_eq!(
        of(lines, "2026-10-19", "2026-10-27"),
        ["s/20261019T070000Z 10-19 07:00+30", "s/20261026T080000Z 10-26 08:00+30"]
    );
}

#[test]
fn an_hour_that_the_clocks_leave_out_or_repeat_is_met_once() {
    let lines = "DTSTART;TZID=Europe/Berlin:20260101T023000|DURATION:PT15M|RRULE:FREQ=DAILY";
    assert_eq!(
        of(lines, "2026-03-28", "2026-03-31"),
        ["s/20260328T013000Z 03-28 01:30+15", "s/20260329T013000Z 03-29 01:30+15", "s/20260330T003000Z 03-30 00:30+15"]
    );
    assert_eq!(
        of(lines, "2026-10-24", "2026-10-27"),
        ["s/20261024T003000Z 10-24 00:30+15", "s/20261025T003000Z 10-25 00:30+15", "s/20261026T013000Z 10-26 01:30+15"]
    );
}

#[test]
fn a_day_of_the_calendar_is_not_always_twenty_four_hours() {
    let start = "DTSTART;TZID=Europe/Berlin:20260301T090000|RRULE:FREQ=DAILY";
    let last = |lines: &str| of(&format!("{start}|{lines}"), "2026-03-28", "2026-03-29");
    assert_eq!(last("DURATION:P1D"), ["s/20260328T080000Z 03-28 08:00+1380"]);
    assert_eq!(last("DTEND;TZID=Europe/Berlin:20260302T090000"), ["s/20260328T080000Z 03-28 08:00+1440"]);
    assert_eq!(last("DURATION:PT24H"), ["s/20260328T080000Z 03-28 08:00+1440"]);
}

#[test]
fn a_series_ends_by_count_by_date_or_by_time() {
    let of = |rule: &str| {
        let lines = format!("DTSTART;TZID=America/New_York:20260302T200000|RRULE:FREQ=DAILY;{rule}");
        of(&lines, "2026-03-01", "2026-03-20").len()
    };
    assert_eq!(of("COUNT=3"), 3);
    // The date is one of New York; the time is inclusive, and in UTC it is the day after.
    assert_eq!(of("UNTIL=20260304"), 3);
    assert_eq!(of("UNTIL=20260305T010000Z"), 3);
    assert_eq!(of("UNTIL=20260305T005959Z"), 2);
    assert_eq!(of("UNTIL=20260304T200000"), 3);
    assert_eq!(of("UNTIL=20260301"), 0, "ended before it began");
    assert_eq!(of("COUNT=9;UNTIL=20260304"), 3);
}

#[test]
fn single_dates_are_added_and_taken_away() {
    let lines = "DTSTART;TZID=Europe/Berlin:20260302T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=4\
        |EXDATE;TZID=Europe/Berlin:20260303T090000,20260309T090000|EXDATE:20260304T080000Z|EXDATE;VALUE=DATE:20260305\
        |RDATE;TZID=Europe/Berlin:20260306T150000|RDATE;VALUE=PERIOD:20260307T100000Z/PT5M,20260308T100000Z/20260308T101000Z";
    assert_eq!(
        of(lines, "2026-03-01", "2026-04-01"),
        [
            "s/20260302T080000Z 03-02 08:00+60",
            "s/20260306T140000Z 03-06 14:00+60",
            "s/20260307T100000Z 03-07 10:00+5",
            "s/20260308T100000Z 03-08 10:00+10",
        ]
    );
    let dates_only = "DTSTART:20260302T090000Z|RDATE:20260303T090000Z";
    assert_eq!(
        of(dates_only, "2026-03-01", "2026-04-01"),
        ["s/20260302T090000Z 03-02 09:00+0", "s/20260303T090000Z 03-03 09:00+0"]
    );
}

const DAILY: &str = "DTSTART;TZID=Europe/Berlin:20260302T090000|DURATION:PT1H|RRULE:FREQ=DAILY";

#[test]
fn a_single_instance_is_moved_called_off_or_made_a_whole_day_and_keeps_its_key() {
    let parts = [
        event("s", "RECURRENCE-ID;TZID=Europe/Berlin:20260303T090000|DTSTART:20260303T150000Z|DURATION:PT2H"),
        event("s", DAILY),
        event("s", "RECURRENCE-ID:20260304T080000Z|STATUS:CANCELLED"),
        event("s", "RECURRENCE-ID;VALUE=DATE:20260305|DTSTART;TZID=Europe/Berlin:20260305T101500"),
        event("s", "RECURRENCE-ID:20260306T080000Z|DTSTART;VALUE=DATE:20260306"),
        event("s", "RECURRENCE-ID:20260307T080000Z|DTSTART:garbled"),
    ];
    let feed = feed(&parts, &days("2026-03-02", "2026-03-09"));
    assert_eq!(
        shown(&feed),
        [
            "s/20260302T080000Z 03-02 08:00+60",
            "s/20260303T080000Z 03-03 15:00+120",
            "!s/20260304T080000Z 03-04 08:00+0",
            "s/20260305T080000Z 03-05 09:15+0",
            "s/20260308T080000Z 03-08 08:00+60",
        ]
    );
    let reasons = reasons(&feed);
    assert!(
        reasons[0].starts_with("29 s: it lasts whole days") && reasons[1].starts_with("35 s: its DTSTART"),
        "{reasons:?}"
    );
}

#[test]
fn an_instance_is_followed_into_the_window_and_out_of_it() {
    let parts = [
        event("s", DAILY),
        event("s", "RECURRENCE-ID:20260601T070000Z|DTSTART:20260311T200000Z"),
        event("s", "RECURRENCE-ID:20260312T080000Z|DTSTART:20260401T200000Z"),
    ];
    let feed = feed(&parts, &days("2026-03-11", "2026-03-14"));
    assert_eq!(
        shown(&feed),
        ["s/20260311T080000Z 03-11 08:00+60", "s/20260601T070000Z 03-11 20:00+0", "s/20260313T080000Z 03-13 08:00+60"]
    );
    let elsewhere: Vec<_> = feed.elsewhere.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(elsewhere, ["s/20260312T080000Z"]);
}

#[test]
fn an_invitation_to_one_instance_alone_is_read_without_its_series() {
    let parts = [event("s", "RECURRENCE-ID:20260303T080000Z|DTSTART:20260303T090000Z")];
    assert_eq!(shown(&feed(&parts, &days("2026-03-01", "2026-04-01"))), ["s/20260303T080000Z 03-03 09:00+0"]);
}

#[test]
fn a_change_to_one_and_all_that_follow_moves_them_all() {
    let parts = [
        event("s", DAILY),
        event(
            "s",
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T080000Z|DTSTART;TZID=Europe/Berlin:20260304T110000|DURATION:PT5M",
        ),
        event("s", "RECURRENCE-ID:20260305T080000Z|STATUS:CANCELLED"),
    ];
    assert_eq!(
        shown(&feed(&parts, &days("2026-03-03", "2026-03-07"))),
        [
            "s/20260303T080000Z 03-03 08:00+60",
            "s/20260304T080000Z 03-04 10:00+5",
            "!s/20260305T080000Z 03-05 08:00+0",
            "s/20260306T080000Z 03-06 10:00+5",
        ]
    );
    // Long after, and across a change of the clocks.
    assert_eq!(shown(&feed(&parts, &days("2026-06-01", "2026-06-02"))), ["s/20260601T070000Z 06-01 09:00+5"]);
}

#[test]
fn a_series_that_is_called_off_says_so_of_each() {
    let parts = [event("s", &format!("{DAILY}|STATUS:CANCELLED"))];
    let feed = feed(&parts, &days("2026-03-03", "2026-03-05"));
    assert_eq!(shown(&feed), ["!s/20260303T080000Z 03-03 08:00+60", "!s/20260304T080000Z 03-04 08:00+60"]);
}

#[test]
fn an_instance_without_a_title_has_that_of_its_series() {
    let parts = [
        event("s", DAILY),
        "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID:20260303T080000Z\nDTSTART:20260303T090000Z\nEND:VEVENT\n".to_owned(),
    ];
    let feed = feed(&parts, &days("2026-03-03", "2026-03-04"));
    assert_eq!(feed.occurrences[0].title, "Title of s");
}
