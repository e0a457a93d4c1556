//! A time zone that a feed defines itself (VTIMEZONE): when its clock changes, and by how much.

use chrono::{Duration, NaiveDateTime};

use super::{
    expand::{Work, expand},
    parts::Part,
    rule::Rule,
    values::{When, offset},
};

/// How a clock changes, in order. Never empty.
pub(super) struct Observances(Vec<Change>);

/// One change of the clock.
#[derive(Clone, Copy)]
struct Change {
    /// What the clock shows just then, before it is changed.
    local: NaiveDateTime,
    before: i32,
    after: i32,
}

impl Change {
    fn utc(&self) -> NaiveDateTime {
        self.local.checked_sub_signed(seconds(self.before)).unwrap_or(self.local)
    }

    /// The first time that the clock shows after all it leaves out.
    fn resumes(&self) -> NaiveDateTime {
        let gap = seconds((self.after - self.before).max(0));
        self.local.checked_add_signed(gap).unwrap_or(self.local)
    }
}

fn seconds(count: i32) -> Duration {
    Duration::seconds(i64::from(count))
}

impl Observances {
    /// Every change until then; the last one stays. `None` if a part of the definition cannot be read.
    pub fn read(zone: &Part<'_>, until: NaiveDateTime, work: &mut Work) -> Option<Self> {
        let mut changes = Vec::new();
        for part in zone.inner.iter().filter(|part| part.is("STANDARD") || part.is("DAYLIGHT")) {
            changes.extend(observance(part, until, work)?);
        }
        changes.sort_by_key(|change| change.local);
        (!changes.is_empty()).then_some(Self(changes))
    }

    /// Seconds east of UTC when the clock shows that.
    pub fn offset_of_local(&self, local: NaiveDateTime) -> i32 {
        self.after(self.0.partition_point(|change| change.resumes() <= local))
    }

    /// Seconds east of UTC at that time in UTC.
    pub fn offset_at(&self, utc: NaiveDateTime) -> i32 {
        self.after(self.0.partition_point(|change| change.utc() <= utc))
    }

    fn after(&self, changes: usize) -> i32 {
        match changes.checked_sub(1) {
            Some(last) => self.0[last].after,
            None => self.0.first().map_or(0, |first| first.before),
        }
    }
}

fn observance(part: &Part<'_>, until: NaiveDateTime, work: &mut Work) -> Option<impl Iterator<Item = Change>> {
    let local = |text: &str| match When::read(text)? {
        When::Local(local) => Some(local),
        When::Day(_) | When::Utc(_) => None,
    };
    let (before, after) = (offset(part.first("TZOFFSETFROM")?.value)?, offset(part.first("TZOFFSETTO")?.value)?);
    let start = local(part.first("DTSTART")?.value)?;
    let mut onsets = vec![start];
    for line in part.all("RRULE") {
        let rule = Rule::read(line.value).ok()?;
        let last = match rule.until {
            Some(When::Utc(utc)) => Some(utc.checked_add_signed(seconds(before))?),
            Some(When::Local(local)) => Some(local),
            Some(When::Day(day)) => day.and_hms_opt(23, 59, 59),
            None => None,
        };
        onsets.extend(expand(&rule, start, last, start..until, work).ok()?);
    }
    for line in part.all("RDATE") {
        for text in line.value.split(',') {
            onsets.push(local(text)?);
        }
    }
    Some(onsets.into_iter().map(move |local| Change { local, before, after }))
}
