//! What every durable machine is: a state that takes events, says what to do outside, and when to be woken.

use super::{
    effect::Effect,
    error::{Error, Kind},
    time::Timestamp,
};

/// A durable machine. Pure, and total over state and event.
pub trait Machine: Clone {
    /// What can happen to it.
    type Event;

    /// Decides. Nothing happens here: what should happen outside comes back as data.
    fn step(&self, event: Self::Event, now: Timestamp) -> Result<Step<Self>, Refusal>;

    /// When it wants a `Tick`, as a function of its state, so that no branch can forget the timer.
    fn deadline(&self) -> Option<Timestamp>;
}

/// A decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<M> {
    /// The state afterwards.
    pub next: M,
    /// What is to be done outside.
    pub effects: Vec<Effect>,
    /// What watchers are told, such as `account.verified`.
    pub news: Vec<&'static str>,
}

impl<M> Step<M> {
    /// A new state.
    pub fn to(next: M) -> Self {
        Self { next, effects: Vec::new(), news: Vec::new() }
    }

    /// Something to do outside.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Something to tell.
    #[must_use]
    pub fn news(mut self, news: &'static str) -> Self {
        self.news.push(news);
        self
    }
}

/// The event does not fit the state; the row stays untouched. A late or repeated outcome is a refusal like any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, such as `NUMBER_NOT_VOICE_CAPABLE`.
    pub reason: &'static str,
    /// In words.
    pub message: &'static str,
}

impl Refusal {
    /// A refusal with its own reason.
    pub const fn new(reason: &'static str, message: &'static str) -> Self {
        Self { reason, message }
    }

    /// Too late or too early: nothing is wrong, nothing changes.
    pub const fn stale(message: &'static str) -> Self {
        Self::new("STALE", message)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(Kind::FailedPrecondition, refusal.reason, refusal.message)
    }
}

/// How long to wait before the next try: 2 s, doubled each time, at most 5 minutes.
pub fn back_off(attempt: u32) -> chrono::Duration {
    chrono::Duration::seconds((2_i64 << attempt.min(8)).min(300))
}
