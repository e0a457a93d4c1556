//! The clock of a place: which instant a local time means there, and what the clock shows at an instant.

use std::rc::Rc;

use chrono::{DateTime, Duration, MappedLocalTime, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::observance::Observances;
use crate::domain::time::Timestamp;

/// A place whose clock is known.
#[derive(Clone)]
pub(super) enum Place {
    /// By its IANA rules.
    Named(Tz),
    /// By the rules the feed gives.
    Defined(Rc<Observances>),
}

impl Place {
    /// The instant of a local time. One that comes twice is the first; one that the clock leaves out is read with the
    /// offset from before, which moves it forward (RFC 5545 §3.3.5).
    pub fn instant(&self, local: NaiveDateTime) -> Timestamp {
        match self {
            Self::Named(zone) => match zone.from_local_datetime(&local) {
                MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => moment.with_timezone(&Utc),
                MappedLocalTime::None => left_out(*zone, local),
            },
            Self::Defined(rules) => east(local, rules.offset_of_local(local)),
        }
    }

    /// What the clock shows.
    pub fn local(&self, instant: Timestamp) -> NaiveDateTime {
        let offset = match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc(),
            Self::Defined(rules) => rules.offset_at(instant.naive_utc()),
        };
        let offset = Duration::seconds(i64::from(offset));
        instant.naive_utc().checked_add_signed(offset).unwrap_or(instant.naive_utc())
    }
}

/// The instant of a local time that far east of UTC.
fn east(local: NaiveDateTime, seconds: i32) -> Timestamp {
    let offset = Duration::seconds(i64::from(seconds));
    local.checked_sub_signed(offset).unwrap_or(local).and_utc()
}

fn left_out(zone: Tz, local: NaiveDateTime) -> Timestamp {
    // Clocks are put forward by an hour or so; Samoa once left out a day.
    let before = [3, 25, 49].into_iter().find_map(|hours| {
        let ahead = Duration::hours(hours);
        let earlier: DateTime<Tz> = zone.from_local_datetime(&local.checked_sub_signed(ahead)?).latest()?;
        earlier.with_timezone(&Utc).checked_add_signed(ahead)
    });
    before.unwrap_or(local.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(zone: &str, local: &str) -> String {
        let place = Place::Named(zone.parse().expect("a zone"));
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").expect("a time");
        let instant = place.instant(local);
        if zone != "Pacific/Apia" && !local.to_string().contains("02:30") {
            assert_eq!(place.local(instant), local);
        }
        instant.format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn the_clock_of_a_place_is_read_on_both_sides_of_a_change() {
        for (zone, local, utc) in [
            ("Europe/Berlin", "2026-03-28 09:00", "2026-03-28 08:00"),
            ("Europe/Berlin", "2026-03-29 09:00", "2026-03-29 07:00"),
            // Left out: forward, as if the clock had not been changed.
            ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30"),
            ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30"),
            ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 22:00"),
            // Twice: the first.
            ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
            ("Asia/Kathmandu", "2026-01-01 00:00", "2025-12-31 18:15"),
        ] {
            assert_eq!(instant(zone, local), utc, "{zone} {local}");
        }
    }
}
