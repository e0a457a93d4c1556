//! Whether a control plane is worth asking: after a few failures in a row it is left alone for a while, then tried with one
//! request. Pure: the time is handed in.

use std::time::Duration;

use tokio::time::Instant;

/// One slow answer is no outage; three in a row are.
const FAILURES: u32 = 3;
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(5);

/// One control plane's record.
#[derive(Debug, Default)]
pub struct Circuit {
    failures: u32,
    rest: Option<(Instant, Duration)>,
}

/// What a result changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing worth a log line.
    Same,
    /// It answers again.
    Up,
    /// It has stopped answering.
    Down,
}

impl Circuit {
    /// May be asked now. While it rests, one request after each rest is let through.
    pub fn admits(&mut self, now: Instant) -> bool {
        match &mut self.rest {
            None => true,
            Some((until, length)) if now >= *until => {
                *until = now + *length;
                true
            }
            Some(_) => false,
        }
    }

    /// It answered.
    pub fn succeeded(&mut self) -> Turn {
        self.failures = 0;
        if self.rest.take().is_some() { Turn::Up } else { Turn::Same }
    }

    /// It did not.
    pub fn failed(&mut self, now: Instant) -> Turn {
        self.failures += 1;
        match &mut self.rest {
            None if self.failures < FAILURES => Turn::Same,
            None => {
                self.rest = Some((now + FIRST_REST, FIRST_REST));
                Turn::Down
            }
            Some((until, length)) => {
                *length = (*length * 2).min(LONGEST_REST);
                *until = now + *length;
                Turn::Same
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Circuit, Turn};

    #[tokio::test]
    async fn three_failures_in_a_row_open_it_and_one_success_closes_it() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        assert_eq!([circuit.failed(now), circuit.failed(now)], [Turn::Same, Turn::Same]);
        assert_eq!(circuit.succeeded(), Turn::Same);
        assert_eq!(
            [circuit.failed(now), circuit.failed(now), circuit.failed(now)],
            [Turn::Same, Turn::Same, Turn::Down]
        );
        assert!(!circuit.admits(now));
        assert_eq!(circuit.succeeded(), Turn::Up);
        assert!(circuit.admits(now));
    }

    #[tokio::test]
    async fn after_a_rest_one_request_is_let_through_and_rests_grow() {
        let (mut circuit, start) = (Circuit::default(), Instant::now());
        for _ in 0..3 {
            circuit.failed(start);
        }
        let later = start + Duration::from_millis(500);
        assert!(circuit.admits(later));
        assert!(!circuit.admits(later));
        circuit.failed(later);
        assert!(!circuit.admits(later + Duration::from_millis(999)));
        assert!(circuit.admits(later + Duration::from_millis(1000)));
    }
}
