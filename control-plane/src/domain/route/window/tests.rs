use chrono::{Duration, NaiveDate, TimeZone, Utc};
use proptest::{prelude::*, sample::select};

use super::*;
use crate::domain::sample::at;

const ZONES: [&str; 5] = ["Europe/Berlin", "America/New_York", "Australia/Sydney", "Europe/London", "America/Santiago"];

fn window(days: &[Day], start: &str, end: &str) -> TimeWindow {
    TimeWindow {
        days: days.iter().copied().collect(),
        start: start.parse().expect("a time"),
        end: end.parse().expect("a time"),
        time_zone: None,
    }
}

fn zone(name: &str) -> Zone {
    name.parse().expect("known")
}

/// How many minutes the window holds within a day and a half around noon UTC of `date`.
fn minutes(window: &TimeWindow, zone: Zone, date: NaiveDate) -> usize {
    let noon = Utc.from_utc_datetime(&date.and_hms_opt(12, 0, 0).expect("noon"));
    (-36 * 60..36 * 60).filter(|minute| window.holds(noon + Duration::minutes(*minute), zone)).count()
}

/// The changes of 2026: zone, date, the first instant of the new time, local time just before and at it.
const CHANGES: [(&str, &str, &str, &str, &str); 10] = [
    ("Europe/Berlin", "2026-03-29", "2026-03-29T01:00:00Z", "01:59", "03:00"),
    ("Europe/Berlin", "2026-10-25", "2026-10-25T01:00:00Z", "02:59", "02:00"),
    ("America/New_York", "2026-03-08", "2026-03-08T07:00:00Z", "01:59", "03:00"),
    ("America/New_York", "2026-11-01", "2026-11-01T06:00:00Z", "01:59", "01:00"),
    ("Australia/Sydney", "2026-10-04", "2026-10-03T16:00:00Z", "01:59", "03:00"),
    ("Australia/Sydney", "2026-04-05", "2026-04-04T16:00:00Z", "02:59", "02:00"),
    ("Europe/London", "2026-03-29", "2026-03-29T01:00:00Z", "00:59", "02:00"),
    ("Europe/London", "2026-10-25", "2026-10-25T01:00:00Z", "01:59", "01:00"),
    ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "23:59", "01:00"),
    ("America/Santiago", "2026-04-04", "2026-04-05T03:00:00Z", "23:59", "23:00"),
];

fn minute_at(time: &str) -> TimeWindow {
    let start: LocalTime = time.parse().expect("a time");
    TimeWindow { days: BTreeSet::new(), start, end: LocalTime(start.0 + 1), time_zone: None }
}

#[test]
fn both_changes_of_the_clocks_are_seen_in_five_zones() {
    for (name, _, change, before, after) in CHANGES {
        let change = at(change);
        for (moment, local) in [(change - Duration::seconds(1), before), (change, after)] {
            assert!(minute_at(local).holds(moment, zone(name)), "{name} {moment} is {local}");
        }
    }
}

#[test]
fn an_hour_that_is_skipped_never_holds_and_one_that_is_repeated_holds_twice() {
    for (name, date, _, before, after) in CHANGES {
        let date: NaiveDate = date.parse().expect("a date");
        let day = Day::from(date.weekday());
        let before: LocalTime = before.parse().expect("a time");
        let after: LocalTime = after.parse().expect("a time");
        let whole_day =
            TimeWindow { days: [day].into(), start: LocalTime(0), end: LocalTime::END_OF_DAY, time_zone: None };
        let forward = after.0 == (before.0 + 61) % 1440;
        let skipped = LocalTime((before.0 + 1) % 1440);
        let (hour, length) = match forward {
            true => (TimeWindow { start: skipped, end: after, ..whole_day.clone() }, 0),
            false => (TimeWindow { start: after, end: LocalTime(before.0 + 1), ..whole_day.clone() }, 120),
        };
        assert_eq!(minutes(&hour, zone(name), date), length, "{name} {date} {hour:?}");
        let day_length = if forward { 23 * 60 } else { 25 * 60 };
        assert_eq!(minutes(&whole_day, zone(name), date), day_length, "{name} {date}");
    }
}

#[test]
fn office_hours_stay_at_the_same_local_time_over_the_year() {
    let office = window(&[Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday], "09:00", "17:00");
    for name in ZONES {
        for date in ["2026-01-14", "2026-03-30", "2026-07-15", "2026-10-26", "2026-12-16"] {
            let date: NaiveDate = date.parse().expect("a date");
            let local = |hour, minute| {
                let naive = date.and_hms_opt(hour, minute, 0).expect("a time");
                zone(name).tz().from_local_datetime(&naive).single().expect("not in a change").to_utc()
            };
            assert!(!office.holds(local(8, 59), zone(name)), "{name} {date}");
            assert!(office.holds(local(9, 0), zone(name)), "{name} {date}");
            assert!(office.holds(local(16, 59), zone(name)), "{name} {date}");
            assert!(!office.holds(local(17, 0), zone(name)), "{name} {date}");
        }
    }
}

#[test]
fn a_window_past_midnight_belongs_to_the_day_on_which_it_starts() {
    let friday_night = window(&[Day::Friday], "22:00", "06:00");
    let utc = |text: &str| friday_night.holds(at(text), Zone::UTC);
    assert!(!utc("2026-08-07T05:59:00Z"), "Friday before dawn is Thursday's night");
    assert!(!utc("2026-08-07T21:59:59Z"));
    assert!(utc("2026-08-07T22:00:00Z"));
    assert!(utc("2026-08-08T05:59:59Z"));
    assert!(!utc("2026-08-08T06:00:00Z"));
    assert!(!utc("2026-08-08T22:00:00Z"));
}

#[test]
fn a_night_over_a_change_of_the_clocks_is_an_hour_shorter_or_longer() {
    let night = window(&[Day::Saturday], "22:00", "06:00");
    let berlin = zone("Europe/Berlin");
    assert_eq!(minutes(&night, berlin, "2026-03-28".parse().expect("a date")), 7 * 60);
    assert_eq!(minutes(&night, berlin, "2026-10-24".parse().expect("a date")), 9 * 60);
}

#[test]
fn a_window_goes_by_its_own_zone_before_the_plans() {
    let own = TimeWindow { time_zone: Some(zone("Asia/Tokyo")), ..window(&[], "09:00", "10:00") };
    assert!(own.holds(at("2026-08-04T00:30:00Z"), Zone::UTC));
    assert!(!own.holds(at("2026-08-04T09:30:00Z"), Zone::UTC));
}

#[test]
fn a_time_of_day_is_four_digits_up_to_the_end_of_the_day() {
    for good in ["00:00", "09:30", "23:59", "24:00"] {
        assert_eq!(good.parse::<LocalTime>().expect("a time").to_string(), good);
    }
    for bad in ["", "9:30", "24:01", "12:60", "25:00", "-1:00", "+1:00", "12:3a", "12.30", "012:3", "12:30 "] {
        assert!(bad.parse::<LocalTime>().is_err(), "{bad}");
    }
}

#[test]
fn a_stored_window_still_loads() {
    let sample = r#"{"days":["monday","sunday"],"start":"22:00","end":"24:00","time_zone":"Europe/Berlin"}"#;
    let window: TimeWindow = serde_json::from_str(sample).expect("loads");
    assert_eq!(serde_json::to_string(&window).expect("plain"), sample);
    assert!(serde_json::from_str::<TimeWindow>(r#"{"start":"22:00","end":"24:00"}"#).is_ok());
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600i64..1_798_761_600).prop_map(|second| Utc.timestamp_opt(second, 0).single().expect("in 2026"))
}

proptest! {
    #[test]
    fn a_window_and_the_one_from_its_end_to_its_start_share_the_day_between_them(
        moment in moments(), name in select(ZONES.to_vec()), start in 0..1440u16, end in 0..1440u16,
    ) {
        prop_assume!(start != end);
        let there = TimeWindow { days: BTreeSet::new(), start: LocalTime(start), end: LocalTime(end), time_zone: None };
        let back = TimeWindow { start: there.end, end: there.start, ..there.clone() };
        prop_assert_ne!(there.holds(moment, zone(name)), back.holds(moment, zone(name)));
    }

    #[test]
    fn a_window_past_midnight_is_its_evening_and_the_next_days_morning(
        moment in moments(), name in select(ZONES.to_vec()), start in 2..1440u16, end in 1..1439u16, day in 0..7usize,
    ) {
        prop_assume!(end < start);
        let today = Day::ALL[day];
        let tomorrow = Day::ALL[(day + 1) % 7];
        let night = TimeWindow { days: [today].into(), start: LocalTime(start), end: LocalTime(end), time_zone: None };
        let evening = TimeWindow { end: LocalTime::END_OF_DAY, ..night.clone() };
        let morning = TimeWindow { days: [tomorrow].into(), start: LocalTime(0), ..night.clone() };
        let expected = evening.holds(moment, zone(name)) || morning.holds(moment, zone(name));
        prop_assert_eq!(night.holds(moment, zone(name)), expected);
    }
}
