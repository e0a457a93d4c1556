//! The simulator's time: system time or a given start, movable, and who waits for it.
//! Owns the only look at the system clock. It never decides what happens at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub type Timestamp = DateTime<Utc>;

/// Whether simulated durations wait for the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// A call runs through at once; only its timestamps know how long it took.
    #[default]
    Immediate,
    /// Each moment of a call happens when the clock has been moved to it.
    Stepped,
}

#[derive(Debug)]
enum Source {
    System { offset: TimeDelta },
    Stopped { at: Timestamp },
}

#[derive(Debug)]
struct Inner {
    source: Source,
    pace: Pace,
    version: u64,
    tasks: usize,
    /// Waiter → the version of the world it has last looked at.
    waiting: BTreeMap<u64, u64>,
    next_waiter: u64,
}

#[derive(Debug)]
pub struct SimClock {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

impl SimClock {
    /// Starts at `start` and stands still until moved, or follows system time.
    pub fn new(start: Option<Timestamp>, pace: Pace) -> Self {
        let source = match start {
            Some(at) => Source::Stopped { at },
            None => Source::System { offset: TimeDelta::zero() },
        };
        let inner = Inner { source, pace, version: 0, tasks: 0, waiting: BTreeMap::new(), next_waiter: 0 };
        Self { inner: Mutex::new(inner), changed: watch::Sender::new(0) }
    }

    pub fn now(&self) -> Timestamp {
        match &self.lock().source {
            Source::System { offset } => system_now() + *offset,
            Source::Stopped { at } => *at,
        }
    }

    pub fn pace(&self) -> Pace {
        self.lock().pace
    }

    pub fn set_pace(&self, pace: Pace) {
        self.lock().pace = pace;
        self.stir();
    }

    pub fn advance(&self, by: TimeDelta) {
        match &mut self.lock().source {
            Source::System { offset } => *offset += by,
            Source::Stopped { at } => *at += by,
        }
        self.stir();
    }

    pub fn stop_at(&self, at: Timestamp) {
        self.lock().source = Source::Stopped { at };
        self.stir();
    }

    /// Makes everyone who waits look again: the time or the fate of a call has changed.
    pub fn stir(&self) {
        let version = {
            let mut inner = self.lock();
            inner.version += 1;
            inner.version
        };
        self.changed.send_replace(version);
    }

    /// Counts a piece of work until the guard is dropped; `idle` waits for all of them.
    /// Taken before a task is spawned, or `idle` could miss a task that has not run yet.
    pub fn work(self: &Arc<Self>) -> Work {
        self.lock().tasks += 1;
        Work { clock: self.clone() }
    }

    /// Waits until the clock reads `due` or `interrupted` says so.
    pub async fn reach(&self, due: Timestamp, interrupted: impl Fn() -> bool) {
        let mut changed = self.changed.subscribe();
        let waiter = Waiter::new(self);
        loop {
            let seen = *changed.borrow_and_update();
            let now = self.now();
            if now >= due || interrupted() || self.pace() == Pace::Immediate {
                return;
            }
            waiter.saw(seen);
            let left = (due - now).to_std().unwrap_or(Duration::ZERO);
            let follows_system_time = matches!(self.lock().source, Source::System { .. });
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep(left), if follows_system_time => {}
            }
        }
    }

    /// Waits until nothing is under way except what waits for a later time.
    pub async fn idle(&self) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.borrow_and_update();
            if self.is_idle() {
                return;
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn is_idle(&self) -> bool {
        let inner = self.lock();
        inner.tasks == inner.waiting.values().filter(|seen| **seen == inner.version).count()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes `idle` without making waiters stale.
    fn nudge(&self) {
        self.changed.send_modify(|_| {});
    }
}

pub struct Work {
    clock: Arc<SimClock>,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.clock.lock().tasks -= 1;
        self.clock.nudge();
    }
}

struct Waiter<'a> {
    clock: &'a SimClock,
    id: u64,
}

impl<'a> Waiter<'a> {
    fn new(clock: &'a SimClock) -> Self {
        let mut inner = clock.lock();
        inner.next_waiter += 1;
        Self { clock, id: inner.next_waiter }
    }

    fn saw(&self, version: u64) {
        let before = self.clock.lock().waiting.insert(self.id, version);
        // Only news is passed on, or two waiters would wake each other for ever.
        if before != Some(version) {
            self.clock.nudge();
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.clock.lock().waiting.remove(&self.id);
    }
}

/// RFC 2822 as Twilio writes it.
pub fn rfc2822(at: Timestamp) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// ISO 8601 as the newer Twilio APIs write it.
pub fn iso8601(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
fn system_now() -> Timestamp {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-08-04T12:00:00Z".parse().expect("a valid time")
    }

    #[test]
    fn a_stopped_clock_moves_only_when_told() {
        let clock = SimClock::new(Some(noon()), Pace::Immediate);
        clock.advance(TimeDelta::seconds(90));
        assert_eq!(rfc2822(clock.now()), "Tue, 04 Aug 2026 12:01:30 +0000");
    }

    #[tokio::test]
    async fn idle_waits_for_work_but_not_for_a_later_time() {
        let clock = Arc::new(SimClock::new(Some(noon()), Pace::Stepped));
        let (waiting, work) = (clock.clone(), clock.work());
        let task = tokio::spawn(async move {
            let _work = work;
            waiting.reach(noon() + TimeDelta::seconds(10), || false).await;
            waiting.reach(noon() + TimeDelta::seconds(20), || false).await;
        });
        clock.idle().await;
        assert!(!task.is_finished());
        clock.advance(TimeDelta::seconds(10));
        clock.idle().await;
        assert!(!task.is_finished());
        clock.advance(TimeDelta::seconds(10));
        clock.idle().await;
        task.await.expect("the waiting task ends");
    }
}
