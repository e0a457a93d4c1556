//! The occurrences of one UID: the instances its rule puts into the window, and what was said of single ones instead.

use std::{collections::BTreeMap, ops::Range};

use chrono::{Duration, NaiveDateTime};

use super::{
    Occurrence, RecurrenceId,
    event::{Body, Event, Length, Original, Role},
    expand::{Work, expand},
    place::Place,
    rule::Rule,
    values::When,
    why::Why,
};
use crate::domain::time::Timestamp;

/// More than the clocks of two places differ.
const MARGIN: Duration = Duration::days(2);

/// More than any series has in a window that somebody looks at.
const MOST_INSTANCES: usize = 10_000;

/// What came of the events of one UID.
#[derive(Default)]
pub(super) struct Found {
    /// Of a series those in the window, and whatever was said of single ones, wherever it is.
    pub occurrences: Vec<Occurrence>,
    /// By the line of the event.
    pub skipped: Vec<(usize, Why)>,
}

/// Single instances by when they would have been.
type Singles = BTreeMap<Timestamp, Event>;

/// Everything that the events say, which are all of one UID.
pub(super) fn occurrences(events: Vec<Event>, window: &Range<Timestamp>, work: &mut Work) -> Found {
    let mut found = Found::default();
    let (whole, singles) = sorted(events, &mut found);
    if let Some(event) = &whole {
        match &event.body {
            Ok(body) if body.rules.is_empty() && body.more.is_empty() => {
                found.occurrences.push(occurrence(event, body, (body.start, body.length), None));
            }
            Ok(body) => match instances(event, body, &singles, window, work) {
                Ok(instances) => found.occurrences.extend(instances),
                Err(why) => found.skipped.push((event.line, why)),
            },
            Err(why) => found.skipped.push((event.line, why.clone())),
        }
    }
    for (original, event) in &singles {
        match &event.body {
            Ok(body) => {
                found.occurrences.push(occurrence(event, body, (body.start, body.length), Some(*original)));
            }
            Err(why) => found.skipped.push((event.line, why.clone())),
        }
    }
    let title = whole.and_then(|event| Some(event.body.ok()?.title)).unwrap_or_default();
    for untitled in found.occurrences.iter_mut().filter(|occurrence| occurrence.title.is_empty()) {
        untitled.title.clone_from(&title);
    }
    found
}

/// The latest version of the series and of each single instance; what is earlier is skipped.
fn sorted(mut events: Vec<Event>, found: &mut Found) -> (Option<Event>, Singles) {
    events.sort_by(|one, other| (one.sequence, &one.stamp, one.line).cmp(&(other.sequence, &other.stamp, other.line)));
    let (mut whole, mut singles): (Option<Event>, Vec<(Original, Event)>) = (None, Vec::new());
    let mut superseded = |event: Option<Event>| found.skipped.extend(event.map(|event| (event.line, Why::Superseded)));
    let mut lost = Vec::new();
    for event in events {
        match (event.role, &event.body) {
            (Role::Whole, _) => superseded(whole.replace(event)),
            (Role::Instance(original), _) => singles.push((original, event)),
            (Role::Lost, Err(why)) => lost.push((event.line, why.clone())),
            (Role::Lost, Ok(_)) => {}
        }
    }
    let series = whole.as_ref().and_then(|event| event.body.as_ref().ok());
    let mut latest = Singles::new();
    for (original, event) in singles {
        superseded(latest.insert(instant(original, series), event));
    }
    found.skipped.extend(lost);
    (whole, latest)
}

/// A whole day stands for the instance on that day, at the time of the series.
fn instant(original: Original, series: Option<&Body>) -> Timestamp {
    match (original, series) {
        (Original::At(instant), _) => instant,
        (Original::On(day), Some(body)) => body.place.instant(day.and_time(body.start.time())),
        (Original::On(day), None) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
    }
}

/// The instances in the window of which nothing was said by name.
fn instances(
    event: &Event,
    body: &Body,
    singles: &Singles,
    window: &Range<Timestamp>,
    work: &mut Work,
) -> Result<Vec<Occurrence>, Why> {
    let changes: Vec<Ongoing<'_>> = singles.iter().filter_map(|(at, event)| Ongoing::from(*at, event)).collect();
    let furthest = changes.iter().map(|change| change.moved.abs()).max().unwrap_or_default();
    let mut originals = originals(body, window, MARGIN + furthest, work)?;
    for without in &body.without {
        originals.remove(&instant(*without, Some(body)));
    }
    let mut found = Vec::new();
    for (original, length) in originals {
        if singles.contains_key(&original) {
            continue;
        }
        let begun = changes.partition_point(|change| change.from <= original);
        let (event, body, moved) = match begun.checked_sub(1).map(|last| &changes[last]) {
            Some(change) => (change.event, change.body, change.moved),
            None => (event, body, Duration::zero()),
        };
        let local = body.place.local(original);
        let start = local.checked_add_signed(moved).unwrap_or(local);
        let instance = occurrence(event, body, (start, length.unwrap_or(body.length)), Some(original));
        if window.contains(&instance.start) {
            found.push(instance);
        }
    }
    Ok(found)
}

/// An instance that speaks for those after it too.
struct Ongoing<'a> {
    from: Timestamp,
    event: &'a Event,
    body: &'a Body,
    /// How far it lies from when it would have been.
    moved: Duration,
}

impl<'a> Ongoing<'a> {
    fn from(at: Timestamp, event: &'a Event) -> Option<Self> {
        let body = event.body.as_ref().ok().filter(|body| body.goes_on)?;
        Some(Self { from: at, event, body, moved: body.start - body.place.local(at) })
    }
}

/// When the instances around the window would be, and how long those last that say so.
fn originals(
    body: &Body,
    window: &Range<Timestamp>,
    margin: Duration,
    work: &mut Work,
) -> Result<BTreeMap<Timestamp, Option<Length>>, Why> {
    let Body { start, place, rules, more, .. } = body;
    let edge = |edge: Timestamp, by: Duration| {
        let local = place.local(edge);
        local.checked_add_signed(by).unwrap_or(local)
    };
    let range = edge(window.start, -margin)..edge(window.end, margin);
    let mut originals = BTreeMap::new();
    if rules.is_empty() {
        originals.insert(place.instant(*start), None);
    }
    for rule in rules {
        for local in expand(rule, *start, last(rule, place), range.clone(), work)? {
            originals.insert(place.instant(local), None);
        }
        if originals.len() > MOST_INSTANCES {
            return Err(Why::TooOften);
        }
    }
    for (original, length) in more {
        originals.insert(instant(*original, Some(body)), *length);
    }
    if originals.len() > MOST_INSTANCES { Err(Why::TooOften) } else { Ok(originals) }
}

/// UNTIL on the clock of the series.
fn last(rule: &Rule, place: &Place) -> Option<NaiveDateTime> {
    match rule.until? {
        When::Utc(utc) => Some(place.local(utc.and_utc())),
        When::Local(local) => Some(local),
        When::Day(day) => day.and_hms_opt(23, 59, 59),
    }
}

fn occurrence(
    event: &Event,
    body: &Body,
    (start, length): (NaiveDateTime, Length),
    original: Option<Timestamp>,
) -> Occurrence {
    let recurrence_id = original.map(RecurrenceId);
    let key = match recurrence_id {
        Some(id) => format!("{}/{id}", event.uid),
        None => event.uid.clone(),
    };
    Occurrence {
        uid: event.uid.clone(),
        recurrence_id,
        key,
        title: body.title.clone(),
        start: body.place.instant(start),
        end: length.end(start, &body.place),
        cancelled: body.is_cancelled,
        sequence: event.sequence,
        attendees: body.attendees.clone(),
        organizer: body.organizer.clone(),
        location: body.location.clone(),
        url: body.url.clone(),
    }
}
