//! The points between durable steps. A test stops a worker at each of them, as a crash would, and expects the same end.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A point between durable steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Effects are leased; nothing has left the process.
    Claimed,
    /// The vendor has answered; nobody here knows yet.
    Performed,
    /// The outcome and the next state are committed.
    Delivered,
    /// A timer has fired and its step is committed.
    Ticked,
}

/// The worker was stopped at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crashed(pub Boundary);

/// Counts the boundaries that are passed and stops at one of them. In production it does nothing.
#[derive(Clone, Debug, Default)]
pub struct Boundaries(Option<Arc<Plan>>);

#[derive(Debug)]
struct Plan {
    passed: AtomicUsize,
    stop_at: usize,
}

impl Boundaries {
    /// Stops at the `stop_at`th boundary, from 1.
    pub fn stop_at(stop_at: usize) -> Self {
        Self(Some(Arc::new(Plan { passed: AtomicUsize::new(0), stop_at })))
    }

    /// How many were passed.
    pub fn passed(&self) -> usize {
        self.0.as_ref().map_or(0, |plan| plan.passed.load(Ordering::SeqCst))
    }

    /// A boundary is reached.
    pub fn reach(&self, boundary: Boundary) -> Result<(), Crashed> {
        let Some(plan) = &self.0 else { return Ok(()) };
        match plan.passed.fetch_add(1, Ordering::SeqCst) + 1 == plan.stop_at {
            true => Err(Crashed(boundary)),
            false => Ok(()),
        }
    }
}
