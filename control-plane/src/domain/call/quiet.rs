//! When a call that went quiet must be looked up at Twilio: callbacks get lost, and then nobody says that it ended.

use chrono::Duration;

use super::{Call, status::Status};
use crate::domain::time::Timestamp;

/// The longest a call stays open without a look.
const LONGEST: Duration = Duration::minutes(30);

/// When to ask Twilio about it; `None` once it has ended.
///
/// The waits grow with the call's age, so that a long conversation is not looked up every few minutes.
pub fn quiet_deadline(call: &Call) -> Option<Timestamp> {
    let shortest = match call.status {
        Status::Queued | Status::Initiated | Status::Ringing => Duration::minutes(3),
        Status::InProgress => Duration::minutes(10),
        Status::Canceled | Status::Failed | Status::NoAnswer | Status::Busy | Status::Completed => return None,
    };
    let last = call.check_time.map_or(call.update_time, |check| check.max(call.update_time));
    let age = last - call.create_time;
    Some(last + age.clamp(shortest, LONGEST))
}
