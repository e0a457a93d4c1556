//! The points between durable steps. A test stops a worker at each of them, as a crash would, and expects the same end, or
//! holds it there while something else happens.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// A point between durable steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Effects are leased; nothing has left the process.
    Claimed,
    /// The vendor has answered; nobody here knows yet.
    Performed,
    /// The outcome and the next state are committed.
    Delivered,
}

/// The worker was stopped at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crashed(pub Boundary);

/// Counts the boundaries that are passed, and stops or holds at one of them. In production it does nothing.
#[derive(Clone, Debug, Default)]
pub struct Boundaries(Option<Arc<Plan>>);

#[derive(Debug)]
struct Plan {
    passed: AtomicUsize,
    at: usize,
    hold: Option<Hold>,
}

#[derive(Debug, Default)]
struct Hold {
    reached: Notify,
    go_on: Notify,
}

impl Boundaries {
    /// Stops at the `stop_at`th boundary, from 1.
    pub fn stop_at(stop_at: usize) -> Self {
        Self(Some(Arc::new(Plan { passed: AtomicUsize::new(0), at: stop_at, hold: None })))
    }

    /// Holds at the `hold_at`th boundary, from 1, until `go_on`.
    pub fn hold_at(hold_at: usize) -> Self {
        Self(Some(Arc::new(Plan { passed: AtomicUsize::new(0), at: hold_at, hold: Some(Hold::default()) })))
    }

    /// How many were passed.
    pub fn passed(&self) -> usize {
        self.0.as_ref().map_or(0, |plan| plan.passed.load(Ordering::SeqCst))
    }

    /// Waits until the worker is held, if it ever is.
    pub async fn held(&self) {
        match self.hold() {
            Some(hold) => hold.reached.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Lets the worker go on.
    pub fn go_on(&self) {
        if let Some(hold) = self.hold() {
            hold.go_on.notify_one();
        }
    }

    fn hold(&self) -> Option<&Hold> {
        self.0.as_ref()?.hold.as_ref()
    }

    /// A boundary is reached.
    pub async fn reach(&self, boundary: Boundary) -> Result<(), Crashed> {
        let Some(plan) = &self.0 else { return Ok(()) };
        if plan.passed.fetch_add(1, Ordering::SeqCst) + 1 != plan.at {
            return Ok(());
        }
        let Some(hold) = &plan.hold else { return Err(Crashed(boundary)) };
        hold.reached.notify_one();
        hold.go_on.notified().await;
        Ok(())
    }
}
