//! The time in which calls may have been missed. Wishes for the same account are joined, so asking twice costs nothing.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// Nobody, whatever their clock says, makes us look further back than this.
const LONGEST: Duration = Duration::days(31);

/// From `since` to `until`, both about right: whoever looks adds a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first moment.
    pub since: Timestamp,
    /// The last.
    pub until: Timestamp,
}

impl Window {
    /// What somebody asks for at `now`, within reason: an edge's clock may be wrong.
    pub fn asked(since: Timestamp, until: Timestamp, now: Timestamp) -> Self {
        let until = until.min(now).max(now - LONGEST);
        Self { since: since.min(until).max(now - LONGEST), until }
    }

    /// The shortest that holds both.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), until: self.until.max(other.until) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    #[test]
    fn a_wrong_clock_does_not_make_us_list_years() {
        let now = at("2026-11-20T12:00:00Z");
        let ancient = Window::asked(at("1970-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"), now);
        assert_eq!(ancient, Window { since: at("2026-10-20T12:00:00Z"), until: now });
        let future = Window::asked(at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"), now);
        assert_eq!(future, Window { since: now, until: now });
        let swapped = Window::asked(at("2026-11-20T11:00:00Z"), at("2026-11-20T10:00:00Z"), now);
        assert_eq!(swapped.since, swapped.until);
    }

    #[test]
    fn two_wishes_become_the_shortest_window_that_holds_both() {
        let one = Window { since: at("2026-11-20T10:00:00Z"), until: at("2026-11-20T10:05:00Z") };
        let other = Window { since: at("2026-11-20T09:59:00Z"), until: at("2026-11-20T10:01:00Z") };
        let both = Window { since: other.since, until: one.until };
        assert_eq!((one.joined(other), other.joined(one), both.joined(one)), (both, both, both));
    }
}
