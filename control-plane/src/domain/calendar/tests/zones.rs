//! Time zones that a feed defines itself.

use super::{days, event, feed, reasons, shown};

/// Central Europe under a name of its own, as Outlook writes it.
fn zone(more: &str) -> String {
    format!(
        "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\n{more}BEGIN:STANDARD\nDTSTART:16011028T030000\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:16010325T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:+0100\n\
        TZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )
}

/// The same lines in Berlin and in the zone of the feed.
fn both(lines: &str, from: &str, until: &str) -> [Vec<String>; 2] {
    ["Europe/Berlin", "Customized Time Zone"].map(|name| {
        // A definition may stand behind what uses it.
        let parts = [event("s", &lines.replace("ZONE", name)), zone("")];
        shown(&feed(&parts, &days(from, until)))
    })
}

#[test]
fn a_defined_zone_means_what_the_named_one_means() {
    for (lines, from, until, count) in [
        ("DTSTART;TZID=ZONE:20260101T023000|RRULE:FREQ=DAILY", "2026-01-01", "2027-01-01", 365),
        ("DTSTART;TZID=ZONE:20260101T013000|RRULE:FREQ=DAILY;UNTIL=20260329T003000Z", "2026-01-01", "2027-01-01", 88),
        ("DTSTART;TZID=ZONE:20251001T090000|DURATION:P1D|RRULE:FREQ=WEEKLY", "2026-03-20", "2026-04-20", 4),
    ] {
        let [named, defined] = both(lines, from, until);
        assert_eq!(defined.len(), count, "{lines}");
        assert_eq!(named, defined, "{lines}");
    }
}

#[test]
fn a_zone_may_say_which_one_it_is() {
    let parts = [zone("X-LIC-LOCATION:Asia/Tokyo\n"), event("s", "DTSTART;TZID=Customized Time Zone:20260311T090000")];
    assert_eq!(shown(&feed(&parts, &days("2026-03-11", "2026-03-12"))), ["s 03-11 00:00+0"]);
}

#[test]
fn a_zone_without_rules_keeps_its_offset_and_changes_on_single_dates() {
    let fixed = "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\n\
        TZOFFSETTO:+0530\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:20260601T000000\nRDATE:20270601T000000\n\
        TZOFFSETFROM:+0530\nTZOFFSETTO:+0630\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let of = |start: &str| {
        let parts = [fixed.to_owned(), event("s", &format!("DTSTART;TZID=X:{start}"))];
        shown(&feed(&parts, &days("2026-01-01", "2027-01-01"))).concat()
    };
    assert_eq!(of("20260311T090000"), "s 03-11 03:30+0");
    assert_eq!(of("20260711T090000"), "s 07-11 02:30+0");
}

#[test]
fn a_zone_that_cannot_be_read_is_unknown() {
    for broken in [
        zone("").replace("TZOFFSETTO:+0200\n", ""),
        zone("").replace("BYMONTH=3", "BYMONTH=13"),
        zone("").replace("END:STANDARD\n", ""),
        "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nEND:VTIMEZONE\n".to_owned(),
    ] {
        let parts = [broken, event("s", "DTSTART;TZID=Customized Time Zone:20260311T090000")];
        let reasons = reasons(&feed(&parts, &days("2026-03-11", "2026-03-12"))).concat();
        assert!(reasons.contains("its time zone `Customized Time Zone` is neither"), "{reasons}");
    }
}
