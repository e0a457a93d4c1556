use proptest::{prelude::*, sample::select};

use super::*;
use crate::domain::sample::at;

const BERLINER: &str = "+493012345678";
const NEW_YORKER: &str = "+12125550100";

fn hours(from: &str, until: &str, days: &[Day]) -> CallingHours {
    let time = |text: &str| text.parse().expect("a time");
    CallingHours { from: time(from), until: time(until), days: days.iter().copied().collect() }
}

fn zone(name: &str) -> Option<Zone> {
    Some(name.parse().expect("known"))
}

fn judged(hours: &CallingHours, moment: &str, zone: Option<Zone>, number: &str) -> Verdict {
    judge(hours, at(moment), zone, &number.parse().expect("E.164"))
}

fn opens(moment: &str) -> Verdict {
    Verdict::Outside { opens: at(moment) }
}

#[test]
fn eight_to_twenty_one_is_allowed_to_the_second() {
    let usual = CallingHours::default();
    for (moment, verdict) in [
        ("2026-01-14T06:59:59Z", opens("2026-01-14T07:00:00Z")),
        ("2026-01-14T07:00:00Z", Verdict::Inside),
        ("2026-01-14T19:59:59.999999Z", Verdict::Inside),
        ("2026-01-14T20:00:00Z", opens("2026-01-15T07:00:00Z")),
    ] {
        assert_eq!(judged(&usual, moment, None, BERLINER), verdict, "{moment}");
    }
}

#[test]
fn both_changes_of_the_clocks_move_the_opening() {
    let usual = CallingHours::default();
    for (night, name, morning) in [
        ("2026-03-28T22:00:00Z", "Europe/Berlin", "2026-03-29T06:00:00Z"),
        ("2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T07:00:00Z"),
        ("2026-03-08T04:00:00Z", "America/New_York", "2026-03-08T12:00:00Z"),
        ("2026-11-01T04:00:00Z", "America/New_York", "2026-11-01T13:00:00Z"),
        ("2026-10-03T12:00:00Z", "Australia/Sydney", "2026-10-03T21:00:00Z"),
    ] {
        assert_eq!(judged(&usual, night, zone(name), NEW_YORKER), opens(morning), "{name} {night}");
    }
}

#[test]
fn an_hour_that_is_skipped_opens_with_the_next_one_and_a_repeated_one_opens_twice() {
    let small_hours = hours("02:15", "03:30", &[]);
    // At 01:00Z on this day 02:00 becomes 03:00.
    assert_eq!(judged(&small_hours, "2026-03-29T00:30:00Z", None, BERLINER), opens("2026-03-29T01:00:00Z"));
    let within = hours("02:15", "02:45", &[]);
    assert_eq!(judged(&within, "2026-03-29T00:30:00Z", None, BERLINER), opens("2026-03-30T00:15:00Z"));
    // At 01:00Z on this day 03:00 becomes 02:00 again.
    assert_eq!(judged(&within, "2026-10-25T00:00:00Z", None, BERLINER), opens("2026-10-25T00:15:00Z"));
    assert_eq!(judged(&within, "2026-10-25T00:50:00Z", None, BERLINER), opens("2026-10-25T01:15:00Z"));
}

#[test]
fn a_sunday_that_has_no_such_hour_waits_for_the_next() {
    let sundays = hours("02:15", "02:45", &[Day::Sunday]);
    assert_eq!(judged(&sundays, "2026-03-22T12:00:00Z", None, BERLINER), opens("2026-04-05T00:15:00Z"));
}

#[test]
fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
    let nights = hours("22:00", "02:00", &[Day::Friday]);
    let utc = zone("UTC");
    for (moment, verdict) in [
        ("2026-08-07T01:00:00Z", opens("2026-08-07T22:00:00Z")),
        ("2026-08-07T22:00:00Z", Verdict::Inside),
        ("2026-08-08T01:59:59Z", Verdict::Inside),
        ("2026-08-08T02:00:00Z", opens("2026-08-14T22:00:00Z")),
    ] {
        assert_eq!(judged(&nights, moment, utc, BERLINER), verdict, "{moment}");
    }
}

#[test]
fn a_leap_day_is_a_day() {
    let usual = CallingHours::default();
    assert_eq!(judged(&usual, "2028-02-28T22:00:00Z", None, BERLINER), opens("2028-02-29T07:00:00Z"));
    assert_eq!(judged(&usual, "2028-02-29T12:00:00Z", None, BERLINER), Verdict::Inside);
    let tuesdays = hours("08:00", "21:00", &[Day::Tuesday]);
    assert_eq!(judged(&tuesdays, "2028-02-28T12:00:00Z", None, BERLINER), opens("2028-02-29T07:00:00Z"));
    assert_eq!(judged(&tuesdays, "2028-02-29T20:00:00Z", None, BERLINER), opens("2028-03-07T07:00:00Z"));
}

#[test]
fn a_country_of_many_zones_is_inside_or_outside_only_when_all_of_them_are() {
    let usual = CallingHours::default();
    // In summer, when it is 8 in Honolulu it is 18 Z, and when it is 21 in New York it is 1 Z.
    for (moment, verdict) in [
        ("2026-07-01T17:59:00Z", Verdict::Unknown),
        ("2026-07-01T18:00:00Z", Verdict::Inside),
        ("2026-07-02T00:59:00Z", Verdict::Inside),
        ("2026-07-02T01:00:00Z", Verdict::Unknown),
        ("2026-07-02T07:30:00Z", opens("2026-07-02T18:00:00Z")),
        ("2026-07-02T12:00:00Z", Verdict::Unknown),
    ] {
        assert_eq!(judged(&usual, moment, None, NEW_YORKER), verdict, "{moment}");
    }
    let stored = zone("America/New_York");
    assert_eq!(
        judged(&usual, "2026-07-02T12:00:00Z", stored, NEW_YORKER),
        Verdict::Inside,
        "what is stored comes first"
    );
}

#[test]
fn nothing_is_known_of_a_number_of_no_country_and_of_hours_that_zones_never_share() {
    let usual = CallingHours::default();
    assert_eq!(judged(&usual, "2026-07-01T18:00:00Z", None, "+18005550100"), Verdict::Unknown);
    assert_eq!(judged(&usual, "2026-07-01T18:00:00Z", zone("Europe/Berlin"), "+18005550100"), Verdict::Inside);
    let breakfast = hours("08:00", "08:30", &[]);
    assert_eq!(judged(&breakfast, "2026-07-01T08:00:00Z", None, NEW_YORKER), Verdict::Unknown);
}

#[test]
fn stored_hours_and_verdicts_still_load() {
    let sample = r#"{"from":"08:00","until":"24:00","days":["monday","sunday"]}"#;
    let loaded: CallingHours = serde_json::from_str(sample).expect("loads");
    assert_eq!(serde_json::to_string(&loaded).expect("plain"), sample);
    let usual: CallingHours = serde_json::from_str(r#"{"from":"08:00","until":"21:00"}"#).expect("loads");
    assert_eq!(usual, CallingHours::default());
    let outside = r#"{"verdict":"outside","opens":"2026-07-02T18:00:00Z"}"#;
    assert_eq!(serde_json::from_str::<Verdict>(outside).expect("loads"), opens("2026-07-02T18:00:00Z"));
    assert_eq!(hours("24:00", "21:00", &[]).check().expect_err("never begins").violations[0].field, "from");
    assert!(usual.check().is_ok());
}

proptest! {
    #[test]
    fn an_opening_is_the_first_moment_at_which_a_call_may_be_placed(
        second in 1_767_225_600i64..1_798_761_600,
        number in select(vec![BERLINER, NEW_YORKER, "+61212345678", "+5511912345678", "+34911234567"]),
    ) {
        let moment = Timestamp::from_timestamp(second, 0).expect("in 2026");
        let number: E164 = number.parse().expect("E.164");
        let usual = CallingHours::default();
        if let Verdict::Outside { opens } = judge(&usual, moment, None, &number) {
            prop_assert!(moment < opens && opens < moment + Duration::days(2));
            prop_assert_eq!(judge(&usual, opens, None, &number), Verdict::Inside);
            prop_assert_ne!(judge(&usual, opens - Duration::seconds(1), None, &number), Verdict::Inside);
        }
    }
}
