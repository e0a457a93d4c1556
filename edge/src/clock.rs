//! The wall clock, read in one place: the time of receipt that goes with each webhook.

use std::time::{SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

/// Now. A clock before 1970 counts as 1970.
#[allow(clippy::disallowed_methods, reason = "this is the place where the wall clock is read")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).expect("less than a billion"),
    }
}
