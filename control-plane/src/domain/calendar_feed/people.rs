//! Whom a calendar's events concern here, and what is wanted of our meetings after a reading. Pure: who is known is handed in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::SkippedEvents;
use crate::domain::{
    calendar::{Attendee, Change, Feed, Occurrence, Plan, Why},
    id::ContactId,
    ladder::Ladder,
    meeting::{Said, is_of_use, same_address},
    time::Timestamp,
};

/// Whom we know and can reach, by address in lower case.
pub type Directory = BTreeMap<String, ContactId>;

/// As much is written in one transaction.
const MOST_WEIGHT: usize = 300;
/// As many kinds of reasons are kept.
const MOST_REASONS: usize = 20;
const NOBODY: &str = "none of its attendees is a contact whom the policy reaches";

/// What is to become of a meeting.
#[derive(Clone, PartialEq, Eq)]
pub enum Wanted {
    /// It is as the calendar says.
    Keep(Said),
    /// It does not take place.
    Off {
        /// Which event.
        key: String,
    },
}

impl Wanted {
    /// Which event of the calendar it is about.
    pub fn key(&self) -> &str {
        match self {
            Self::Keep(said) => &said.key,
            Self::Off { key } => key,
        }
    }

    /// How much there is to write: a meeting and a ladder for each attendee.
    fn weight(&self) -> usize {
        match self {
            Self::Keep(said) => 1 + said.invited.len(),
            Self::Off { .. } => 2,
        }
    }
}

/// Every address a calendar invites, once, in lower case.
pub fn addresses(feed: &Feed) -> Vec<String> {
    let everybody = feed.occurrences.iter().chain(&feed.elsewhere).flat_map(|said| said.attendees.iter());
    let addresses: BTreeSet<String> = everybody.map(|attendee| same_address(&attendee.email)).collect();
    addresses.into_iter().collect()
}

impl Feed {
    /// With nobody but those whom we know and who did not say that they do not come; of them no more than their address.
    #[must_use]
    pub fn for_people(mut self, directory: &Directory) -> Self {
        for said in self.occurrences.iter_mut().chain(&mut self.elsewhere) {
            said.attendees = known(&said.attendees, directory);
        }
        self
    }
}

fn known(attendees: &[Attendee], directory: &Directory) -> Arc<[Attendee]> {
    let comes = |one: &&Attendee| !one.declined && directory.contains_key(&same_address(&one.email));
    attendees.iter().filter(comes).map(|one| Attendee { name: String::new(), ..one.clone() }).collect()
}

/// What a plan means for our meetings. What concerns nobody here is not taken up, nor what is too long ago for its ladder.
pub fn wanted(plan: &Plan<'_>, ladder: &Ladder, now: Timestamp) -> Vec<Wanted> {
    plan.changes.iter().filter_map(|change| one(change, ladder, now)).collect()
}

fn one(change: &Change<'_>, ladder: &Ladder, now: Timestamp) -> Option<Wanted> {
    match *change {
        Change::Create(event) | Change::Restore(event)
            if event.attendees.is_empty() || !is_of_use(ladder, event.start, now) =>
        {
            None
        }
        Change::Create(event) | Change::Restore(event) | Change::Move(event) | Change::Update(event) => {
            Some(Wanted::Keep(said(event)))
        }
        Change::Cancel(meeting) | Change::Remove(meeting) => Some(Wanted::Off { key: meeting.key.clone() }),
    }
}

fn said(event: &Occurrence) -> Said {
    Said {
        key: event.key.clone(),
        title: event.title.clone(),
        start: event.start,
        end: event.end,
        sequence: event.sequence,
        invited: event.attendees.iter().map(|attendee| attendee.email.clone()).collect(),
    }
}

/// Some at a time, so that none is too much for one transaction: others write too.
pub fn batches(wanted: Vec<Wanted>) -> Vec<Vec<Wanted>> {
    let mut batches: Vec<Vec<Wanted>> = Vec::new();
    let mut weight = MOST_WEIGHT;
    for one in wanted {
        weight += one.weight();
        match batches.last_mut() {
            Some(last) if weight <= MOST_WEIGHT => last.push(one),
            _ => {
                weight = one.weight();
                batches.push(vec![one]);
            }
        }
    }
    batches
}

/// What a reading left out, the most frequent reason first.
pub fn skipped(feed: &Feed) -> Vec<SkippedEvents> {
    let mut reasons: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for event in feed.skipped.iter().filter(|event| event.why != Why::Superseded) {
        let line = u32::try_from(event.line).unwrap_or(u32::MAX);
        let (count, first) = reasons.entry(event.why.to_string()).or_insert((0, line));
        (*count, *first) = (*count + 1, line.min(*first));
    }
    let idle = feed.occurrences.iter().filter(|event| !event.cancelled && event.attendees.is_empty());
    let idle: BTreeSet<&str> = idle.map(|event| event.uid.as_str()).collect();
    if !idle.is_empty() {
        reasons.insert(NOBODY.to_owned(), (u32::try_from(idle.len()).unwrap_or(u32::MAX), 0));
    }
    let mut skipped: Vec<SkippedEvents> =
        reasons.into_iter().map(|(reason, (count, line))| SkippedEvents { reason, count, line }).collect();
    skipped.sort_by_key(|skipped| std::cmp::Reverse(skipped.count));
    skipped.truncate(MOST_REASONS);
    skipped
}
