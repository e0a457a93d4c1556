//! One VEVENT: what it is called, when it is, whether and how it repeats, and who comes.

use std::sync::Arc;

use chrono::{Duration, NaiveDate, NaiveDateTime};

use super::{
    Attendee,
    expand::Work,
    lines::{Line, kept},
    parts::Part,
    place::Place,
    rule::Rule,
    values::{Span, When},
    why::Why,
    zones::Zones,
};
use crate::domain::{email::EmailAddress, time::Timestamp};

/// RFC 7986 asks for less than 255; vendors write more.
const LONGEST_UID: usize = 512;
const LONGEST_TEXT: usize = 500;
const LONGEST_URL: usize = 2_000;
/// RFC 5545 asks for one.
const MOST_RULES: usize = 8;
/// Nobody calls a thousand people about one meeting.
const MOST_ATTENDEES: usize = 1_000;

/// What can be said of every event, however broken.
pub(super) struct Event {
    pub uid: String,
    pub line: usize,
    pub role: Role,
    pub sequence: i32,
    /// LAST-MODIFIED or DTSTAMP: which of two versions is the later.
    pub stamp: String,
    pub body: Result<Body, Why>,
}

/// What an event stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// All of it: the series, or what does not repeat.
    Whole,
    /// One instance, in place of what the series says of it.
    Instance(Original),
    /// One instance, and nobody can tell which.
    Lost,
}

/// When an instance would be by its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Original {
    At(Timestamp),
    /// The series knows the time.
    On(NaiveDate),
}

/// What an event says if it can be read.
#[derive(Clone)]
pub(super) struct Body {
    pub start: NaiveDateTime,
    pub place: Place,
    pub length: Length,
    pub rules: Vec<Rule>,
    pub more: Vec<(Original, Option<Length>)>,
    pub without: Vec<Original>,
    /// It stands for the instances after its own too.
    pub goes_on: bool,
    pub is_cancelled: bool,
    pub title: String,
    pub attendees: Arc<[Attendee]>,
    pub organizer: Option<EmailAddress>,
    pub location: String,
    pub url: String,
}

/// How long an instance lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// From DTEND: the same time for each.
    Exact(Duration),
    /// From DURATION: days are days of the calendar.
    Nominal(Span),
}

impl Length {
    /// When an instance ends that starts then.
    pub fn end(self, start: NaiveDateTime, place: &Place) -> Timestamp {
        let instant = place.instant(start);
        let end = match self {
            Self::Exact(length) => instant.checked_add_signed(length),
            Self::Nominal(Span { days: 0, seconds }) => instant.checked_add_signed(Duration::seconds(seconds)),
            Self::Nominal(Span { days, seconds }) => start
                .checked_add_signed(Duration::days(days))
                .and_then(|day| place.instant(day).checked_add_signed(Duration::seconds(seconds))),
        };
        end.unwrap_or(instant)
    }
}

impl Event {
    /// Reads an event; one without a UID cannot be told from others.
    pub fn read(part: &Part<'_>, zones: &mut Zones<'_>, work: &mut Work, is_cancelling: bool) -> Self {
        let uid = part.first("UID").map(|line| line.text(LONGEST_UID + 1)).unwrap_or_default();
        let named = !uid.is_empty() && uid.chars().count() <= LONGEST_UID;
        let role = part
            .first("RECURRENCE-ID")
            .map_or(Role::Whole, |line| original(line, line.value, zones, work).map_or(Role::Lost, Role::Instance));
        let body = match (role, named) {
            (_, false) => Err(Why::NoUid),
            (Role::Lost, true) => Err(Why::Unreadable("RECURRENCE-ID")),
            (Role::Whole | Role::Instance(_), true) => Body::read(part, zones, work, is_cancelling),
        };
        let text = |name: &str| part.first(name).map(|line| line.value.trim());
        Self {
            uid: if named { uid } else { String::new() },
            line: part.line,
            role,
            sequence: text("SEQUENCE").and_then(|text| text.parse().ok()).unwrap_or_default(),
            stamp: text("LAST-MODIFIED").or(text("DTSTAMP")).unwrap_or_default().to_owned(),
            body,
        }
    }
}

impl Body {
    fn read(part: &Part<'_>, zones: &mut Zones<'_>, work: &mut Work, is_cancelling: bool) -> Result<Self, Why> {
        if !part.is_whole {
            return Err(Why::Unfinished);
        }
        // A cancelled instance need not say when it would have been.
        let dtstart = part.first("DTSTART").or(part.first("RECURRENCE-ID"));
        let (start, place) = time(dtstart.ok_or(Why::NoStart)?, "DTSTART", zones, work)?;
        let says = |name: &str, word: &str| part.first(name).is_some_and(|l| l.value.trim().eq_ignore_ascii_case(word));
        if says("X-MICROSOFT-CDO-ALLDAYEVENT", "TRUE") {
            return Err(Why::AllDay);
        }
        let text = |name: &str, longest: usize| part.first(name).map(|line| line.text(longest)).unwrap_or_default();
        let range = part.first("RECURRENCE-ID").and_then(|line| line.parameter("RANGE"));
        Ok(Self {
            length: length(part, start, &place, zones, work)?,
            rules: rules(part)?,
            more: more(part, zones, work)?,
            without: without(part, zones, work)?,
            goes_on: range.is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE")),
            is_cancelled: is_cancelling || says("STATUS", "CANCELLED"),
            title: text("SUMMARY", LONGEST_TEXT),
            attendees: attendees(part),
            organizer: part.first("ORGANIZER").and_then(address),
            location: text("LOCATION", LONGEST_TEXT),
            url: text("URL", LONGEST_URL),
            start,
            place,
        })
    }
}

/// A time by the clock of a place. A whole day is none.
fn time(
    line: &Line<'_>,
    name: &'static str,
    zones: &mut Zones<'_>,
    work: &mut Work,
) -> Result<(NaiveDateTime, Place), Why> {
    let when = When::read(line.value).ok_or(Why::Unreadable(name))?;
    match zones.spot(when, line.parameter("TZID").as_deref(), work)? {
        (When::Day(_), _) => Err(Why::AllDay),
        (When::Local(local) | When::Utc(local), place) => Ok((local, place)),
    }
}

fn rules(part: &Part<'_>) -> Result<Vec<Rule>, Why> {
    if part.all("RRULE").count() > MOST_RULES {
        return Err(Why::Unsupported("many rules at once"));
    }
    part.all("RRULE").map(|line| Rule::read(line.value)).collect()
}

fn length(
    part: &Part<'_>,
    start: NaiveDateTime,
    place: &Place,
    zones: &mut Zones<'_>,
    work: &mut Work,
) -> Result<Length, Why> {
    if let Some(line) = part.first("DTEND") {
        let (end, there) = match time(line, "DTEND", zones, work) {
            Err(Why::AllDay) => return Err(Why::Unreadable("DTEND")),
            other => other?,
        };
        let length = there.instant(end) - place.instant(start);
        return if length < Duration::zero() { Err(Why::EndsEarly) } else { Ok(Length::Exact(length)) };
    }
    match part.first("DURATION") {
        Some(line) => Span::read(line.value).map(Length::Nominal).ok_or(Why::Unreadable("DURATION")),
        None => Ok(Length::Exact(Duration::zero())),
    }
}

fn original(line: &Line<'_>, text: &str, zones: &mut Zones<'_>, work: &mut Work) -> Option<Original> {
    let when = When::read(text)?;
    match zones.spot(when, line.parameter("TZID").as_deref(), work).ok()? {
        (When::Day(day), _) => Some(Original::On(day)),
        (When::Local(local) | When::Utc(local), place) => Some(Original::At(place.instant(local))),
    }
}

fn without(part: &Part<'_>, zones: &mut Zones<'_>, work: &mut Work) -> Result<Vec<Original>, Why> {
    let mut list = Vec::new();
    for line in part.all("EXDATE") {
        for text in line.value.split(',').filter(|text| !text.trim().is_empty()) {
            list.push(original(line, text, zones, work).ok_or(Why::Unreadable("EXDATE"))?);
        }
    }
    if part.first("EXRULE").is_some() { Err(Why::Unsupported("EXRULE")) } else { Ok(list) }
}

/// RDATE: an instant, a day, or a period with its own end.
fn more(part: &Part<'_>, zones: &mut Zones<'_>, work: &mut Work) -> Result<Vec<(Original, Option<Length>)>, Why> {
    let unreadable = Why::Unreadable("RDATE");
    let mut list = Vec::new();
    for line in part.all("RDATE") {
        for text in line.value.split(',').filter(|text| !text.trim().is_empty()) {
            let (start, end) = text.split_once('/').map_or((text, None), |(start, end)| (start, Some(end)));
            let start = original(line, start, zones, work).ok_or(unreadable.clone())?;
            let length = match (start, end.map(|end| (Span::read(end), end))) {
                (_, None) => None,
                (_, Some((Some(span), _))) => Some(Length::Nominal(span)),
                (Original::At(from), Some((None, end))) => match original(line, end, zones, work) {
                    Some(Original::At(end)) if end >= from => Some(Length::Exact(end - from)),
                    _ => return Err(unreadable),
                },
                (Original::On(_), Some(_)) => return Err(unreadable),
            };
            list.push((start, length));
        }
    }
    Ok(list)
}

/// Each once and in order, so that the same people are the same list.
fn attendees(part: &Part<'_>) -> Arc<[Attendee]> {
    let mut list: Vec<Attendee> = part.all("ATTENDEE").filter_map(attendee).take(MOST_ATTENDEES).collect();
    list.sort_by(|one, other| one.email.cmp(&other.email));
    list.dedup_by(|one, other| one.email == other.email);
    list.into()
}

/// Somebody who is asked to come. Rooms and machines cannot be called.
fn attendee(line: &Line<'_>) -> Option<Attendee> {
    let is = |name: &str, word: &str| line.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    if is("CUTYPE", "ROOM") || is("CUTYPE", "RESOURCE") {
        return None;
    }
    let name = line.parameter("CN").map(|name| kept(&name, LONGEST_TEXT)).unwrap_or_default();
    Some(Attendee { email: address(line)?, name, declined: is("PARTSTAT", "DECLINED") })
}

/// The address of an attendee or organizer; some calendars give a path instead and the address beside it.
fn address(line: &Line<'_>) -> Option<EmailAddress> {
    let value = line.value.trim();
    let written = match value.split_at_checked(7) {
        Some((scheme, address)) if scheme.eq_ignore_ascii_case("mailto:") => address.parse().ok(),
        _ => None,
    };
    written.or_else(|| line.parameter("EMAIL")?.parse().ok())
}
