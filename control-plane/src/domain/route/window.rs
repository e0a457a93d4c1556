//! Windows of local time. An instant is turned into local time, never the other way round, so that hours which a change
//! of the clocks skips or repeats need no rule of their own.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{Datelike, Timelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::{error::Error, time::Timestamp, word::words, zone::Zone};

words! {
    /// A day of the week.
    Day, "day of the week" {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

/// A window of local time. One that ends before it starts goes past midnight; its days are those on which it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// On these days; empty for every day.
    #[serde(default)]
    pub days: BTreeSet<Day>,
    /// From this time on.
    pub start: LocalTime,
    /// Until before this time; `24:00` for the end of the day.
    pub end: LocalTime,
    /// The time zone; `None` for the plan's.
    #[serde(default)]
    pub time_zone: Option<Zone>,
}

/// A time of day, `HH:MM`, up to `24:00`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

impl LocalTime {
    /// The end of the day, which no window starts at.
    pub const END_OF_DAY: Self = Self(24 * 60);
}

impl FromStr for LocalTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("", "expected a time of day as `HH:MM`, `00:00` to `24:00`");
        let shaped =
            text.len() == 5 && text.bytes().enumerate().all(|(i, b)| (i == 2 && b == b':') || b.is_ascii_digit());
        let (hours, minutes) = text.split_once(':').filter(|_| shaped).ok_or_else(wrong)?;
        let hours: u16 = hours.parse().map_err(|_| wrong())?;
        let minutes: u16 = minutes.parse().map_err(|_| wrong())?;
        match (hours, minutes) {
            (0..=23, 0..=59) | (24, 0) => Ok(Self(hours * 60 + minutes)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for LocalTime {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

impl TimeWindow {
    /// Whether `at` lies inside, in its own zone or else in `plan_zone`.
    pub fn holds(&self, at: Timestamp, plan_zone: Zone) -> bool {
        let local = at.with_timezone(&self.time_zone.unwrap_or(plan_zone).tz());
        let now = LocalTime(u16::try_from(local.hour() * 60 + local.minute()).expect("a day has 1440 minutes"));
        let today = local.weekday();
        let on = |day: Weekday| self.days.is_empty() || self.days.contains(&day.into());
        if self.start < self.end {
            return on(today) && self.start <= now && now < self.end;
        }
        (on(today) && self.start <= now) || (on(today.pred()) && now < self.end)
    }
}

#[cfg(test)]
mod tests;
