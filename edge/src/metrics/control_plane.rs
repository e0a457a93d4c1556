//! How this edge sees each of its control planes: whether it answers, what waits for it, and how often it was helped out.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::forward::Class;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Of {
    control_plane: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Waiting {
    control_plane: String,
    class: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Called {
    control_plane: String,
    outcome: &'static str,
}

/// An answer is waited for no longer than 3 s.
#[derive(Clone)]
struct CallSeconds;

impl MetricConstructor<Histogram> for CallSeconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
    }
}

/// What is counted about all of them.
pub(super) struct ControlPlanes {
    up: Family<Of, Gauge>,
    opened: Family<Of, Counter>,
    hedges: Family<Of, Counter>,
    retries: Family<Of, Counter>,
    queue: Family<Waiting, Gauge>,
    shed: Family<Waiting, Counter>,
    calls: Family<Called, Counter>,
    seconds: Family<Of, Histogram, CallSeconds>,
    batches: Histogram,
}

/// What is counted about one control plane.
pub struct ControlPlaneMetrics {
    up: Gauge,
    opened: Counter,
    hedges: Counter,
    retries: Counter,
    queue: [Gauge; Class::ALL.len()],
    shed: [Counter; Class::ALL.len()],
    answered: Counter,
    failed: Counter,
    seconds: Histogram,
    batches: Histogram,
}

impl ControlPlanes {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self {
            up: Family::default(),
            opened: Family::default(),
            hedges: Family::default(),
            retries: Family::default(),
            queue: Family::default(),
            shed: Family::default(),
            calls: Family::default(),
            seconds: Family::new_with_constructor(CallSeconds),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
        };
        registry.register("control_plane_up", "1 while the control plane answers", all.up.clone());
        let help = "How often the circuit opened: the control plane was left alone after failures in a row";
        registry.register("circuit_opened", help, all.opened.clone());
        let help = "Webhooks also sent to this control plane, because another one was silent";
        registry.register("hedges", help, all.hedges.clone());
        let help = "Webhooks sent to this control plane again, or after another one had failed";
        registry.register("retries", help, all.retries.clone());
        let help = "Webhooks waiting for the control plane: of callers on the line, messages, and callbacks";
        registry.register("queue_depth", help, all.queue.clone());
        let help = "Webhooks that found the queue too long for their class";
        registry.register("shed", help, all.shed.clone());
        registry.register("calls", "Calls to the control plane, by outcome", all.calls.clone());
        registry.register("call_seconds", "How long a call to the control plane takes", all.seconds.clone());
        registry.register("batch_size", "Webhooks in one call to a control plane", all.batches.clone());
        all
    }

    pub(super) fn named(&self, control_plane: &str) -> ControlPlaneMetrics {
        let of = Of { control_plane: control_plane.to_owned() };
        let waiting = |class: Class| Waiting { control_plane: control_plane.to_owned(), class: class.name() };
        let called =
            |outcome| self.calls.get_or_create_owned(&Called { control_plane: control_plane.to_owned(), outcome });
        ControlPlaneMetrics {
            up: self.up.get_or_create_owned(&of),
            opened: self.opened.get_or_create_owned(&of),
            hedges: self.hedges.get_or_create_owned(&of),
            retries: self.retries.get_or_create_owned(&of),
            queue: Class::ALL.map(|class| self.queue.get_or_create_owned(&waiting(class))),
            shed: Class::ALL.map(|class| self.shed.get_or_create_owned(&waiting(class))),
            answered: called("answered"),
            failed: called("failed"),
            seconds: self.seconds.get_or_create_owned(&of),
            batches: self.batches.clone(),
        }
    }
}

impl ControlPlaneMetrics {
    /// It answers, as far as anybody knows.
    pub fn up(&self) {
        self.up.set(1);
    }

    /// It does not answer and is left alone for a while.
    pub fn down(&self) {
        self.up.set(0);
        self.opened.inc();
    }

    /// Was asked beside a silent one.
    pub fn hedged(&self) {
        self.hedges.inc();
    }

    /// Was asked after a failure.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// So many webhooks of each class wait.
    pub fn queued(&self, waiting: [usize; Class::ALL.len()]) {
        for (gauge, count) in self.queue.iter().zip(waiting) {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// A webhook found the queue too long for its class.
    pub fn shed(&self, class: Class) {
        self.shed[class as usize].inc();
    }

    /// A call with so many webhooks ended.
    pub fn called(&self, webhooks: usize, answered: bool, took: Duration) {
        self.batches.observe(f64::from(u32::try_from(webhooks).unwrap_or(u32::MAX)));
        self.seconds.observe(took.as_secs_f64());
        if answered {
            self.answered.inc()
        } else {
            self.failed.inc()
        };
    }
}
