//! The local times a recurrence rule means. Dates and clock times only: what instants they are is the place's affair, so
//! that a change of the clocks keeps a meeting at nine at nine.

use std::ops::Range;

use chrono::{Datelike, Days, Duration, NaiveDate, NaiveDateTime};

use super::{
    rule::{Frequency, Rule, WeekDay},
    why::Why,
};

/// How many instances and periods of one series are looked at.
const MOST_LOOKED_AT: u32 = 10_000;

/// How many times of day of all series of a feed together are looked at.
const MOST_WORK: u64 = 5_000_000;

/// The last year there is.
const LAST_YEAR: i64 = 9999;

/// What reading one feed may still cost.
pub(super) struct Work(u64);

impl Default for Work {
    fn default() -> Self {
        Self(MOST_WORK)
    }
}

impl Work {
    fn spend(&mut self, times: u64) -> Result<(), Why> {
        self.0 = self.0.checked_sub(times).ok_or(Why::TooOften)?;
        Ok(())
    }
}

/// The instances within `range`, in order. `start` is the first whether the rule names it or not, and counts (RFC 5545
/// §3.8.5.3); none is after `last`.
pub(super) fn expand(
    rule: &Rule,
    start: NaiveDateTime,
    last: Option<NaiveDateTime>,
    range: Range<NaiveDateTime>,
    work: &mut Work,
) -> Result<Vec<NaiveDateTime>, Why> {
    let mut series = Series { rule: rule.completed(start), start, last, range, counted: 0, found: Vec::new() };
    if !series.take(start) {
        return Ok(series.found);
    }
    // What is counted must be looked at from the start; otherwise there may be years to leave out.
    let first = if rule.count.is_some() { 0 } else { series.periods_before() };
    for nth in first.. {
        let looked_at = (nth - first) as u64 + u64::from(series.counted);
        if looked_at > u64::from(MOST_LOOKED_AT) {
            return Err(Why::TooOften);
        }
        let Some(days) = series.period(nth) else { break };
        work.spend(u64::from(days.len) * series.rule.times_a_day())?;
        if !series.go_through(days) {
            break;
        }
    }
    Ok(series.found)
}

struct Series {
    rule: Rule,
    start: NaiveDateTime,
    last: Option<NaiveDateTime>,
    range: Range<NaiveDateTime>,
    counted: u32,
    found: Vec<NaiveDateTime>,
}

/// Days in a row.
#[derive(Clone, Copy)]
struct Period {
    first: NaiveDate,
    len: u32,
}

impl Series {
    /// Counts an instance and keeps it if it is asked for; false when none can follow.
    fn take(&mut self, moment: NaiveDateTime) -> bool {
        let is_over = self.last.is_some_and(|last| moment > last)
            || moment >= self.range.end
            || self.rule.count.is_some_and(|count| self.counted >= count);
        if is_over {
            return false;
        }
        self.counted += 1;
        if moment >= self.range.start {
            self.found.push(moment);
        }
        true
    }

    fn go_through(&mut self, period: Period) -> bool {
        if period.first > self.range.end.date() {
            return false;
        }
        for moment in self.placed(self.moments(period)) {
            if moment > self.start && !self.take(moment) {
                return false;
            }
        }
        true
    }

    fn moments(&self, period: Period) -> Vec<NaiveDateTime> {
        let days = period.first.iter_days().take(period.len as usize).filter(|day| self.names(*day));
        let mut moments = Vec::new();
        for day in days {
            for hour in &self.rule.hours {
                for minute in &self.rule.minutes {
                    for second in &self.rule.seconds {
                        moments.extend(day.and_hms_opt(*hour as u32, *minute as u32, *second as u32));
                    }
                }
            }
        }
        moments
    }

    /// BYSETPOS: the n-th of the period.
    fn placed(&self, moments: Vec<NaiveDateTime>) -> Vec<NaiveDateTime> {
        if self.rule.positions.is_empty() {
            return moments;
        }
        let count = moments.len() as i32;
        let is_asked_for = |at: i32| {
            let positions = &self.rule.positions;
            positions.contains(&(at + 1)) || positions.contains(&(at - count))
        };
        moments.into_iter().zip(0..).filter(|(_, at)| is_asked_for(*at)).map(|(moment, _)| moment).collect()
    }

    /// The n-th period from the one of the start; `None` where there is no calendar any more.
    fn period(&self, nth: i64) -> Option<Period> {
        let steps = nth.checked_mul(i64::from(self.rule.interval))?;
        let start = self.start.date();
        let after = |first: NaiveDate, days: i64| first.checked_add_signed(Duration::try_days(days)?);
        let (first, len) = match self.rule.frequency {
            Frequency::Daily => (after(start, steps)?, 1),
            Frequency::Weekly => (after(self.week_of(start)?, steps.checked_mul(7)?)?, 7),
            Frequency::Monthly => {
                let first = month_at(month_index(start).checked_add(steps)?)?;
                (first, month_length(first))
            }
            Frequency::Yearly => {
                let first = month_at(i64::from(start.year()).checked_add(steps)?.checked_mul(12)?)?;
                (first, year_length(first))
            }
        };
        (i64::from(first.year()) < LAST_YEAR).then_some(Period { first, len })
    }

    /// How many periods lie wholly before what is asked for.
    fn periods_before(&self) -> i64 {
        let (start, from) = (self.start.date(), self.range.start.date());
        let units = match self.rule.frequency {
            Frequency::Daily => (from - start).num_days(),
            Frequency::Weekly => match (self.week_of(start), self.week_of(from)) {
                (Some(start), Some(from)) => (from - start).num_days() / 7,
                _ => 0,
            },
            Frequency::Monthly => month_index(from) - month_index(start),
            Frequency::Yearly => i64::from(from.year()) - i64::from(start.year()),
        };
        units.max(0) / i64::from(self.rule.interval)
    }

    fn week_of(&self, day: NaiveDate) -> Option<NaiveDate> {
        let into = day.weekday().days_since(self.rule.week_start);
        day.checked_sub_days(Days::new(u64::from(into)))
    }

    /// Whether the rule names the day.
    fn names(&self, day: NaiveDate) -> bool {
        let rule = &self.rule;
        let any = |list: &[i32], forward: u32, length: u32| {
            let (forward, length) = (forward as i32, length as i32);
            list.is_empty() || list.contains(&forward) || list.contains(&(forward - length - 1))
        };
        (rule.months.is_empty() || rule.months.contains(&(day.month() as i32)))
            && any(&rule.month_days, day.day(), month_length(day))
            && any(&rule.year_days, day.ordinal(), year_length(day))
            && (rule.week_days.is_empty() || rule.week_days.iter().any(|wanted| self.is_the(wanted, day)))
    }

    /// Whether the day is the one that `1MO` or `MO` names, in its month or in its year.
    fn is_the(&self, wanted: &WeekDay, day: NaiveDate) -> bool {
        let Some(nth) = wanted.nth else { return day.weekday() == wanted.day };
        let of_the_year = self.rule.frequency == Frequency::Yearly && self.rule.months.is_empty();
        let (at, length) = if of_the_year { (day.ordinal(), year_length(day)) } else { (day.day(), month_length(day)) };
        let (from_the_start, from_the_end) = ((at - 1) / 7 + 1, (length - at) / 7 + 1);
        day.weekday() == wanted.day && (nth == from_the_start as i32 || nth == -(from_the_end as i32))
    }
}

fn month_index(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

fn month_at(index: i64) -> Option<NaiveDate> {
    let year = i32::try_from(index.div_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, index.rem_euclid(12) as u32 + 1, 1)
}

fn month_length(day: NaiveDate) -> u32 {
    u32::from(day.num_days_in_month())
}

fn year_length(day: NaiveDate) -> u32 {
    if day.leap_year() { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").expect("a time")
    }

    fn between(rule: &str, start: &str, from: &str, until: &str) -> Result<Vec<NaiveDateTime>, Why> {
        expand(&Rule::read(rule)?, at(start), None, at(from)..at(until), &mut Work::default())
    }

    /// The first days that a rule means, as `1997-09-02`.
    fn days(rule: &str, start: &str, most: usize) -> String {
        let found = between(rule, start, start, "20300101T000000").expect("a rule");
        found.iter().take(most).map(|moment| moment.date().to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let start = "19970902T090000";
        for (rule, expected) in [
            ("FREQ=DAILY;COUNT=3", "1997-09-02 1997-09-03 1997-09-04"),
            ("FREQ=DAILY;INTERVAL=10;COUNT=3", "1997-09-02 1997-09-12 1997-09-22"),
            ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-09-02 1997-09-16 1997-09-30"),
            ("FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", "1997-09-02 1997-09-04 1997-09-09 1997-09-11"),
            ("FREQ=MONTHLY;BYMONTHDAY=2,15", "1997-09-02 1997-09-15 1997-10-02"),
            ("FREQ=MONTHLY;BYDAY=TU", "1997-09-02 1997-09-09 1997-09-16"),
            ("FREQ=YEARLY;INTERVAL=2;COUNT=2", "1997-09-02 1999-09-02"),
            ("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=1", "1997-09-02 1997-10-01 1997-11-04"),
        ] {
            assert_eq!(days(rule, start, expected.split(' ').count()), expected, "{rule}");
        }
        for (rule, start, expected) in [
            ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "19970905T090000", "1997-09-05 1997-10-03 1997-11-07"),
            ("FREQ=MONTHLY;BYDAY=-2MO", "19970922T090000", "1997-09-22 1997-10-20 1997-11-17"),
            ("FREQ=MONTHLY;BYMONTHDAY=-3", "19970928T090000", "1997-09-28 1997-10-29 1997-11-28"),
            ("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", "1997-05-19 1998-05-18 1999-05-17"),
            ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313T090000", "1997-03-13 1997-03-20 1997-03-27 1998-03-05"),
            ("FREQ=YEARLY;BYYEARDAY=1,100,200", "19970101T090000", "1997-01-01 1997-04-10 1997-07-19 1998-01-01"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "19980213T090000", "1998-02-13 1998-03-13 1998-11-13"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", "19970805T090000", "1997-08-05 1997-08-10 1997-08-19"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "19970805T090000", "1997-08-05 1997-08-17 1997-08-19"),
            // Days that do not exist are left out.
            ("FREQ=MONTHLY;BYMONTHDAY=31", "20260131T090000", "2026-01-31 2026-03-31 2026-05-31"),
            ("FREQ=YEARLY", "20240229T090000", "2024-02-29 2028-02-29"),
            // The start counts, named or not.
            ("FREQ=WEEKLY;BYDAY=TU;COUNT=2", "20260302T090000", "2026-03-02 2026-03-03"),
        ] {
            assert_eq!(days(rule, start, expected.split(' ').count()), expected, "{rule}");
        }
    }

    #[test]
    fn an_endless_rule_ends_with_the_window_and_one_that_means_nothing_ends_too() {
        let found = between("FREQ=DAILY", "19000101T090000", "20260301T000000", "20260303T000000").expect("a rule");
        assert_eq!(found, [at("20260301T090000"), at("20260302T090000")]);
        let never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        assert_eq!(between(never, "20260101T090000", "20260101T000000", "99980101T000000").expect("a rule").len(), 1);
        for rule in ["FREQ=DAILY", "FREQ=DAILY;COUNT=4000000000"] {
            let all = between(rule, "00010101T090000", "00010101T000000", "99980101T000000");
            assert_eq!(all, Err(Why::TooOften), "{rule}");
        }
        let mut spent = Work(3);
        let rule = Rule::read("FREQ=DAILY").expect("a rule");
        let month = at("20260301T000000")..at("20260401T000000");
        assert_eq!(expand(&rule, month.start, None, month, &mut spent), Err(Why::TooOften));
    }

    const DAYS: &[&str] = &["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

    /// `;BYDAY=MO,FR`, or nothing.
    fn list(name: &'static str, all: &'static [&'static str]) -> impl Strategy<Value = String> {
        let some = proptest::sample::subsequence(all, 0..=3);
        some.prop_map(move |some| if some.is_empty() { String::new() } else { format!(";{name}={}", some.join(",")) })
    }

    fn rules() -> impl Strategy<Value = String> {
        let week_days = || list("BYDAY", DAYS);
        let numbered = || list("BYDAY", &["1MO", "-1FR", "2WE", "TU", "5TH", "-2SU"]);
        let month_days = || list("BYMONTHDAY", &["1", "13", "29", "31", "-1", "-3"]);
        let months = || list("BYMONTH", &["1", "2", "6", "12"]);
        let year_days = list("BYYEARDAY", &["1", "60", "366", "-1", "-100"]);
        let frequency = prop_oneof![
            (week_days(), months()).prop_map(|(days, months)| format!("FREQ=DAILY{days}{months}")),
            (week_days(), months()).prop_map(|(days, months)| format!("FREQ=WEEKLY{days}{months}")),
            (numbered(), month_days()).prop_map(|(days, month_days)| format!("FREQ=MONTHLY{days}{month_days}")),
            (week_days(), month_days()).prop_map(|(days, month_days)| format!("FREQ=MONTHLY{days}{month_days}")),
            (numbered(), month_days(), months(), year_days).prop_map(|(a, b, c, d)| format!("FREQ=YEARLY{a}{b}{c}{d}")),
        ];
        let positions = list("BYSETPOS", &["1", "2", "-1"]);
        (frequency, 1..5_u32, proptest::sample::select(DAYS), positions).prop_map(
            |(rule, interval, start, positions)| format!("{rule};INTERVAL={interval};WKST={start}{positions}"),
        )
    }

    fn moments() -> impl Strategy<Value = NaiveDateTime> {
        (0..20_000_i64, 0..86_400_i64)
            .prop_map(|(day, second)| at("19700101T000000") + Duration::days(day) + Duration::seconds(second))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Leaving out the years before the window changes nothing.
        #[test]
        fn a_window_shows_what_lies_in_it(rule in rules(), start in moments(), ahead in 0..1_500_i64, days in 1..60_i64) {
            let rule = Rule::read(&rule).expect("a rule");
            let from = start + Duration::days(ahead);
            let until = from + Duration::days(days);
            let mut all = expand(&rule, start, None, start..until, &mut Work::default()).expect("few");
            all.retain(|moment| *moment >= from);
            prop_assert_eq!(expand(&rule, start, None, from..until, &mut Work::default()).expect("few"), all);
        }
    }
}
