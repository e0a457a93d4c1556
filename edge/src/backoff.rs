//! Pauses that double and differ from edge to edge, so that a control plane that comes back is not met by all of them at once.

use std::time::Duration;

/// The pauses before the next tries.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// From the first to the longest.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Between half of the pause and all of it; the next one is twice as long.
    pub fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause.mul_f64(rand::random_range(0.5..1.0))
    }

    /// The next pause is the first one.
    pub fn is_fresh(&self) -> bool {
        self.next == self.first
    }

    /// It went well: begin from the start.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_never_quite_the_same() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(5));
        for whole in [1, 2, 4, 5, 5] {
            let pause = backoff.next();
            assert!(pause >= seconds(whole) / 2 && pause <= seconds(whole), "{whole}: {pause:?}");
        }
        backoff.reset();
        assert!(backoff.is_fresh());
        assert!(backoff.next() <= seconds(1));
        assert!(!backoff.is_fresh());
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.clone().next()).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
