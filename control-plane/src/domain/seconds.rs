//! Whole seconds: what Twilio's attributes and durations are counted in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl Seconds {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// For adding to and taking from a timestamp.
    pub fn delta(self) -> chrono::Duration {
        chrono::Duration::seconds(i64::from(self.0))
    }
}

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Self {
        Self::from_secs(u64::from(seconds.0))
    }
}

impl From<Duration> for Seconds {
    /// Rounds up: half a second of ringing is not none.
    fn from(duration: Duration) -> Self {
        let up = u64::from(duration.subsec_nanos() > 0);
        Self(u32::try_from(duration.as_secs().saturating_add(up)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_a_second_counts_as_a_whole_one() {
        assert_eq!(Seconds::from(Duration::from_millis(1)), Seconds(1));
        assert_eq!(Seconds::from(Duration::from_secs(25)), Seconds(25));
        assert_eq!(Seconds::from(Duration::ZERO), Seconds(0));
        assert_eq!(Seconds::from(Duration::MAX), Seconds(u32::MAX));
    }
}
