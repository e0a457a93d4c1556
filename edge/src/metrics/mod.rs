//! What an edge counts. Every label is a word this program knows, or a control plane's address from the settings: never a
//! number, a SID or anything a caller sends. Whoever counts keeps a handle, so that no label is looked up for a webhook.

mod control_plane;
mod webhooks;

use std::time::Duration;

use callplane_telemetry::{SpanCounts, process};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::route::Route;
pub use control_plane::ControlPlaneMetrics;
use control_plane::ControlPlanes;
pub use webhooks::Ending;
use webhooks::Webhooks;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Why {
    reason: &'static str,
}

/// All counters of one edge.
pub struct Metrics {
    registry: Registry,
    webhooks: Webhooks,
    control_planes: ControlPlanes,
    refusals: Family<Why, Counter>,
    state_age: Gauge<f64, std::sync::atomic::AtomicU64>,
    accounts: Gauge,
    numbers: Gauge,
    connections: Gauge,
    dropped: Family<Why, Counter>,
    /// What became of spans.
    pub spans: SpanCounts,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("callplane_edge");
        let webhooks = Webhooks::register(&mut registry);
        let control_planes = ControlPlanes::register(&mut registry);
        let spans = SpanCounts::register(&mut registry);
        process::register(&mut registry);
        let mut metrics = Self {
            registry,
            webhooks,
            control_planes,
            refusals: Family::default(),
            state_age: Gauge::default(),
            accounts: Gauge::default(),
            numbers: Gauge::default(),
            connections: Gauge::default(),
            dropped: Family::default(),
            spans,
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("refusals", "Webhooks refused, by reason", self.refusals.clone());
        registry.register(
            "state_age_seconds",
            "Since a control plane was last heard; -1 before the first time",
            self.state_age.clone(),
        );
        registry.register("accounts", "Accounts this edge knows", self.accounts.clone());
        registry.register("numbers", "Numbers this edge knows", self.numbers.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        for reason in ["all_connections", "connections_of_one_address", "slow_tls"] {
            // Seen before it happens, so that the first time is a rise.
            drop(self.dropped.get_or_create(&Why { reason }));
        }
        registry.register("connections_dropped", "Connections closed at once, by reason", self.dropped.clone());
    }

    /// A webhook was answered; a path that is no webhook's has no route.
    pub fn handled(&self, route: Option<Route>, ending: Ending, took: Duration) {
        self.webhooks.handled(route, ending, took);
    }

    /// A webhook was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Why { reason }).inc();
    }

    /// What is counted about one control plane.
    pub fn control_plane(&self, address: &str) -> ControlPlaneMetrics {
        self.control_planes.named(address)
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
