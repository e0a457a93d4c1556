//! Showing what many replies have in common: times, lengths of time, etags, counts.

use crate::domain::{seconds::Seconds, time::Timestamp};

/// A point in time.
pub fn moment(time: Timestamp) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos() % 1_000_000_000).unwrap_or_default();
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

/// A length of time.
pub fn seconds(length: Seconds) -> prost_types::Duration {
    prost_types::Duration { seconds: i64::from(length.get()), nanos: 0 }
}

/// What tells one version of a resource from the next.
pub fn etag(version: i64) -> String {
    version.to_string()
}

/// A count, as far as the API can tell it.
pub fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// An id, or empty.
pub fn id_or_empty(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
