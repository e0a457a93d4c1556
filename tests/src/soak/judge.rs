//! What must hold whatever was done to the system. Pure over the evidence: every rule is tested with a history that
//! breaks it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

mod reached;

use callplane_simulator::Timestamp;

pub use self::reached::unfinished;
use super::{
    evidence::{Evidence, Stored},
    history::{Answer, Step, Told, Truth},
    memory::{Course, courses},
};

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Twilio was told that it is stored, and it is not there.
    Lost { call_sid: String, step: Step },
    /// There more than once.
    Twice { call_sid: String, step: Step, times: u32 },
    /// A call that is not there at all.
    Missing { call_sid: String },
    /// A call that is there, but not as it was.
    Wrong { call_sid: String, stored: Stored, truth: Truth },
    /// An answer that must not be.
    Odd { call_sid: String, step: Step, answer: String },
    /// A number was written again without a look in between.
    Unlooked { number_sid: String },
    /// A number was written more often than it had to be.
    Overwritten { number_sid: String, writes: u32, rounds: u32 },
    /// The webhooks of a number did not become right.
    Unsettled { number: String },
    /// Webhooks were not taken although nothing was wrong.
    Refused { calm: (Duration, Duration), taken: usize, of: usize, answers: BTreeMap<String, usize> },
    /// A telephone rang more often than it may.
    RungTooOften { person: String, times: usize },
    /// A telephone rang before its time.
    RungEarly { person: String, at: Timestamp },
    /// An incident that was taken and is not there.
    Forgotten { incident_id: String },
    /// Steps of an incident that have no outcome.
    NoOutcome { incident_id: String, steps: Vec<String> },
    /// There was no time without trouble in which progress could be judged, or nobody called in it.
    NoCalm,
    /// A process needs more and more memory.
    Grows(Course),
    /// Somebody should look at this line of a log.
    Error { line: String },
}

/// Of webhooks that began while nothing was wrong, this part must be taken.
const CALM_FLOOR: f64 = 0.95;
/// Errors that a process may report while others are dead: each says that something was not done, and was not claimed to
/// be.
const EXPECTED: [&str; 6] = [
    "the control plane does not answer; going on without it",
    "webhooks could not be stored",
    "an outcome could not be stored",
    "a request failed",
    "secrets cannot be moved to the newest key",
    "a step was taken in hand late",
];

/// Which calls must be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Every call that Twilio has: those that nobody told us of are found in its list.
    All,
    /// Calls of which at least one webhook was acknowledged; they are right if that of their end was.
    Acknowledged,
}

/// Everything that is wrong.
pub fn judge(evidence: &Evidence, expected: Expected) -> Vec<Violation> {
    let mut found = lost(evidence);
    found.extend(twice(evidence));
    found.extend(unlike_the_truth(evidence, expected));
    found.extend(odd(evidence));
    found.extend(writes(evidence));
    found.extend(progress(evidence));
    found.extend(reached::wrong(evidence));
    found.extend(reached::unfinished(evidence));
    let growing = |course: &Course| course.is_judged() && !course.is_flat();
    found.extend(courses(&evidence.memory).into_iter().filter(growing).map(Violation::Grows));
    let unexpected = |line: &&String| !EXPECTED.iter().any(|known| line.contains(known));
    found.extend(evidence.errors.iter().filter(unexpected).map(|line| Violation::Error { line: line.clone() }));
    found
}

/// No acknowledged webhook is lost.
fn lost(evidence: &Evidence) -> Vec<Violation> {
    let is_lost = |told: &&Told| {
        told.answer == Answer::Stored && !evidence.events.contains_key(&(told.call_sid.clone(), told.step))
    };
    let lost = evidence.noted.told.iter().filter(is_lost);
    lost.map(|told| Violation::Lost { call_sid: told.call_sid.clone(), step: told.step }).collect()
}

/// However often it was delivered, it is stored once.
fn twice(evidence: &Evidence) -> Vec<Violation> {
    let twice = evidence.events.iter().filter(|(_, times)| **times > 1);
    twice
        .map(|((call_sid, step), times)| Violation::Twice { call_sid: call_sid.clone(), step: *step, times: *times })
        .collect()
}

/// The calls that are not yet as Twilio's records have them; what the end of a run waits for.
pub fn unlike_the_truth(evidence: &Evidence, expected: Expected) -> Vec<Violation> {
    let told = evidence.noted.told.iter().filter(|told| told.answer == Answer::Stored);
    let acknowledged: BTreeSet<(&str, Step)> = told.map(|told| (told.call_sid.as_str(), told.step)).collect();
    let is_known = |sid: &str| acknowledged.range((sid, Step::Voice)..).next().is_some_and(|(known, _)| *known == sid);
    let ends = ends(&evidence.noted.told);
    let is_ended = |sid: &str| ends.get(sid).is_some_and(|end| acknowledged.contains(&(sid, *end)));
    let all = expected == Expected::All;
    let mut found = Vec::new();
    for (call_sid, truth) in &evidence.noted.truths {
        match evidence.stored.get(call_sid) {
            Some(stored) if !is_true(stored, truth) && (all || is_ended(call_sid)) => {
                let (stored, truth) = (stored.clone(), truth.clone());
                found.push(Violation::Wrong { call_sid: call_sid.clone(), stored, truth });
            }
            None if all || is_known(call_sid) => found.push(Violation::Missing { call_sid: call_sid.clone() }),
            Some(_) | None => {}
        }
    }
    found
}

/// The last status callback of each call, answered or not.
fn ends(told: &[Told]) -> BTreeMap<&str, Step> {
    let mut ends: BTreeMap<&str, Step> = BTreeMap::new();
    for told in told.iter().filter(|told| matches!(told.step, Step::Status(_))) {
        let end = ends.entry(&told.call_sid).or_insert(told.step);
        *end = (*end).max(told.step);
    }
    ends
}

fn is_true(stored: &Stored, truth: &Truth) -> bool {
    stored.status == truth.status
        && stored.end_time == Some(truth.end_time)
        // A call that was never answered may have no duration.
        && stored.seconds.unwrap_or_default() == truth.seconds
}

fn odd(evidence: &Evidence) -> Vec<Violation> {
    let odd = evidence.noted.told.iter().filter_map(|told| match &told.answer {
        Answer::Odd(answer) => {
            Some(Violation::Odd { call_sid: told.call_sid.clone(), step: told.step, answer: answer.clone() })
        }
        Answer::Stored | Answer::Degraded | Answer::GivenUp(_) => None,
    });
    odd.collect()
}

/// A write whose outcome was unknown is looked at before it is repeated, and what a look shows to be done is not done
/// again. Only a control plane that slept past its lease may send what another one has done meanwhile: once for each
/// number, because a number has one piece of work at a time.
fn writes(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut unlooked: BTreeMap<&str, u32> = BTreeMap::new();
    let mut written: BTreeMap<&str, u32> = BTreeMap::new();
    let mut last_was_write: BTreeMap<&str, bool> = BTreeMap::new();
    for touch in &evidence.touches {
        let sid = touch.number_sid.as_str();
        let repeated = last_was_write.insert(sid, touch.is_write) == Some(true);
        *unlooked.entry(sid).or_default() += u32::from(touch.is_write && repeated);
        *written.entry(sid).or_default() += u32::from(touch.is_write && touch.performed);
    }
    for (sid, times) in unlooked {
        if times > evidence.sleeps {
            found.push(Violation::Unlooked { number_sid: sid.to_owned() });
        }
    }
    for (sid, writes) in written {
        let rounds = evidence.rounds.get(sid).copied().unwrap_or_default();
        if writes > rounds + evidence.sleeps {
            found.push(Violation::Overwritten { number_sid: sid.to_owned(), writes, rounds });
        }
    }
    found.extend(evidence.unsettled.iter().map(|number| Violation::Unsettled { number: number.clone() }));
    found
}

/// While nothing is wrong, webhooks are taken.
fn progress(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut judged = 0;
    for calm in calms(&evidence.windows, evidence.length) {
        let inside = |told: &&Told| told.begun >= calm.0 && told.begun < calm.1;
        let told: Vec<&Told> = evidence.noted.told.iter().filter(inside).collect();
        let taken = told.iter().filter(|told| told.answer == Answer::Stored).count();
        judged += told.len();
        if (taken as f64) < told.len() as f64 * CALM_FLOOR {
            let mut answers: BTreeMap<String, usize> = BTreeMap::new();
            for told in &told {
                *answers.entry(format!("{:?}", told.answer)).or_default() += 1;
            }
            found.push(Violation::Refused { calm, taken, of: told.len(), answers });
        }
    }
    if judged == 0 {
        found.push(Violation::NoCalm);
    }
    found
}

/// The time outside of all windows.
pub fn calms(windows: &[(Duration, Duration)], length: Duration) -> Vec<(Duration, Duration)> {
    let mut windows = windows.to_vec();
    windows.sort_unstable();
    let (mut calms, mut now) = (Vec::new(), Duration::ZERO);
    for (start, end) in windows {
        if start > now {
            calms.push((now, start.min(length)));
        }
        now = now.max(end);
    }
    if now < length {
        calms.push((now, length));
    }
    calms
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

#[cfg(test)]
mod tests;
