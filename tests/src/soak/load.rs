//! Calls at a rate, whatever becomes of those before: an open loop, bounded only by how many calls are under way at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at},
};

use super::caller::{Caller, Exchange};

/// Webhooks of a call that is answered.
pub const WEBHOOKS: u32 = 5;

/// What the load is.
pub struct Load {
    exchange: Arc<Exchange>,
    seed: u64,
    every: Duration,
    under_way: Arc<Semaphore>,
    stopped: AtomicBool,
    placed: AtomicU64,
}

impl Load {
    /// So many webhooks a second, in whole calls.
    pub fn new(exchange: Arc<Exchange>, seed: u64, webhooks_per_second: u32, at_once: usize) -> Self {
        let every = Duration::from_secs(1) * WEBHOOKS / webhooks_per_second.max(1);
        let under_way = Arc::new(Semaphore::new(at_once));
        Self { exchange, seed, every, under_way, stopped: AtomicBool::new(false), placed: AtomicU64::new(0) }
    }

    /// No more calls; those under way come to their end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// How many calls were placed.
    pub fn placed(&self) -> u64 {
        self.placed.load(Ordering::SeqCst)
    }

    /// Places calls until it is stopped; returns when the last one has ended.
    pub async fn run(&self) {
        let mut calls = JoinSet::new();
        let mut ticks = interval_at(Instant::now(), self.every);
        // What could not be placed while too many were under way is not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.stopped.load(Ordering::SeqCst) {
            ticks.tick().await;
            while calls.try_join_next().is_some() {}
            let permit = Arc::clone(&self.under_way).acquire_owned().await.expect("the semaphore is never closed");
            let turn = self.placed.fetch_add(1, Ordering::SeqCst);
            let caller = Caller::new(&self.exchange, self.seed, turn);
            calls.spawn(async move {
                caller.carry().await;
                drop(permit);
            });
        }
        while calls.join_next().await.is_some() {}
    }
}
