//! Which line gets which backup number. The same lines and numbers always give the same answer, in whatever order they come.

use std::collections::BTreeMap;

use super::{Area, Candidate, Line};
use crate::domain::{id::PhoneNumberId, telephony::Capabilities, word::words};

words! {
    /// Why a line gets no backup number.
    LeftOut, "reason for being left out" {
        /// No free number of its country is left, or there never was one.
        NoNumberOfCountry = "no-number-of-country",
        /// Its numbers belong to no country, and no free number shares their first digits.
        NoNumberOfPrefix = "no-number-of-prefix",
    }
}

/// Who gets which number, and who gets none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// Each line with its number, in the order of the lines.
    pub pairs: Vec<(Line, PhoneNumberId)>,
    /// Lines that get none, and why.
    pub left_out: Vec<(Line, LeftOut)>,
}

/// Gives each line a number of its own: the one that is pinned to it wherever that is, or else one of its country, if
/// possible one that can do all that the present one can. Never one of another country, never one pinned to somebody else.
pub fn allocate(lines: &[Line], free: &[Candidate]) -> Allocation {
    let mut free: Vec<&Candidate> = free.iter().filter(|candidate| candidate.capabilities.voice).collect();
    free.sort_unstable_by_key(|candidate| candidate.phone_number_id);
    free.dedup_by_key(|candidate| candidate.phone_number_id);
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_unstable_by_key(|line| line.assignment);
    lines.dedup_by_key(|line| line.assignment);

    let mut given = pinned(&lines, &free);
    given.extend(by_area(&lines, &free, &given));
    let mut allocation = Allocation::default();
    for (place, line) in lines.into_iter().enumerate() {
        match given.get(&place) {
            Some(number) => allocation.pairs.push((line.clone(), *number)),
            None => allocation.left_out.push((line.clone(), why_left_out(line))),
        }
    }
    allocation
}

/// The number of the line at each place.
type Given = BTreeMap<usize, PhoneNumberId>;

/// An agent with several pins gets one of its own country before another, and the oldest of those.
fn pinned(lines: &[&Line], free: &[&Candidate]) -> Given {
    let pin_of = |line: &Line| {
        let agent = line.agent_id?;
        let own = free.iter().filter(|candidate| candidate.pinned_agent_id == Some(agent));
        own.min_by_key(|candidate| (candidate.area() != line.area(), candidate.phone_number_id))
    };
    lines.iter().enumerate().filter_map(|(place, line)| Some((place, pin_of(line)?.phone_number_id))).collect()
}

fn by_area(lines: &[&Line], free: &[&Candidate], given: &Given) -> Given {
    let mut stock: BTreeMap<Area, Vec<&Candidate>> = BTreeMap::new();
    for candidate in free.iter().filter(|candidate| candidate.pinned_agent_id.is_none()) {
        stock.entry(candidate.area()).or_default().push(candidate);
    }
    let mut waiting: Vec<(usize, &Line)> = lines
        .iter()
        .enumerate()
        .filter(|(place, _)| !given.contains_key(place))
        .map(|(at, line)| (at, *line))
        .collect();
    // Who needs much chooses first, and takes what can do little more than that.
    waiting.sort_by_key(|(place, line)| (std::cmp::Reverse(line.capabilities.count()), *place));
    let mut taken = Given::new();
    for full in [true, false] {
        waiting.retain(|(place, line)| {
            let rest = stock.get_mut(&line.area());
            let number = rest.and_then(|rest| take_best(rest, line.capabilities, full));
            taken.extend(number.map(|number| (*place, number)));
            number.is_none()
        });
    }
    taken
}

/// Takes the candidate with the fewest capabilities; with `full`, among those that can do all that is needed.
fn take_best(stock: &mut Vec<&Candidate>, needed: Capabilities, full: bool) -> Option<PhoneNumberId> {
    let fits = |candidate: &Candidate| !full || candidate.capabilities.include(needed);
    let fitting = stock.iter().enumerate().filter(|(_, candidate)| fits(candidate));
    let (place, _) =
        fitting.min_by_key(|(_, candidate)| (candidate.capabilities.count(), candidate.phone_number_id))?;
    Some(stock.remove(place).phone_number_id)
}

fn why_left_out(line: &Line) -> LeftOut {
    if line.area().as_str().starts_with('+') { LeftOut::NoNumberOfPrefix } else { LeftOut::NoNumberOfCountry }
}
