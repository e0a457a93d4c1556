//! What was ever stored still loads.

use super::*;

/// An incident with each field filled; its steps have rows of their own.
const STORED: &str = include_str!("stored.json");

fn full() -> Incident {
    let policy = Ladder { acknowledged_for: Some(Seconds(300)), ..usual() };
    Incident {
        ladder: policy,
        state: State::Resolved,
        outcome: Some(Outcome::Joined),
        answered_by: "Ada".into(),
        answer_time: Some(from_start(-60)),
        acknowledged_until: Some(from_start(240)),
        exhausted: true,
        end_time: Some(from_start(-60)),
        ..incident(usual())
    }
}

#[test]
fn a_stored_incident_still_loads_and_is_written_as_it_was() {
    let loaded: Incident = serde_json::from_str(STORED).expect("loads");
    assert_eq!(loaded, full());
    let stored: serde_json::Value = serde_json::from_str(STORED).expect("JSON");
    assert_eq!(serde_json::to_value(full()).expect("plain"), stored);
}

#[test]
fn every_word_of_a_stored_step_still_loads() {
    for (words, known) in [
        (vec!["pending", "executed", "failed", "skipped", "cancelled"], Status::ALL.len()),
        (vec!["open", "acknowledged", "escalating", "resolved"], State::ALL.len()),
        (vec!["joined", "resolved", "event-cancelled", "not-reached"], Outcome::ALL.len()),
    ] {
        let loads = |word: &&&str| {
            word.parse::<Status>().is_ok() || word.parse::<State>().is_ok() || word.parse::<Outcome>().is_ok()
        };
        assert_eq!(words.iter().filter(loads).count(), known);
    }
}
