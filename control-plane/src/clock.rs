//! The only place that reads the machine's clock and makes random ids; everything else is handed them.
#![allow(clippy::disallowed_methods, reason = "this is where the banned calls are wrapped")]

use std::sync::{Mutex, PoisonError};

use chrono::{Duration, Utc};
use uuid::Uuid;

use crate::domain::time::{Clock, Ids, Timestamp, stored};

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        stored(Utc::now())
    }
}

/// A clock that moves only when told.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self(Mutex::new(stored(start)))
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids that sort by the time they were made.
pub struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
