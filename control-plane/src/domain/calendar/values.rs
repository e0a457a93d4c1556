//! Values of properties as they are written (RFC 5545 §3.3): dates, times, durations and offsets. Knows no time zone.

use chrono::{NaiveDate, NaiveDateTime};

/// A date or a time, in the words of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// A whole day.
    Day(NaiveDate),
    /// By the clock of some place.
    Local(NaiveDateTime),
    /// UTC.
    Utc(NaiveDateTime),
}

impl When {
    /// `20260311`, `20260311T090000` or `20260311T090000Z`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_ascii() {
            return None;
        }
        let Some((day, time)) = text.split_once('T') else { return Some(Self::Day(day(text)?)) };
        let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
        let (hour, minute) = (number(time, 0..2)?, number(time, 2..4)?);
        let second = (time.len() == 6).then(|| number(time, 4..6)).flatten()?;
        // A leap second is the end of its minute.
        let moment = self::day(day)?.and_hms_opt(hour, minute, if second == 60 { 59 } else { second })?;
        Some(if is_utc { Self::Utc(moment) } else { Self::Local(moment) })
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let year = (text.len() == 8).then(|| number(text, 0..4)).flatten()?;
    NaiveDate::from_ymd_opt(year as i32, number(text, 4..6)?, number(text, 6..8)?)
}

fn number(text: &str, place: std::ops::Range<usize>) -> Option<u32> {
    let digits = text.get(place)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// A length of time. Days are days of the calendar, however long; the rest is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Days, with weeks as seven.
    pub days: i64,
    /// Hours, minutes and seconds.
    pub seconds: i64,
}

impl Span {
    /// `PT15M`, `P1DT2H`, `P2W`. One that goes back is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
        let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
        if rest.is_empty() || rest.ends_with('T') {
            return None;
        }
        Some(Self {
            days: counted(days, &[('W', 7), ('D', 1)])?,
            seconds: counted(time, &[('H', 3600), ('M', 60), ('S', 1)])?,
        })
    }
}

/// The sum of `12H30M`, in the units' order.
fn counted(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0;
    for (unit, worth) in units {
        if let Some((digits, rest)) = text.split_once(*unit) {
            let fits = (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            sum += fits.then(|| digits.parse::<i64>().ok()).flatten()? * worth;
            text = rest;
        }
    }
    text.is_empty().then_some(sum)
}

/// Seconds east of UTC: `+0100`, `-033000`.
pub(super) fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let seconds = match digits.len() {
        4 => 0,
        6 => number(digits, 4..6)?,
        _ => return None,
    };
    let (hours, minutes) = (number(digits, 0..2)?, number(digits, 2..4)?);
    let fits = hours < 24 && minutes < 60 && seconds < 60;
    fits.then_some(sign * (hours * 3600 + minutes * 60 + seconds) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_to_write_a_time() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 11).expect("a day");
        let nine = day.and_hms_opt(9, 0, 0).expect("a time");
        assert_eq!(When::read("20260311"), Some(When::Day(day)));
        assert_eq!(When::read("20260311T090000"), Some(When::Local(nine)));
        assert_eq!(When::read(" 20260311T090000Z "), Some(When::Utc(nine)));
        assert_eq!(When::read("20260311T085960"), When::read("20260311T085959"));
        for bad in ["", "T", "Z", "20260229", "20260311T", "20260311T0900", "20260311T240000", "20260311T0900000"] {
            assert_eq!(When::read(bad), None, "{bad}");
        }
        for bad in ["2026-03-11", "20260311T0900é0", "+2260311", "20260311 090000", "120260311T090000"] {
            assert_eq!(When::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_goes_forward() {
        for (text, days, seconds) in
            [("PT15M", 0, 900), ("P1DT2H3S", 1, 7203), ("P2W", 14, 0), ("+PT0S", 0, 0), ("P1D", 1, 0)]
        {
            assert_eq!(Span::read(text), Some(Span { days, seconds }), "{text}");
        }
        for bad in ["", "P", "PT", "-PT15M", "15M", "PT15", "PT1M1H", "P1H", "PT99999999S", "PT+1S", "P1DT"] {
            assert_eq!(Span::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_offset_has_a_sign() {
        for (text, seconds) in [("+0100", 3600), ("-0330", -12_600), ("+001730", 1050), ("-0000", 0)] {
            assert_eq!(offset(text), Some(seconds), "{text}");
        }
        for bad in ["", "0100", "+1", "+2400", "+0160", "+01:00", "é0100", "+é100"] {
            assert_eq!(offset(bad), None, "{bad}");
        }
    }
}
