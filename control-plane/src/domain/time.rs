//! The one kind of timestamp, and the two things that are handed in: the time and fresh ids.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// A moment, UTC, in microseconds: what both databases keep.
pub type Timestamp = DateTime<Utc>;

/// Cuts to the microseconds that both databases keep, so that a value equals itself after a round trip.
pub fn stored(moment: Timestamp) -> Timestamp {
    moment.trunc_subsecs(6)
}

/// What time it is. Tests step it.
pub trait Clock: Send + Sync {
    /// Now, in microseconds.
    fn now(&self) -> Timestamp;
}

/// Where fresh ids come from.
pub trait Ids: Send + Sync {
    /// A UUIDv7.
    fn next(&self) -> Uuid;
}
