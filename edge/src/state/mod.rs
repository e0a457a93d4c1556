//! What this edge knows of accounts and numbers: enough to check a signature and to answer a caller alone. Filled by the
//! watch; read by every request. Holds no secret that opens anything at Twilio.

mod feed;
mod known;
mod watch;

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicBool, Ordering},
};

use callplane_proto::edge::v1::Instructions;
use tokio::{sync::watch as signal, time::Instant};

pub use feed::Feed;
pub use known::{Account, Known};
pub use watch::follow;

/// The state, shared by all requests.
pub struct Directory {
    known: RwLock<Known>,
    loaded: AtomicBool,
    /// When a control plane was last heard; also wakes whoever waits for a change.
    heard: signal::Sender<Option<Instant>>,
}

impl Default for Directory {
    fn default() -> Self {
        Self { known: RwLock::default(), loaded: AtomicBool::new(false), heard: signal::Sender::new(None) }
    }
}

/// The locks are held for a look-up or a batch of changes, never while anything can panic.
const UNPOISONED: &str = "nobody panics while holding the state";

impl Directory {
    /// A snapshot has arrived; before that nothing can be verified.
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// Until a control plane has told all of it for the first time.
    pub async fn loaded(&self) {
        let mut heard = self.subscribe();
        while !self.is_loaded() {
            if heard.changed().await.is_err() {
                return;
            }
        }
    }

    /// An account by its SID, compared exactly as received.
    pub fn account(&self, sid: &str) -> Option<Arc<Account>> {
        self.known.read().expect(UNPOISONED).account(sid)
    }

    /// The account that owns a number.
    pub fn owner(&self, e164: &str) -> Option<Arc<str>> {
        self.known.read().expect(UNPOISONED).owner(e164)
    }

    /// What a number's callers get when no control plane answers.
    pub fn fallback(&self, e164: &str) -> Option<Instructions> {
        // Decoded outside the lock, and only when a control plane is silent.
        let encoded = self.known.read().expect(UNPOISONED).fallback(e164)?;
        prost::Message::decode(&*encoded).ok()
    }

    /// How long ago a control plane was heard.
    pub fn age(&self, now: Instant) -> Option<std::time::Duration> {
        self.heard.borrow().map(|heard| now.saturating_duration_since(heard))
    }

    /// How many accounts and numbers there are.
    pub fn size(&self) -> (usize, usize) {
        self.known.read().expect(UNPOISONED).size()
    }

    /// Is told of everything that arrives: for metrics, and for tests that wait for a change to be in force.
    pub fn subscribe(&self) -> signal::Receiver<Option<Instant>> {
        self.heard.subscribe()
    }

    fn replace(&self, next: Known) {
        // The old state is dropped after the lock is released: freeing 100,000 numbers takes a while.
        let _old = std::mem::replace(&mut *self.known.write().expect(UNPOISONED), next);
        self.loaded.store(true, Ordering::Release);
    }

    fn change(&self, apply: impl FnOnce(&mut Known)) {
        apply(&mut self.known.write().expect(UNPOISONED));
    }

    fn mark_heard(&self, now: Instant) {
        self.heard.send_replace(Some(now));
    }
}

#[cfg(test)]
mod tests;
