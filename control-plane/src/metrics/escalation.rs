//! Whether people are reached in time: how late steps begin, ladders that reached nobody, and what a do-not-call checker says.

use std::sync::atomic::{AtomicU8, Ordering};

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

use crate::domain::{attempt::Said, ladder::Channel};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Way {
    channel: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Checked {
    answer: &'static str,
}

/// What a checker may have said.
const ANSWERS: [&str; 3] = ["clear", "listed", "unanswered"];
/// It answered when it was last asked.
const ANSWERED: u8 = 1;
/// It did not.
const SILENT: u8 = 2;

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
    checks: Family<Checked, Counter>,
    last_check: AtomicU8,
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
        let checks: Family<Checked, Counter> = Family::default();
        for answer in ANSWERS {
            drop(checks.get_or_create(&Checked { answer }));
        }
        let help = "What the do-not-call checker said before a call or message, by answer";
        registry.register("dnc_checks", help, checks.clone());
        Self { lateness, late, exhausted, checks, last_check: AtomicU8::default() }
    }

    /// The do-not-call checker was asked.
    pub fn checked(&self, said: &Said) {
        let answer = said.word();
        self.checks.get_or_create(&Checked { answer }).inc();
        let last = if matches!(said, Said::Nothing { .. }) { SILENT } else { ANSWERED };
        self.last_check.store(last, Ordering::Relaxed);
    }

    /// Whether it answered when this control plane last asked it; `None` when it never did.
    pub fn checker_answers(&self) -> Option<bool> {
        match self.last_check.load(Ordering::Relaxed) {
            ANSWERED => Some(true),
            SILENT => Some(false),
            _ => None,
        }
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
