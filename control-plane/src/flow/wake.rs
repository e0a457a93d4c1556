//! Wakes whoever waits for something just committed. A courtesy: everybody polls as well.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use tokio::sync::{Mutex, MutexGuard, Notify, watch};

use crate::domain::effect::Queue;

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

    fn bit(self) -> u8 {
        1 << self as u8
    }

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
    probes: Arc<Notify>,
    attempts: Arc<Notify>,
    timers: Arc<Notify>,
    ladders: Arc<Notify>,
    /// Ladders are woken by one at a time in this process.
    turn: Arc<Mutex<()>>,
    events: watch::Sender<u64>,
    /// Bells of commits that the other replicas have not been told of.
    untold: Arc<AtomicU8>,
    telling: Arc<Notify>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            effects: Arc::default(),
            probes: Arc::default(),
            attempts: Arc::default(),
            timers: Arc::default(),
            ladders: Arc::default(),
            turn: Arc::default(),
            events: watch::Sender::new(0),
            untold: Arc::default(),
            telling: Arc::default(),
        }
    }
}

impl Wake {
    /// Rings a bell, here or because another replica did.
    pub fn ring(&self, bell: Bell) {
        match bell {
            // One who waits is woken by it, and there are three kinds of them.
            Bell::Effects => {
                self.effects.notify_one();
                self.probes.notify_one();
                self.attempts.notify_one();
            }
            Bell::Timers => {
                self.timers.notify_one();
                self.ladders.notify_one();
            }
            Bell::Events => self.events.send_modify(|count| *count = count.wrapping_add(1)),
        }
    }

    /// Rings a bell for a commit of this process, and asks for the other replicas to be told.
    pub fn committed(&self, bell: Bell) {
        self.ring(bell);
        self.untold.fetch_or(bell.bit(), Ordering::AcqRel);
        self.telling.notify_one();
    }

    /// Waits for commits of this process; their bells, each once however many commits there were.
    pub async fn until_committed(&self) -> Vec<Bell> {
        loop {
            let untold = self.untold.swap(0, Ordering::AcqRel);
            if untold != 0 {
                return Bell::ALL.into_iter().filter(|bell| untold & bell.bit() != 0).collect();
            }
            self.telling.notified().await;
        }
    }

    /// Until effects were enqueued.
    pub async fn until_effects(&self, queue: Queue) {
        match queue {
            Queue::Work => self.effects.notified().await,
            Queue::Probes => self.probes.notified().await,
            Queue::Attempts => self.attempts.notified().await,
        }
    }

    /// Until a machine wants to be woken at another time.
    pub async fn until_timers(&self) {
        self.timers.notified().await;
    }

    /// The same for ladders and attempts.
    pub async fn until_ladders(&self) {
        self.ladders.notified().await;
    }

    /// Whoever wakes ladders holds this: two who wake the same ones would only get in each other's way.
    pub async fn ladders_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// For a reader of the event log: changes whenever there is something new.
    pub fn new_events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }
}
