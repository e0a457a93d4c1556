//! How many requests of one account may be under way at once, and when a vendor asked an account to wait.
//! Twilio limits requests at a time, not per second; one slow account must not hold up the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::time::Timestamp;

/// The lanes of all accounts.
pub struct Lanes {
    width: usize,
    lanes: Mutex<HashMap<String, Lane>>,
}

struct Lane {
    places: Arc<Semaphore>,
    held_until: Option<Timestamp>,
}

/// Why a request did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The vendor asked the account to wait.
    Asked,
    /// Every place was taken until the deadline.
    Full,
}

impl Lanes {
    /// `width` requests at a time for each account.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1), lanes: Mutex::default() }
    }

    /// A place in the account's lane, given back when dropped.
    pub async fn enter(&self, account: &str, now: Timestamp, patience: Duration) -> Result<OwnedSemaphorePermit, Held> {
        let places = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let lane = lanes.entry(account.to_owned()).or_insert_with(|| self.lane());
            match lane.held_until {
                Some(until) if now < until => return Err(Held::Asked),
                _ => lane.held_until = None,
            }
            Arc::clone(&lane.places)
        };
        match tokio::time::timeout(patience, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(Held::Full),
        }
    }

    /// The vendor asked the account to wait until then.
    pub fn hold(&self, account: &str, until: Timestamp) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(account.to_owned()).or_insert_with(|| self.lane());
        lane.held_until = lane.held_until.max(Some(until));
    }

    fn lane(&self) -> Lane {
        Lane { places: Arc::new(Semaphore::new(self.width)), held_until: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_PATIENCE: Duration = Duration::ZERO;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).expect("in range")
    }

    #[tokio::test]
    async fn a_full_lane_holds_up_its_own_account_and_no_other() {
        let lanes = Lanes::new(2);
        let first = lanes.enter("A", at(0), NO_PATIENCE).await.expect("a place");
        let _second = lanes.enter("A", at(0), NO_PATIENCE).await.expect("a place");
        assert_eq!(lanes.enter("A", at(0), NO_PATIENCE).await.err(), Some(Held::Full));
        assert!(lanes.enter("B", at(0), NO_PATIENCE).await.is_ok());
        drop(first);
        assert!(lanes.enter("A", at(0), NO_PATIENCE).await.is_ok());
    }

    #[tokio::test]
    async fn an_account_that_was_asked_to_wait_waits_for_as_long_as_it_was_asked() {
        let lanes = Lanes::new(2);
        lanes.hold("A", at(5));
        lanes.hold("A", at(3));
        assert_eq!(lanes.enter("A", at(4), NO_PATIENCE).await.err(), Some(Held::Asked));
        assert!(lanes.enter("B", at(4), NO_PATIENCE).await.is_ok());
        assert!(lanes.enter("A", at(5), NO_PATIENCE).await.is_ok());
    }
}
