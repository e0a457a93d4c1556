//! Whether a control plane is worth asking: after a few failures in a row it is left alone until it has answered a probe.
//! Pure: the time is handed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// One slow answer is no outage; three in a row are.
const FAILURES: u32 = 3;
const FIRST_REST: Duration = Duration::from_millis(100);
/// Shorter than webhooks wait for a restart, so that of two control planes restarted one after the other one is always known to be up.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// One control plane's record.
#[derive(Debug, Default)]
pub struct Circuit {
    failures: u32,
    open: Option<(Instant, Backoff)>,
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
    /// May be asked.
    pub fn admits(&self) -> bool {
        self.open.is_none()
    }

    /// Since when it is left alone, if it is.
    pub fn open_since(&self) -> Option<Instant> {
        self.open.as_ref().map(|(since, _)| *since)
    }

    /// Before the next probe.
    pub fn rest(&mut self) -> Option<Duration> {
        self.open.as_mut().map(|(_, rests)| rests.next())
    }

    /// It answered.
    pub fn succeeded(&mut self) -> Turn {
        self.failures = 0;
        if self.open.take().is_some() { Turn::Up } else { Turn::Same }
    }

    /// It did not.
    pub fn failed(&mut self, now: Instant) -> Turn {
        self.failures = self.failures.saturating_add(1);
        if self.open.is_some() || self.failures < FAILURES {
            return Turn::Same;
        }
        self.open = Some((now, Backoff::new(FIRST_REST, LONGEST_REST)));
        Turn::Down
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
        assert_eq!((circuit.admits(), circuit.open_since()), (false, Some(now)));
        assert_eq!(circuit.failed(now + Duration::from_secs(1)), Turn::Same);
        assert_eq!(circuit.open_since(), Some(now));
        assert_eq!(circuit.succeeded(), Turn::Up);
        assert_eq!((circuit.admits(), circuit.open_since()), (true, None));
    }

    #[tokio::test]
    async fn it_rests_only_while_it_is_open() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        assert_eq!(circuit.rest(), None);
        for _ in 0..3 {
            circuit.failed(now);
        }
        assert!(circuit.rest().is_some_and(|rest| rest <= Duration::from_millis(100)));
    }
}
