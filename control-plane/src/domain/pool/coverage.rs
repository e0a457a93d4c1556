//! How well a backup account could take over the lines of another account, by country: what an operator buys numbers by.

use std::collections::{BTreeMap, HashSet};

use super::{Allocation, Area, Candidate, LeftOut, Line, allocate};
use crate::domain::id::PhoneNumberId;

/// How well one backup account covers an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What would have to move.
    pub lines: usize,
    /// Free backup numbers, needed or not.
    pub free: usize,
    /// Country by country.
    pub areas: BTreeMap<Area, AreaCoverage>,
    /// Who would be left out, and why.
    pub left_out: Vec<(Line, LeftOut)>,
}

/// The same of one country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaCoverage {
    /// Lines whose callers are there.
    pub lines: usize,
    /// Free backup numbers there.
    pub free: usize,
    /// Those of them that take text messages.
    pub free_sms: usize,
    /// Those of them that take messages with media.
    pub free_mms: usize,
    /// Those of them that are kept for one agent.
    pub free_pinned: usize,
    /// Lines that would get a number which can do less than theirs.
    pub reduced: usize,
    /// Lines that would get none: so many numbers are missing.
    pub left_out: usize,
}

impl Coverage {
    /// Nobody would be left out.
    pub fn is_full(&self) -> bool {
        self.left_out.is_empty()
    }
}

/// What would become of these lines with these numbers.
pub fn coverage(lines: &[Line], free: &[Candidate]) -> Coverage {
    let Allocation { pairs, left_out } = allocate(lines, free);
    let mut areas: BTreeMap<Area, AreaCoverage> = BTreeMap::new();
    for candidate in free.iter().filter(|candidate| candidate.capabilities.voice) {
        let area = areas.entry(candidate.area()).or_default();
        area.free += 1;
        area.free_sms += usize::from(candidate.capabilities.sms);
        area.free_mms += usize::from(candidate.capabilities.mms);
        area.free_pinned += usize::from(candidate.pinned_agent_id.is_some());
    }
    for (line, number) in &pairs {
        let area = areas.entry(line.area()).or_default();
        area.lines += 1;
        area.reduced += usize::from(!can_do_all(free, *number, line));
    }
    for (line, _) in &left_out {
        let area = areas.entry(line.area()).or_default();
        area.lines += 1;
        area.left_out += 1;
    }
    let distinct: HashSet<PhoneNumberId> = free.iter().map(|candidate| candidate.phone_number_id).collect();
    Coverage { lines: pairs.len() + left_out.len(), free: distinct.len(), areas, left_out }
}

fn can_do_all(free: &[Candidate], number: PhoneNumberId, line: &Line) -> bool {
    let given = free.iter().find(|candidate| candidate.phone_number_id == number);
    given.is_some_and(|candidate| candidate.capabilities.include(line.capabilities))
}
