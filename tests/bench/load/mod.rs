//! The load generator: whole calls, every answer checked and timed. `closed` finds what a stage can carry, `open` how long
//! answers take at a rate that it can.

mod closed;
mod line;
mod open;

use std::{net::SocketAddr, sync::Arc};

pub use line::{Line, request};
pub use open::Pace;

use super::{webhook::Webhooks, world::Exchange};

/// What the load is.
#[derive(Clone)]
pub struct Load {
    /// Where webhooks go.
    pub address: SocketAddr,
    /// Which webhooks a call has.
    pub shape: Shape,
    /// Hands out calls.
    pub exchange: Arc<Exchange>,
    /// Writes and signs them.
    pub webhooks: Arc<Webhooks>,
}

/// Which webhooks a call has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Voice and four statuses.
    Whole,
    /// The voice webhook, as often as a whole call has webhooks.
    VoiceOnly,
}

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// How long each answer within the time took, in microseconds, sorted.
    pub took: Vec<u32>,
    /// How much later than scheduled each of those was sent, in microseconds, sorted; empty without a schedule.
    pub late: Vec<u32>,
    /// Calls whose last answer came within the time.
    pub calls: u64,
    /// Calls of which every webhook was acknowledged, ever.
    pub acknowledged: u64,
    /// What was answered wrongly; the first few.
    pub wrong: Vec<String>,
}

impl Load {
    /// The step that is sent in the place of this one.
    fn step(&self, step: usize) -> usize {
        if self.shape == Shape::Whole { step } else { 0 }
    }
}

impl Outcome {
    /// The quantile of the answers' times in milliseconds.
    pub fn quantile(&self, part: f64) -> f64 {
        quantile(&self.took, part)
    }

    fn add(&mut self, other: Self) {
        let Self { took, late, calls, acknowledged, wrong } = other;
        self.took.extend(took);
        self.late.extend(late);
        self.calls += calls;
        self.acknowledged += acknowledged;
        self.complain(wrong);
    }

    fn complain(&mut self, wrong: impl IntoIterator<Item = String>) {
        self.wrong.extend(wrong.into_iter().take(3));
        self.wrong.truncate(60);
    }

    fn sorted(mut self) -> Self {
        self.took.sort_unstable();
        self.late.sort_unstable();
        self
    }
}

/// The quantile of sorted microseconds, in milliseconds.
pub fn quantile(sorted: &[u32], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    // Small enough for the figures of one measurement.
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).map_or(f64::NAN, |took| f64::from(*took) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let took: Vec<u32> = (0..=1000).map(|value| value * 1000).collect();
        assert_eq!((quantile(&took, 0.5), quantile(&took, 0.99), quantile(&took, 0.999)), (500.0, 990.0, 999.0));
        assert_eq!(quantile(&[7000], 0.999), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
