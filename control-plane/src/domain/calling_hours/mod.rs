//! When somebody may be called, by their own clock. Their stored zone counts first; without one, every zone in which the
//! owner of the number may be must agree, because a guess that is wrong rings at night.

mod zones;

use std::collections::BTreeSet;

use chrono::{Duration, DurationRound};
use serde::{Deserialize, Serialize};

use super::{
    e164::E164,
    error::{Error, Result},
    route::{Day, LocalTime, TimeWindow},
    time::Timestamp,
    zone::Zone,
};

/// How far ahead an opening is looked for: a week, a window that a change of the clocks skips, and a week more.
const HORIZON: Duration = Duration::days(15);

/// Hours of the recipient's own time. Hours that end before they begin go past midnight; their days are those on which
/// they begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallingHours {
    /// From this time on.
    pub from: LocalTime,
    /// Until before this time; `24:00` for the end of the day.
    pub until: LocalTime,
    /// On these days; empty for every day.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub days: BTreeSet<Day>,
}

/// Whether a call may be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It may.
    Inside,
    /// Not now.
    Outside {
        /// The first moment at which it may.
        opens: Timestamp,
    },
    /// Nobody knows where the recipient is, or it may be night there: no call.
    Unknown,
}

impl Default for CallingHours {
    /// What the American TCPA allows, and nobody minds elsewhere: 8 to 21 hours, every day.
    fn default() -> Self {
        let time = |text: &str| text.parse().expect("a time of day");
        Self { from: time("08:00"), until: time("21:00"), days: BTreeSet::new() }
    }
}

impl CallingHours {
    /// Refuses hours that never begin.
    pub fn check(&self) -> Result<()> {
        if self.from == LocalTime::END_OF_DAY {
            return Err(Error::invalid("from", "expected a time before `24:00`, at which no day begins"));
        }
        Ok(())
    }

    fn window(&self) -> TimeWindow {
        TimeWindow { days: self.days.clone(), start: self.from, end: self.until, time_zone: None }
    }
}

/// Judges a call to `number` at `at`. `zone` is what is stored of the recipient.
pub fn judge(hours: &CallingHours, at: Timestamp, zone: Option<Zone>, number: &E164) -> Verdict {
    let zones = zone.map_or_else(|| guess(number), |zone| vec![zone]);
    let window = hours.window();
    let everywhere = |moment| zones.iter().all(|zone| window.holds(moment, *zone));
    let anywhere = |moment| zones.iter().any(|zone| window.holds(moment, *zone));
    if zones.is_empty() {
        return Verdict::Unknown;
    }
    match (everywhere(at), anywhere(at)) {
        (true, _) => Verdict::Inside,
        (false, true) => Verdict::Unknown,
        // Hours that the zones never share are as good as not known.
        (false, false) => opening(at, everywhere).map_or(Verdict::Unknown, |opens| Verdict::Outside { opens }),
    }
}

/// The zones in which the owner of a number may be: one for most countries, several for large ones, none for numbers of no
/// country.
pub fn guess(number: &E164) -> Vec<Zone> {
    zones::of(number)
}

/// Local times begin and end with whole minutes of UTC, so each of them is asked: instants are only ever turned into local
/// time, and a change of the clocks needs no rule.
fn opening(at: Timestamp, is_open: impl Fn(Timestamp) -> bool) -> Option<Timestamp> {
    let minute = Duration::minutes(1);
    let this_minute = at.duration_trunc(minute).ok()?;
    let minutes = std::iter::successors(Some(this_minute + minute), |moment| Some(*moment + minute));
    minutes.take_while(|moment| *moment <= at + HORIZON).find(|moment| is_open(*moment))
}

#[cfg(test)]
mod tests;
