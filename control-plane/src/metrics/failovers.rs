//! Failovers: how many begin and how they end, and what becomes of their lines.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::domain::failover::{Kind, State, Trigger, moves::Ended};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Began {
    failover: &'static str,
    trigger: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Became {
    failover: &'static str,
    end: &'static str,
}

/// How a line comes to rest.
const ENDS: [&str; 5] = ["moved", "failed", "undone", "skipped", "stuck"];

/// Failovers and their lines.
#[derive(Default)]
pub struct Failovers {
    began: Family<Began, Counter>,
    ended: Family<Became, Counter>,
    lines: Family<Became, Counter>,
}

impl Failovers {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register("failovers_began", "Failovers, rollbacks and rehearsals that began", counts.began.clone());
        registry.register("failovers_ended", "How they ended", counts.ended.clone());
        registry.register("failover_lines", "Lines of failovers that came to rest", counts.lines.clone());
        // An alarm that asks for a counter which is not there yet stays silent at the first failure.
        for kind in Kind::ALL {
            counts.begin_at_zero(*kind);
        }
        counts
    }

    fn begin_at_zero(&self, kind: Kind) {
        let failover = kind.as_str();
        for trigger in Trigger::ALL {
            drop(self.began.get_or_create(&Began { failover, trigger: trigger.as_str() }));
        }
        for state in State::ALL.iter().filter(|state| state.is_over()) {
            drop(self.ended.get_or_create(&Became { failover, end: state.as_str() }));
        }
        for end in ENDS {
            drop(self.lines.get_or_create(&Became { failover, end }));
        }
    }

    /// One begins.
    pub fn began(&self, kind: Kind, trigger: Trigger) {
        let began = Began { failover: kind.as_str(), trigger: trigger.as_str() };
        self.began.get_or_create(&began).inc();
    }

    /// One is over.
    pub fn ended(&self, kind: Kind, state: State) {
        let became = Became { failover: kind.as_str(), end: state.as_str() };
        self.ended.get_or_create(&became).inc();
    }

    /// A line came to rest.
    pub fn line_ended(&self, kind: Kind, ended: Ended) {
        let end = match ended {
            Ended::Moved => "moved",
            Ended::Failed(_) => "failed",
            Ended::Undone => "undone",
            Ended::Skipped => "skipped",
            Ended::Stuck => "stuck",
        };
        self.lines.get_or_create(&Became { failover: kind.as_str(), end }).inc();
    }
}
