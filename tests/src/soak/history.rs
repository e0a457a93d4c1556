//! What the client's side knows: which webhook was answered how, and what really became of each call. Only noted here;
//! `judge` reads it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use callplane_simulator::Timestamp;

/// One of the webhooks of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// It comes in.
    Voice,
    /// Our answer to that could not be had.
    Fallback,
    /// The status callback with this sequence number.
    Status(u32),
}

/// How a webhook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Twilio was told that it is stored.
    Stored,
    /// An edge without a control plane answered the caller; it says nothing of storage.
    Degraded,
    /// Twilio has given up, for this reason.
    GivenUp(String),
    /// An answer that must not be.
    Odd(String),
}

/// A webhook and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its call.
    pub call_sid: String,
    /// Which one.
    pub step: Step,
    /// When it was sent first, since the run began.
    pub begun: Duration,
    /// When it was answered, or given up.
    pub ended: Duration,
    /// How often it was sent.
    pub attempts: u32,
    /// What came of it.
    pub answer: Answer,
}

/// What really became of a call: Twilio's record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Its last status.
    pub status: String,
    /// When it ended, in whole seconds.
    pub end_time: Timestamp,
    /// How long it lasted.
    pub seconds: u32,
}

/// Everything that was noted.
#[derive(Clone, Debug, Default)]
pub struct Noted {
    /// Webhooks.
    pub told: Vec<Told>,
    /// Calls that ended.
    pub truths: BTreeMap<String, Truth>,
}

/// Where it is noted.
#[derive(Default)]
pub struct History(Mutex<Noted>);

impl History {
    /// A webhook came to its end.
    pub fn told(&self, told: Told) {
        self.noted().told.push(told);
    }

    /// A call came to its end.
    pub fn ended(&self, call_sid: &str, truth: Truth) {
        self.noted().truths.insert(call_sid.to_owned(), truth);
    }

    /// Everything so far.
    pub fn read(&self) -> Noted {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
