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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        call::{Fact, What, merge},
        sample::{at, call, call_sid, new_call},
    };

    #[test]
    fn a_call_that_only_rang_is_looked_up_after_three_minutes() {
        assert_eq!(quiet_deadline(&call()), Some(at("2026-08-04T09:03:00Z")));
    }

    #[test]
    fn a_conversation_is_looked_up_after_ten_minutes_and_then_ever_more_seldom() {
        let mut call = Call { status: Status::InProgress, ..call() };
        let mut waits = Vec::new();
        for _ in 0..5 {
            let last = call.update_time;
            let deadline = quiet_deadline(&call).expect("open");
            waits.push((deadline - last).num_minutes());
            let found = Fact { status: Some(Status::InProgress), ..Fact::bare(What::Fetched, call_sid(1), deadline) };
            call = merge(Some(call), &found, &new_call()).call;
        }
        assert_eq!(waits, [10, 10, 20, 30, 30]);
    }

    #[test]
    fn asking_in_vain_also_postpones_the_next_look() {
        let asked = Call { check_time: Some(at("2026-08-04T09:03:00Z")), ..call() };
        assert_eq!(quiet_deadline(&asked), Some(at("2026-08-04T09:06:00Z")));
    }

    #[test]
    fn a_call_that_ended_is_never_looked_up() {
        for status in Status::ALL.iter().filter(|status| status.is_final()) {
            assert_eq!(quiet_deadline(&Call { status: *status, ..call() }), None, "{status}");
        }
    }
}
