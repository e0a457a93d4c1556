//! Meetings that do not repeat.

use super::{at, berlin, calendar, days, event, feed, reasons, shown};
use crate::domain::calendar::{Attendee, read};

#[test]
fn a_meeting_is_read_with_all_that_is_said_of_it() {
    let text = [
        "BEGIN:VCALENDAR",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "UID:one@example.com",
        "SEQUENCE:3",
        "SUMMARY:Quarterly\\, with",
        "  everybody",
        "DTSTART;TZID=Europe/Berlin:20260311T090000",
        "DTEND;TZID=\"Europe/London\":20260311T090000",
        "LOCATION:Room 1\\; upstairs",
        "URL:https://meet.example.com/abc",
        "ORGANIZER;CN=\"Doe, Jane\":MAILTO:jane@example.com",
        "ATTENDEE;CN=\"Bo: the boss\";PARTSTAT=DECLINED:mailto:bo@example.com",
        "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:mailto:ann@example.com",
        "ATTENDEE;CUTYPE=ROOM:mailto:room@example.com",
        "ATTENDEE;EMAIL=cy@example.com:/principals/cy",
        "ATTENDEE:invalid:nobody",
        "ATTENDEE;CN=Ann again:mailto:ann@example.com",
        "BEGIN:VALARM",
        "SUMMARY:Alarm",
        "TRIGGER:-PT5M",
        "ATTENDEE:mailto:alarm@example.com",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    let feed = read(&text.join("\r\n"), &days("2026-03-01", "2026-04-01"), berlin()).expect("a calendar");
    let [one] = &feed.occurrences[..] else { panic!("{feed:?}") };
    assert_eq!((one.uid.as_str(), one.key.as_str(), one.recurrence_id), ("one@example.com", "one@example.com", None));
    assert_eq!((one.title.as_str(), one.sequence, one.cancelled), ("Quarterly, with everybody", 3, false));
    assert_eq!((one.start, one.end), (at("2026-03-11 08:00"), at("2026-03-11 09:00")));
    assert_eq!((one.location.as_str(), one.url.as_str()), ("Room 1; upstairs", "https://meet.example.com/abc"));
    assert_eq!(one.organizer.as_ref().map(|email| email.as_str()), Some("jane@example.com"));
    let people =
        one.attendees.iter().map(|Attendee { email, name, declined }| (email.as_str(), name.as_str(), *declined));
    let expected =
        [("ann@example.com", "Ann", false), ("bo@example.com", "Bo: the boss", true), ("cy@example.com", "", false)];
    assert_eq!(people.collect::<Vec<_>>(), expected);
    let debug = format!("{feed:?} {one:?} {:?}", one.attendees);
    for secret in ["Quarterly", "ann@", "Bo:", "upstairs", "meet.example"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn times_are_utc_of_a_zone_or_of_the_feeds_own_zone() {
    let parts = [
        event("utc", "DTSTART:20260311T090000Z|DURATION:PT30M"),
        event("floating", "DTSTART:20260311T090000|DURATION:PT1H"),
        event("zoned", "DTSTART;TZID=America/New_York:20260311T090000|DTEND:20260311T133000Z"),
        event("windows", "DTSTART;TZID=Pacific Standard Time:20260311T090000"),
        event("utc-wins", "DTSTART;TZID=America/New_York:20260311T093000Z"),
    ];
    assert_eq!(
        shown(&feed(&parts, &days("2026-03-01", "2026-04-01"))),
        [
            "floating 03-11 08:00+60",
            "utc 03-11 09:00+30",
            "utc-wins 03-11 09:30+0",
            "zoned 03-11 13:00+30",
            "windows 03-11 16:00+0",
        ]
    );
}

#[test]
fn the_window_takes_in_its_beginning_and_not_its_end() {
    let parts = ["20260228T235959Z", "20260301T000000Z", "20260331T235959Z", "20260401T000000Z"]
        .map(|start| event(start, &format!("DTSTART:{start}")));
    let feed = feed(&parts, &days("2026-03-01", "2026-04-01"));
    assert_eq!(
        feed.occurrences.iter().map(|one| one.uid.as_str()).collect::<Vec<_>>(),
        ["20260301T000000Z", "20260331T235959Z"]
    );
    assert_eq!((feed.elsewhere.len(), feed.events), (2, 4));
}

#[test]
fn what_is_called_off_is_said_to_be() {
    let parts = [
        event("off", "DTSTART:20260311T090000Z|STATUS:CANCELLED"),
        event("perhaps", "DTSTART:20260311T090000Z|STATUS:TENTATIVE"),
    ];
    let window = days("2026-03-01", "2026-04-01");
    assert_eq!(shown(&feed(&parts, &window)), ["!off 03-11 09:00+0", "perhaps 03-11 09:00+0"]);
    let cancelling = calendar(&["METHOD:CANCEL\r\n".to_owned(), event("all", "DTSTART:20260311T090000Z")]);
    let both = format!("{cancelling}{}", calendar(&[event("other", "DTSTART:20260311T090000Z")]));
    let feed = read(&both, &window, berlin()).expect("two calendars");
    assert_eq!(shown(&feed), ["!all 03-11 09:00+0", "other 03-11 09:00+0"]);
}

#[test]
fn a_broken_event_is_skipped_with_its_line_and_the_others_count() {
    let parts = [
        event("day", "DTSTART;VALUE=DATE:20260311"),
        event("outlook-day", "DTSTART:20260311T000000Z|X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"),
        event("none", "X-NOTHING:1"),
        event("garbled", "DTSTART:tomorrow at nine"),
        event("nowhere", "DTSTART;TZID=Shire/Bree:20260311T090000"),
        event("backwards", "DTSTART:20260311T090000Z|DTEND:20260311T080000Z"),
        event("end", "DTSTART:20260311T090000Z|DTEND;VALUE=DATE:20260312"),
        event("length", "DTSTART:20260311T090000Z|DURATION:-PT1H"),
        event("hourly", "DTSTART:20260311T090000Z|RRULE:FREQ=HOURLY"),
        event("rule", "DTSTART:20260311T090000Z|RRULE:often"),
        event("", "DTSTART:20260311T090000Z"),
        "BEGIN:VEVENT\r\nUID:open\r\nDTSTART:20260311T090000Z\r\n".to_owned(),
        event("fine", "DTSTART:20260311T090000Z"),
    ];
    let feed = feed(&parts, &days("2026-03-01", "2026-04-01"));
    assert_eq!(shown(&feed), ["fine 03-11 09:00+0"]);
    assert_eq!(
        reasons(&feed),
        [
            "3 day: it lasts whole days: there is no time to call before",
            "8 outlook-day: it lasts whole days: there is no time to call before",
            "14 none: it has no DTSTART",
            "19 garbled: its DTSTART cannot be read",
            "24 nowhere: its time zone `Shire/Bree` is neither an IANA or Windows name nor defined",
            "29 backwards: it ends before it begins",
            "35 end: its DTEND cannot be read",
            "41 length: its DURATION cannot be read",
            "47 hourly: it uses a rule that repeats within the day, which is not supported",
            "53 rule: its RRULE cannot be read",
            "59 : it has no UID that can be kept",
            "64 open: its `END:VEVENT`, or that of a part of it, is missing",
        ]
    );
}

#[test]
fn of_two_versions_the_later_counts() {
    let parts = [
        event("a", "SEQUENCE:2|DTSTART:20260312T090000Z"),
        event("a", "SEQUENCE:1|DTSTART:20260311T090000Z"),
        event("b", "DTSTAMP:20260102T000000Z|DTSTART:20260314T090000Z"),
        event("b", "DTSTAMP:20260101T000000Z|DTSTART:20260313T090000Z"),
    ];
    let feed = feed(&parts, &days("2026-03-01", "2026-04-01"));
    assert_eq!(shown(&feed), ["a 03-12 09:00+0", "b 03-14 09:00+0"]);
    assert_eq!(
        reasons(&feed),
        ["9 a: the feed holds a later version of it", "21 b: the feed holds a later version of it"]
    );
}
