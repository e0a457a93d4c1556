//! Wakes whoever waits for something just committed. A courtesy: everybody polls as well.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// The bells of this process.
#[derive(Clone)]
pub struct Wake {
    effects: Arc<Notify>,
    timers: Arc<Notify>,
    events: watch::Sender<u64>,
}

impl Default for Wake {
    fn default() -> Self {
        Self { effects: Arc::default(), timers: Arc::default(), events: watch::Sender::new(0) }
    }
}

impl Wake {
    /// Effects were enqueued.
    pub fn effects(&self) {
        self.effects.notify_one();
    }

    /// A machine changed the time at which it wants to be woken.
    pub fn timers(&self) {
        self.timers.notify_one();
    }

    /// Events were appended, here or by another replica.
    pub fn events(&self) {
        self.events.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Until effects were enqueued.
    pub async fn until_effects(&self) {
        self.effects.notified().await;
    }

    /// Until a machine wants to be woken at another time.
    pub async fn until_timers(&self) {
        self.timers.notified().await;
    }

    /// For a reader of the event log: changes whenever there is something new.
    pub fn new_events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }
}
