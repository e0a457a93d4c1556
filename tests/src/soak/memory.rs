//! Resident memory over the run, and whether it stays what it was. Pure.

use std::{collections::BTreeMap, time::Duration};

/// Who was weighed: a name, and which of all processes that had it.
pub type Who = (String, u32);

/// One weighing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, since the run began.
    pub at: Duration,
    /// KiB.
    pub resident: u64,
}

/// Whoever lived for less has not come to rest.
const LONG_ENOUGH: Duration = Duration::from_secs(180);
/// What an allocator may keep without any leak.
const SLACK_KIB: u64 = 8 * 1024;

/// How the memory of one process went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Who.
    pub who: Who,
    /// How long it lived.
    pub lived: Duration,
    /// Median of the middle third, KiB.
    pub middle: u64,
    /// Median of the last third, KiB.
    pub last: u64,
}

impl Course {
    /// It is one of ours and lived long enough to be judged. The simulated Twilio keeps its ledger and every call, so it grows.
    pub fn is_judged(&self) -> bool {
        self.who.0 != "simulator" && self.lived >= LONG_ENOUGH
    }

    /// The last third needs no more than the middle one.
    pub fn is_flat(&self) -> bool {
        self.last <= self.middle + self.middle / 10 + SLACK_KIB
    }
}

/// The courses of all who were weighed often enough to have thirds.
pub fn courses(samples: &BTreeMap<Who, Vec<Sample>>) -> Vec<Course> {
    samples.iter().filter_map(|(who, samples)| course(who, samples)).collect()
}

fn course(who: &Who, samples: &[Sample]) -> Option<Course> {
    let third = samples.len() / 3;
    let (first, last) = (samples.first()?, samples.last()?);
    let middle = median(samples.get(third..2 * third)?)?;
    Some(Course {
        who: who.clone(),
        lived: last.at.saturating_sub(first.at),
        middle,
        last: median(&samples[2 * third..])?,
    })
}

fn median(samples: &[Sample]) -> Option<u64> {
    let mut resident: Vec<u64> = samples.iter().map(|sample| sample.resident).collect();
    resident.sort_unstable();
    resident.get(resident.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grows(by: u64, seconds: u64) -> Course {
        let sample = |second| Sample { at: Duration::from_secs(second), resident: 50_000 + by * second };
        let samples = BTreeMap::from([(("edge-0".to_owned(), 1), (0..=seconds).map(sample).collect())]);
        courses(&samples).remove(0)
    }

    #[test]
    fn a_leak_is_seen_and_a_warm_up_is_not_one() {
        assert!(grows(0, 600).is_flat());
        assert!(!grows(200, 600).is_flat(), "200 KiB a second");
        assert!(grows(200, 600).is_judged() && !grows(200, 60).is_judged());
    }

    #[test]
    fn who_was_hardly_weighed_has_no_course() {
        let samples = BTreeMap::from([(("edge-0".to_owned(), 1), vec![])]);
        assert_eq!(courses(&samples), []);
    }
}
