//! What happens by itself: how late effects are claimed and machines are woken, and how effects end.

use chrono::Duration;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Woken {
    machine: &'static str,
}

/// 10 ms to a day and a half: what waits for longer than a minute is somebody's business.
#[derive(Clone)]
struct Lateness;

impl MetricConstructor<Histogram> for Lateness {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.01, 4.0, 12))
    }
}

/// 10 ms to 5 s: the answer path waits for half of that.
#[derive(Clone)]
struct Registering;

impl MetricConstructor<Histogram> for Registering {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.01, 2.0, 10))
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Registered {
    outcome: &'static str,
}

/// What happens by itself.
pub struct Work {
    ended: Family<Ended, Counter>,
    late: Family<Of, Histogram, Lateness>,
    woken: Family<Woken, Histogram, Lateness>,
    lost: Counter,
    registered: Family<Registered, Histogram, Registering>,
}

impl Work {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let work = Self {
            ended: Family::default(),
            late: Family::new_with_constructor(Lateness),
            woken: Family::new_with_constructor(Lateness),
            lost: Counter::default(),
            registered: Family::new_with_constructor(Registering),
        };
        registry.register("effects", "Vendor calls by kind and outcome: done, refused, unknown", work.ended.clone());
        let help = "How long after its time an effect was claimed";
        registry.register("effect_lateness_seconds", help, work.late.clone());
        let help = "How long after its deadline a machine was woken";
        registry.register("deadline_lateness_seconds", help, work.woken.clone());
        registry.register("effect_leases_lost", "Outcomes that came after the lease had ended", work.lost.clone());
        let help = "How long ElevenLabs takes to register a call while the caller waits, by outcome";
        drop(work.registered.get_or_create(&Registered { outcome: "done" }));
        registry.register("agent_registration_seconds", help, work.registered.clone());
        work
    }

    /// An effect was claimed so long after its time.
    pub fn claimed(&self, kind: &'static str, late: Duration) {
        self.late.get_or_create(&Of { kind }).observe(seconds(late));
    }

    /// A vendor call ended.
    pub fn ended(&self, kind: &'static str, outcome: &'static str) {
        self.ended.get_or_create(&Ended { kind, outcome }).inc();
    }

    /// Somebody else has the effect by now.
    pub fn lease_lost(&self) {
        self.lost.inc();
    }

    /// ElevenLabs was asked to take a call while its caller waited.
    pub fn registered(&self, outcome: &'static str, took: std::time::Duration) {
        self.registered.get_or_create(&Registered { outcome }).observe(took.as_secs_f64());
    }

    /// A machine was woken so long after its deadline.
    pub fn woken(&self, machine: &'static str, late: Duration) {
        self.woken.get_or_create(&Woken { machine }).observe(seconds(late));
    }
}

fn seconds(late: Duration) -> f64 {
    late.max(Duration::zero()).as_seconds_f64()
}
