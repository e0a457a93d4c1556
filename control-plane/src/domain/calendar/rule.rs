//! A recurrence rule as it is written (RFC 5545 §3.3.10). `expand` says which days it means.

use std::str::FromStr;

use chrono::{NaiveDateTime, Timelike, Weekday};

use super::{values::When, why::Why};

/// A rule with more times a day than this is no meeting.
const MOST_TIMES: u64 = 48;

/// The unit a rule counts in. What comes more than daily is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A day of the week, every one or the n-th of the month or year; from the end if negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WeekDay {
    pub nth: Option<i32>,
    pub day: Weekday,
}

/// A rule. An empty list asks for nothing.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub frequency: Frequency,
    pub interval: u32,
    pub count: Option<u32>,
    pub until: Option<When>,
    pub week_start: Weekday,
    pub months: Vec<i32>,
    pub month_days: Vec<i32>,
    pub year_days: Vec<i32>,
    pub week_days: Vec<WeekDay>,
    pub hours: Vec<i32>,
    pub minutes: Vec<i32>,
    pub seconds: Vec<i32>,
    pub positions: Vec<i32>,
}

const UNREADABLE: Why = Why::Unreadable("RRULE");

impl Rule {
    /// `FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261231T000000Z`, in any order.
    pub fn read(text: &str) -> Result<Self, Why> {
        let pairs: Vec<(String, &str)> = text
            .trim()
            .split(';')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').map(|(name, value)| (name.to_ascii_uppercase(), value)))
            .collect::<Option<_>>()
            .ok_or(UNREADABLE)?;
        let frequency = pairs.iter().find(|(name, _)| name == "FREQ").ok_or(UNREADABLE)?;
        let mut rule = Self::every(self::frequency(frequency.1)?);
        for (name, value) in &pairs {
            rule.take(name, value)?;
        }
        rule.checked()
    }

    fn every(frequency: Frequency) -> Self {
        let none = Vec::new;
        Self {
            frequency,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Mon,
            months: none(),
            month_days: none(),
            year_days: none(),
            week_days: Vec::new(),
            hours: none(),
            minutes: none(),
            seconds: none(),
            positions: none(),
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Why> {
        match name {
            "FREQ" => {}
            "INTERVAL" => self.interval = positive(value)?,
            "COUNT" => self.count = Some(positive(value)?),
            "UNTIL" => self.until = Some(When::read(value).ok_or(UNREADABLE)?),
            "WKST" => self.week_start = week_day(value)?.day,
            "BYMONTH" => self.months = numbers(value, 1..=12, false)?,
            "BYMONTHDAY" => self.month_days = numbers(value, 1..=31, true)?,
            "BYYEARDAY" => self.year_days = numbers(value, 1..=366, true)?,
            "BYDAY" => self.week_days = value.split(',').map(week_day).collect::<Result<_, _>>()?,
            "BYHOUR" => self.hours = numbers(value, 0..=23, false)?,
            "BYMINUTE" => self.minutes = numbers(value, 0..=59, false)?,
            "BYSECOND" => self.seconds = numbers(value, 0..=59, false)?,
            "BYSETPOS" => self.positions = numbers(value, 1..=366, true)?,
            "BYWEEKNO" => return Err(Why::Unsupported("BYWEEKNO")),
            "RSCALE" | "SKIP" => return Err(Why::Unsupported("another calendar than the Gregorian")),
            _ => return Err(UNREADABLE),
        }
        Ok(())
    }

    /// What RFC 5545 forbids has no meaning to follow.
    fn checked(self) -> Result<Self, Why> {
        use Frequency as F;
        let is_numbered = self.week_days.iter().any(|day| day.nth.is_some());
        let forbidden = match self.frequency {
            F::Daily => is_numbered || !self.year_days.is_empty(),
            F::Weekly => is_numbered || !self.year_days.is_empty() || !self.month_days.is_empty(),
            F::Monthly => !self.year_days.is_empty(),
            F::Yearly => false,
        };
        if self.times_a_day() > MOST_TIMES {
            return Err(Why::Unsupported("a rule with many times a day"));
        }
        if forbidden { Err(UNREADABLE) } else { Ok(self) }
    }

    /// How many times it names on each of its days.
    pub fn times_a_day(&self) -> u64 {
        [&self.hours, &self.minutes, &self.seconds].map(|list| list.len().max(1) as u64).iter().product()
    }

    /// With what the rule leaves to the start of the series filled in.
    pub fn completed(&self, start: NaiveDateTime) -> Self {
        use chrono::Datelike;

        let mut rule = self.clone();
        let names_no_day = rule.week_days.is_empty() && rule.month_days.is_empty() && rule.year_days.is_empty();
        match rule.frequency {
            Frequency::Weekly if rule.week_days.is_empty() => {
                rule.week_days = vec![WeekDay { nth: None, day: start.weekday() }];
            }
            Frequency::Monthly if names_no_day => rule.month_days = vec![start.day() as i32],
            Frequency::Yearly if names_no_day => {
                rule.month_days = vec![start.day() as i32];
                if rule.months.is_empty() {
                    rule.months = vec![start.month() as i32];
                }
            }
            _ => {}
        }
        for (list, value) in
            [(&mut rule.hours, start.hour()), (&mut rule.minutes, start.minute()), (&mut rule.seconds, start.second())]
        {
            if list.is_empty() {
                list.push(value as i32);
            }
        }
        rule
    }
}

fn frequency(word: &str) -> Result<Frequency, Why> {
    match word.to_ascii_uppercase().as_str() {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "HOURLY" | "MINUTELY" | "SECONDLY" => Err(Why::Unsupported("a rule that repeats within the day")),
        _ => Err(UNREADABLE),
    }
}

fn positive(text: &str) -> Result<u32, Why> {
    text.parse().ok().filter(|number| *number > 0).ok_or(UNREADABLE)
}

/// A list of numbers, each once and in order.
fn numbers(text: &str, fits: std::ops::RangeInclusive<i32>, from_the_end: bool) -> Result<Vec<i32>, Why> {
    let one = |text: &str| {
        let number = i32::from_str(text).ok()?;
        let size = if from_the_end { number.checked_abs()? } else { number };
        fits.contains(&size).then_some(number)
    };
    let mut list = text.split(',').map(|text| one(text.trim())).collect::<Option<Vec<_>>>().ok_or(UNREADABLE)?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

/// `MO`, `1MO`, `-1FR`.
fn week_day(text: &str) -> Result<WeekDay, Why> {
    let text = text.trim();
    let (nth, day) = text.split_at_checked(text.len().saturating_sub(2)).ok_or(UNREADABLE)?;
    let day = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return Err(UNREADABLE),
    };
    let nth = match nth {
        "" => None,
        nth => Some(i32::from_str(nth).ok().filter(|nth| (1..=53).contains(&nth.unsigned_abs())).ok_or(UNREADABLE)?),
    };
    Ok(WeekDay { nth, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_in_any_order_and_case() {
        let rule = Rule::read("byday=-1fr,MO;INTERVAL=2;until=20261231;freq=monthly;WKST=SU;BYMONTH=3,1,3;");
        let rule = rule.expect("a rule");
        assert_eq!((rule.frequency, rule.interval, rule.week_start), (Frequency::Monthly, 2, Weekday::Sun));
        assert_eq!(rule.week_days[0], WeekDay { nth: Some(-1), day: Weekday::Fri });
        assert_eq!((rule.months, rule.until), (vec![1, 3], When::read("20261231")));
    }

    #[test]
    fn what_has_no_meaning_is_refused_and_what_is_not_supported_says_so() {
        for bad in [
            "",
            "COUNT=3",
            "FREQ=FORTNIGHTLY",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=-1",
            "FREQ=DAILY;COUNT=99999999999",
            "FREQ=DAILY;UNTIL=soon",
            "FREQ=DAILY;BYDAY=1MO",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;BYDAY=",
            "FREQ=WEEKLY;BYMONTHDAY=1",
            "FREQ=MONTHLY;BYDAY=0MO",
            "FREQ=MONTHLY;BYDAY=é",
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYMONTHDAY=-2147483648",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYMONTH",
            "FREQ=DAILY;X-NEW=1",
        ] {
            assert_eq!(Rule::read(bad).map(|_| ()), Err(UNREADABLE), "{bad}");
        }
        for odd in [
            "FREQ=HOURLY",
            "FREQ=YEARLY;BYWEEKNO=20",
            "FREQ=YEARLY;RSCALE=HEBREW",
            "FREQ=DAILY;BYMINUTE=0,1,2,3;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12",
        ] {
            assert!(matches!(Rule::read(odd), Err(Why::Unsupported(_))), "{odd}");
        }
    }
}
