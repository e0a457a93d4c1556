//! Which accounts had webhooks that no control plane took, and since when: told to the first control plane that answers, so
//! that it can look for their calls at Twilio. Bounded, and only in memory: an edge that is stopped before it could tell says so
//! by its own absence.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use callplane_proto::edge::v1::MissedWebhooks;
use prost_types::Timestamp;
use tokio::sync::Notify;

/// Accounts that are remembered; more have no place in one control plane.
const MOST: usize = 25_000;
/// Accounts that are told at once.
const PORTION: usize = 1000;

/// What has not been told.
#[derive(Default)]
pub struct Missed {
    accounts: Mutex<HashMap<Box<str>, (At, At)>>,
    count: AtomicUsize,
    noted: Notify,
}

/// Seconds and nanoseconds, which compare as a time does.
type At = (i64, i32);

/// A portion that is being told; whatever is not marked as told goes back.
pub struct Portion<'m> {
    missed: &'m Missed,
    accounts: Vec<(Box<str>, (At, At))>,
}

const UNPOISONED: &str = "nobody panics while holding what was missed";

impl Missed {
    /// A webhook of this account was not taken.
    pub fn note(&self, account_sid: &str, at: Timestamp) {
        self.merge(account_sid.into(), ((at.seconds, at.nanos), (at.seconds, at.nanos)));
        self.noted.notify_one();
    }

    /// Waits until something is there that was not told.
    pub async fn wait(&self) {
        while self.is_empty() {
            self.noted.notified().await;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Some of it, to be told by one caller at a time.
    pub fn portion(&self) -> Portion<'_> {
        let mut accounts = self.accounts.lock().expect(UNPOISONED);
        let names: Vec<Box<str>> = accounts.keys().take(PORTION).cloned().collect();
        let taken = names.into_iter().filter_map(|name| accounts.remove_entry(&name)).collect();
        self.count.store(accounts.len(), Ordering::Release);
        Portion { missed: self, accounts: taken }
    }

    fn merge(&self, account_sid: Box<str>, (since, until): (At, At)) {
        let mut accounts = self.accounts.lock().expect(UNPOISONED);
        if accounts.len() >= MOST && !accounts.contains_key(&account_sid) {
            return;
        }
        let known = accounts.entry(account_sid).or_insert((since, until));
        *known = (known.0.min(since), known.1.max(until));
        self.count.store(accounts.len(), Ordering::Release);
    }
}

impl Portion<'_> {
    /// As it is sent.
    pub fn message(&self) -> Vec<MissedWebhooks> {
        let time = |(seconds, nanos): At| Some(Timestamp { seconds, nanos });
        let told = self.accounts.iter().map(|(account_sid, (since, until))| MissedWebhooks {
            account_sid: account_sid.to_string(),
            since: time(*since),
            until: time(*until),
        });
        told.collect()
    }

    /// A control plane has it.
    pub fn told(mut self) {
        self.accounts.clear();
    }
}

impl Drop for Portion<'_> {
    fn drop(&mut self) {
        for (account_sid, times) in self.accounts.drain(..) {
            self.missed.merge(account_sid, times);
        }
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;

    use super::{MOST, Missed, PORTION};

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 5 }
    }

    #[test]
    fn an_account_is_told_once_with_its_first_and_last_time() {
        let missed = Missed::default();
        for seconds in [20, 10, 30] {
            missed.note("AC1", at(seconds));
        }
        let portion = missed.portion();
        let message = portion.message();
        assert_eq!(message.len(), 1);
        assert_eq!((message[0].since, message[0].until), (Some(at(10)), Some(at(30))));
        portion.told();
        assert!(missed.is_empty());
    }

    #[test]
    fn what_was_not_told_is_told_again_with_what_came_since() {
        let missed = Missed::default();
        missed.note("AC1", at(10));
        let portion = missed.portion();
        assert!(missed.is_empty(), "nobody else tells it meanwhile");
        missed.note("AC1", at(20));
        drop(portion);
        let message = missed.portion().message();
        assert_eq!((message[0].since, message[0].until), (Some(at(10)), Some(at(20))));
    }

    #[test]
    fn no_more_is_remembered_than_has_its_place_and_it_is_told_in_portions() {
        let missed = Missed::default();
        for account in 0..MOST + 10 {
            missed.note(&format!("AC{account}"), at(1));
        }
        let portion = missed.portion();
        assert_eq!(portion.message().len(), PORTION);
        portion.told();
        let mut told = PORTION;
        while !missed.is_empty() {
            let portion = missed.portion();
            told += portion.message().len();
            portion.told();
        }
        assert_eq!(told, MOST);
    }
}
