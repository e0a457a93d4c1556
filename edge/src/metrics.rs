//! What an edge counts. Labels are routes, outcomes and control planes: never a number, a SID or anything a caller sends.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Handled {
    route: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    control_plane: String,
}

/// All counters of one edge.
pub struct Metrics {
    registry: Registry,
    requests: Family<Handled, Counter>,
    refusals: Family<Why, Counter>,
    latency: Histogram,
    queue: Gauge,
    batches: Histogram,
    up: Family<Of, Gauge>,
    state_age: Gauge<f64, std::sync::atomic::AtomicU64>,
    accounts: Gauge,
    numbers: Gauge,
    connections: Gauge,
    dropped: Family<Why, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("callplane_edge"),
            requests: Family::default(),
            refusals: Family::default(),
            // 1 ms to 8 s: an answer is due within 4.
            latency: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            queue: Gauge::default(),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            up: Family::default(),
            state_age: Gauge::default(),
            accounts: Gauge::default(),
            numbers: Gauge::default(),
            connections: Gauge::default(),
            dropped: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Webhooks by route and outcome", self.requests.clone());
        registry.register("refusals", "Webhooks refused, by reason", self.refusals.clone());
        registry.register("answer_seconds", "From a webhook's headers to its answer", self.latency.clone());
        registry.register("queue_depth", "Webhooks waiting for a control plane", self.queue.clone());
        registry.register("batch_size", "Webhooks in one call to a control plane", self.batches.clone());
        registry.register("control_plane_up", "1 while the control plane answers", self.up.clone());
        registry.register(
            "state_age_seconds",
            "Since a control plane was last heard; -1 before the first time",
            self.state_age.clone(),
        );
        registry.register("accounts", "Accounts this edge knows", self.accounts.clone());
        registry.register("numbers", "Numbers this edge knows", self.numbers.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("connections_dropped", "Connections closed at once, by reason", self.dropped.clone());
    }

    /// A webhook was answered.
    pub fn handled(&self, route: &'static str, outcome: &'static str, took: Duration) {
        self.requests.get_or_create(&Handled { route, outcome }).inc();
        self.latency.observe(took.as_secs_f64());
    }

    /// A webhook was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Why { reason }).inc();
    }

    /// Webhooks joined or left the queue.
    pub fn queued(&self, change: i64) {
        self.queue.inc_by(change);
    }

    /// A batch was sent.
    pub fn batch(&self, size: usize) {
        self.batches.observe(f64::from(u32::try_from(size).unwrap_or(u32::MAX)));
    }

    /// A control plane answers, or does not.
    pub fn replica_up(&self, control_plane: &str, up: bool) {
        self.up.get_or_create(&Of { control_plane: control_plane.to_owned() }).set(i64::from(up));
    }

    /// What the state is worth now; asked for at each scrape.
    pub fn state(&self, age: Option<Duration>, (accounts, numbers): (usize, usize)) {
        self.state_age.set(age.map_or(-1.0, |age| age.as_secs_f64()));
        self.accounts.set(i64::try_from(accounts).unwrap_or(i64::MAX));
        self.numbers.set(i64::try_from(numbers).unwrap_or(i64::MAX));
    }

    /// A connection was opened (1) or closed (-1).
    pub fn connection(&self, change: i64) {
        self.connections.inc_by(change);
    }

    /// A connection was not wanted.
    pub fn connection_dropped(&self, reason: &'static str) {
        self.dropped.get_or_create(&Why { reason }).inc();
    }

    /// Everything, as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String does not fail");
        text
    }
}
