//! Whether backup numbers still are what we believe them to be, by the list that their account shows right before a failover.

use std::collections::HashMap;

use crate::domain::{
    e164::E164,
    phone_number::PhoneNumber,
    telephony::{Capabilities, NumberSeen},
    time::Timestamp,
};

/// All numbers that an account shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    began: Timestamp,
    numbers: HashMap<E164, Capabilities>,
}

impl Shown {
    /// The whole list, the first page of which was asked for then.
    pub fn of(began: Timestamp, numbers: impl IntoIterator<Item = NumberSeen>) -> Self {
        Self { began, numbers: numbers.into_iter().map(|seen| (seen.e164, seen.capabilities)).collect() }
    }

    /// Why nobody should be moved to this number of the account.
    pub fn speaks_against(&self, number: &PhoneNumber) -> Option<&'static str> {
        // What was learned since is newer than the list.
        if number.update_time > self.began {
            return None;
        }
        match self.numbers.get(&number.e164) {
            None => Some("right before a failover, the account did not show it"),
            Some(can) if !can.voice => Some("right before a failover, it could not take calls"),
            Some(_) => None,
        }
    }
}
