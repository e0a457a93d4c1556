//! What must hold of people who are to be reached: nobody too often, nobody too early, nobody forgotten.

use super::Violation;
use crate::soak::evidence::Evidence;

/// One event rings one person this often at most, whatever died meanwhile.
const MOST_RINGS: usize = 2;
/// The word of a step that has no outcome yet.
const PENDING: &str = "pending";

/// Who was rung and should not have been, also of those whom nobody was promised to.
pub fn wrong(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    for (person, rings) in &evidence.rings {
        if rings.len() > MOST_RINGS {
            found.push(Violation::RungTooOften { person: person.clone(), times: rings.len() });
        }
        let promised = evidence.promised.iter().find(|promised| promised.person == *person);
        let early = rings.iter().filter(|at| promised.is_some_and(|promised| **at < promised.not_before));
        found.extend(early.map(|at| Violation::RungEarly { person: person.clone(), at: *at }));
    }
    found
}

/// Who was promised and has steps that nobody knows the end of; what the end of a run waits for.
pub fn unfinished(evidence: &Evidence) -> Vec<Violation> {
    let unfinished = evidence.promised.iter().filter_map(|promised| {
        let incident_id = promised.incident_id.clone();
        let Some(steps) = evidence.steps.get(&incident_id) else { return Some(Violation::Forgotten { incident_id }) };
        let is_open = steps.iter().any(|status| status == PENDING);
        is_open.then(|| Violation::NoOutcome { incident_id, steps: steps.clone() })
    });
    unfinished.collect()
}
