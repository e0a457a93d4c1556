//! Whether people are reached in time: how late steps begin, and ladders that reached nobody.

use chrono::Duration;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        histogram::Histogram,
    },
    registry::Registry,
};

use crate::domain::ladder::Channel;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    channel: &'static str,
}

#[derive(Clone, Default)]
struct Lateness;

impl MetricConstructor<Histogram> for Lateness {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0])
    }
}

/// The counters.
pub struct Escalation {
    lateness: Family<Way, Histogram, Lateness>,
    late: Counter,
    exhausted: Counter,
}

/// Later than this a step is late: somebody should look why.
const LATE: Duration = Duration::seconds(5);

impl Escalation {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let lateness: Family<Way, Histogram, Lateness> = Family::new_with_constructor(Lateness);
        // An alarm that asks for what is not there yet stays silent the first time.
        for channel in Channel::ALL {
            drop(lateness.get_or_create(&Way { channel: channel.as_str() }));
        }
        let (late, exhausted) = (Counter::default(), Counter::default());
        registry.register(
            "escalation_step_lateness_seconds",
            "How long after its time a step of a ladder was taken in hand",
            lateness.clone(),
        );
        registry.register("escalation_late_steps", "Steps that were taken in hand more than 5 s late", late.clone());
        registry.register(
            "escalation_exhausted_ladders",
            "Ladders that came to their end and reached nobody",
            exhausted.clone(),
        );
        Self { lateness, late, exhausted }
    }

    /// A step was taken in hand.
    pub fn due(&self, channel: Channel, lateness: Duration) {
        let way = Way { channel: channel.as_str() };
        self.lateness.get_or_create(&way).observe(lateness.as_seconds_f64().max(0.0));
        if lateness > LATE {
            self.late.inc();
            tracing::error!(
                channel = channel.as_str(),
                seconds = lateness.num_seconds(),
                "a step was taken in hand late"
            );
        }
    }

    /// A ladder reached nobody.
    pub fn exhausted(&self) {
        self.exhausted.inc();
    }
}
