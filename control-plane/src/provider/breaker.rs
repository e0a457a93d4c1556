//! Stops asking a vendor that does not answer. One circuit per account and host; what stopped is told, not waited for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::Duration;

use crate::domain::time::Timestamp;

const THRESHOLD: u32 = 5;
const PAUSE: Duration = Duration::seconds(10);

/// An account at a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Circuit {
    /// Whose requests.
    pub account: String,
    /// Where they go.
    pub origin: String,
}

/// All circuits with recent trouble; one that works takes no room.
#[derive(Default)]
pub struct Breaker(Mutex<HashMap<Circuit, Trouble>>);

struct Trouble {
    in_a_row: u32,
    next_try: Timestamp,
}

impl Breaker {
    /// Whether a request may go out. While the circuit is open one may every ten seconds, to see whether it is over;
    /// the time of the next is set now, so that a try that never reports back does not keep the circuit open.
    pub fn admits(&self, circuit: &Circuit, now: Timestamp) -> bool {
        let mut circuits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match circuits.get_mut(circuit) {
            Some(trouble) if trouble.in_a_row >= THRESHOLD => {
                let due = now >= trouble.next_try;
                if due {
                    trouble.next_try = now + PAUSE;
                }
                due
            }
            _ => true,
        }
    }

    /// An answer came: the circuit is whole.
    pub fn worked(&self, circuit: &Circuit) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(circuit);
    }

    /// No answer, or none that can be used.
    pub fn failed(&self, circuit: &Circuit, now: Timestamp) {
        let mut circuits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = circuits.entry(circuit.clone()).or_insert(Trouble { in_a_row: 0, next_try: now });
        trouble.in_a_row = trouble.in_a_row.saturating_add(1);
        trouble.next_try = now + PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit(account: &str) -> Circuit {
        Circuit { account: account.to_owned(), origin: "https://api.example".to_owned() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
    }

    #[test]
    fn five_failures_in_a_row_open_the_circuit_of_that_account_alone() {
        let breaker = Breaker::default();
        let (ours, other) = (circuit("A"), circuit("B"));
        for _ in 0..4 {
            breaker.failed(&ours, at(0));
        }
        assert!(breaker.admits(&ours, at(0)));
        breaker.failed(&ours, at(0));
        assert!(!breaker.admits(&ours, at(9)));
        assert!(breaker.admits(&other, at(9)));
    }

    #[test]
    fn one_try_every_ten_seconds_finds_out_whether_it_is_over() {
        let breaker = Breaker::default();
        let ours = circuit("A");
        for _ in 0..5 {
            breaker.failed(&ours, at(0));
        }
        assert!(breaker.admits(&ours, at(10)), "the probe");
        assert!(!breaker.admits(&ours, at(11)), "while the probe is out");
        breaker.failed(&ours, at(12));
        assert!(!breaker.admits(&ours, at(21)));
        assert!(breaker.admits(&ours, at(22)));
        breaker.worked(&ours);
        assert!(breaker.admits(&ours, at(22)) && breaker.admits(&ours, at(22)));
    }

    #[test]
    fn an_answer_in_between_starts_the_count_again() {
        let breaker = Breaker::default();
        let ours = circuit("A");
        for _ in 0..3 {
            for _ in 0..4 {
                breaker.failed(&ours, at(0));
            }
            breaker.worked(&ours);
        }
        assert!(breaker.admits(&ours, at(0)));
    }
}
