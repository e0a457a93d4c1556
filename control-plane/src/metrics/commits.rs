//! The transactions in which webhooks are stored: how many webhooks share one, how long it takes, and what goes wrong.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

/// Why a webhook was not stored with its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallenOut {
    /// It makes no sense.
    Invalid,
    /// The database failed, or others were always faster.
    Unavailable,
}

/// The transactions of the hot path.
pub struct Commits {
    webhooks: Histogram,
    rows: Histogram,
    seconds: Histogram,
    retries: Counter,
    invalid: Counter,
    unavailable: Counter,
}

impl Commits {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let fallen_out = Family::<Why, Counter>::default();
        let counter = |reason| fallen_out.get_or_create_owned(&Why { reason });
        let commits = Self {
            webhooks: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            rows: Histogram::new(exponential_buckets(1.0, 2.0, 12)),
            // A quarter of a millisecond to 8 s: an edge gives up after 3.
            seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            retries: Counter::default(),
            invalid: counter("invalid"),
            unavailable: counter("unavailable"),
        };
        registry.register("commit_webhooks", "Webhooks stored by one transaction", commits.webhooks.clone());
        registry.register("commit_rows", "Rows written by one transaction of webhooks", commits.rows.clone());
        registry.register("commit_seconds", "From the first read of a batch to its commit", commits.seconds.clone());
        let help = "Batches begun again because another replica wrote one of their calls";
        registry.register("commit_retries", help, commits.retries.clone());
        registry.register("commit_fallen_out", "Webhooks that could not be stored, by reason", fallen_out);
        commits
    }

    /// A batch was committed.
    pub fn stored(&self, webhooks: usize, rows: usize, took: Duration) {
        self.webhooks.observe(size(webhooks));
        self.rows.observe(size(rows));
        self.seconds.observe(took.as_secs_f64());
    }

    /// Another replica was faster with a call of the batch, and it begins again.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// Webhooks could not be stored.
    pub fn fallen_out(&self, why: FallenOut, count: usize) {
        let counter = match why {
            FallenOut::Invalid => &self.invalid,
            FallenOut::Unavailable => &self.unavailable,
        };
        counter.inc_by(count as u64);
    }
}

fn size(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
