//! Wakes whoever waits for something just committed. A courtesy: everybody polls as well.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// What somebody may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// Effects were enqueued.
    Effects,
    /// A machine changed the time at which it wants to be woken.
    Timers,
    /// Events were appended.
    Events,
}

impl Bell {
    /// Every bell.
    pub const ALL: [Self; 3] = [Self::Effects, Self::Timers, Self::Events];

    /// The word between replicas.
    pub fn word(self) -> &'static str {
        match self {
            Self::Effects => "effects",
            Self::Timers => "timers",
            Self::Events => "events",
        }
    }
}

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
    /// Rings a bell, here or because another replica did.
    pub fn ring(&self, bell: Bell) {
        match bell {
            Bell::Effects => self.effects.notify_one(),
            Bell::Timers => self.timers.notify_one(),
            Bell::Events => self.events.send_modify(|count| *count = count.wrapping_add(1)),
        }
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
