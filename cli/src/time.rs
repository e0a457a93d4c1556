//! Times and durations as people write them, as the JSON form of protobuf. Pure.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

/// RFC 3339, a date (midnight UTC), `now`, `-2h` or `+30m`, as RFC 3339 in UTC.
pub fn instant(text: &str, now: DateTime<Utc>) -> Result<String, String> {
    let expected = || "a time such as 2026-03-29T01:30:00Z, now, -2h or +30m".to_owned();
    let time = if text == "now" {
        now
    } else if let Some(rest) = text.strip_prefix('-') {
        now.checked_sub_signed(span(rest).ok_or_else(expected)?).ok_or_else(expected)?
    } else if let Some(rest) = text.strip_prefix('+') {
        now.checked_add_signed(span(rest).ok_or_else(expected)?).ok_or_else(expected)?
    } else if let Ok(date) = text.parse::<NaiveDate>() {
        date.and_time(chrono::NaiveTime::MIN).and_utc()
    } else {
        DateTime::parse_from_rfc3339(text).map_err(|_| expected())?.to_utc()
    };
    Ok(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// `1h30m` as `5400s`.
pub fn duration(text: &str) -> Result<String, String> {
    let expected = || "a duration such as 90s, 25m or 1h30m".to_owned();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let span = span(rest).ok_or_else(expected)?;
    let (seconds, nanos) = (span.num_seconds(), span.subsec_nanos());
    Ok(match nanos {
        0 => format!("{sign}{seconds}s"),
        nanos => format!("{sign}{seconds}.{nanos:09}s"),
    })
}

/// `1h30m`, `1.5s`, `250ms`, `2d`.
pub fn span(text: &str) -> Option<TimeDelta> {
    let mut rest = text;
    let mut total = TimeDelta::zero();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        let unit_end =
            rest[digits..].find(|letter: char| letter.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        let milliseconds = match &rest[digits..unit_end] {
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 6e4,
            "h" => 3.6e6,
            "d" => 8.64e7,
            _ => return None,
        };
        let part = amount * milliseconds;
        if part > 1e15 {
            return None;
        }
        total = total.checked_add(&TimeDelta::milliseconds(part.round() as i64))?;
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(total)
}

/// Seconds and nanos as `1h30m`, for tables.
pub fn in_words(seconds: i64, nanos: i32) -> String {
    let (sign, whole) =
        if seconds < 0 || nanos < 0 { ("-", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
    let (hours, minutes, rest) = (whole / 3600, whole % 3600 / 60, whole % 60);
    let milliseconds = nanos.unsigned_abs() / 1_000_000;
    let mut text = String::new();
    if hours > 0 {
        text.push_str(&format!("{hours}h"));
    }
    if minutes > 0 {
        text.push_str(&format!("{minutes}m"));
    }
    if milliseconds > 0 {
        text.push_str(&format!("{rest}.{milliseconds:03}s"));
    } else if rest > 0 || text.is_empty() {
        text.push_str(&format!("{rest}s"));
    }
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-03-29T12:00:00Z").expect("a time").to_utc()
    }

    #[test]
    fn times_are_absolute_or_relative_to_now() {
        assert_eq!(instant("now", noon()).as_deref(), Ok("2026-03-29T12:00:00Z"));
        assert_eq!(instant("-2h", noon()).as_deref(), Ok("2026-03-29T10:00:00Z"));
        assert_eq!(instant("+30m", noon()).as_deref(), Ok("2026-03-29T12:30:00Z"));
        assert_eq!(instant("2026-03-29T03:00:00+02:00", noon()).as_deref(), Ok("2026-03-29T01:00:00Z"));
        assert_eq!(instant("2026-03-29", noon()).as_deref(), Ok("2026-03-29T00:00:00Z"));
        assert!(instant("yesterday", noon()).is_err());
        assert!(instant("-", noon()).is_err());
    }

    #[test]
    fn durations_add_their_parts() {
        assert_eq!(duration("1h30m").as_deref(), Ok("5400s"));
        assert_eq!(duration("1.5s").as_deref(), Ok("1.500000000s"));
        assert_eq!(duration("-5m").as_deref(), Ok("-300s"));
        assert!(duration("90").is_err());
        assert!(duration("").is_err());
        assert!(duration("1x").is_err());
    }

    #[test]
    fn durations_read_back_in_words() {
        assert_eq!(in_words(5400, 0), "1h30m");
        assert_eq!(in_words(0, 0), "0s");
        assert_eq!(in_words(61, 250_000_000), "1m1.250s");
    }
}
