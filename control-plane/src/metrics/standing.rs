//! How things stand at the moment somebody looks: what waits, what is overdue, what is open. Set at each scrape, so that
//! silence is seen as well: a worker that has died counts nothing any more, but what it should have done grows old.

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

/// How things stand.
#[derive(Default)]
pub struct Standing {
    /// Webhooks in the inbox.
    pub queue: Gauge,
    /// The number of the last event.
    pub event_sequence: Gauge,
    /// How late the most overdue effect is.
    pub effect_overdue: Gauge,
}

impl Standing {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let standing = Self::default();
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("webhook_queue_depth", "Webhooks that wait to be stored", &standing.queue);
        gauge("event_sequence", "The number of the last event", &standing.event_sequence);
        gauge("effect_overdue_seconds", "How late the most overdue effect is; 0 for none", &standing.effect_overdue);
        standing
    }
}
