//! Webhooks by route and how they ended. A pair that has happened once has its handles; one that never happens has no line.

use std::{sync::OnceLock, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::route::Route;

/// How a webhook ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Stored; Twilio wants nothing back.
    Accepted,
    /// Stored, and answered with what a control plane said.
    Answered,
    /// No control plane answered: a request to wait, or the number's own fallback instructions.
    Fallback,
    /// Over the rate: the caller hears a busy signal.
    Busy,
    /// Turned away before a control plane heard of it.
    Refused,
    /// No control plane answered: 503.
    Unavailable,
    /// A control plane made no sense of it.
    Invalid,
    /// A control plane answered with something else than the route takes.
    Mismatch,
    /// The answer could not be written.
    Unwritable,
}

impl Ending {
    const COUNT: usize = Self::Unwritable as usize + 1;

    /// The label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Fallback => "fallback",
            Self::Busy => "busy",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Mismatch => "mismatch",
            Self::Unwritable => "unwritable",
        }
    }

    /// The label of latencies: fewer, because each has a line for every bucket.
    fn class(self) -> &'static str {
        match self {
            Self::Accepted | Self::Answered => "ok",
            Self::Fallback | Self::Busy => "degraded",
            Self::Refused => "refused",
            Self::Unavailable | Self::Invalid | Self::Mismatch | Self::Unwritable => "failed",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Handled {
    route: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Timed {
    route: &'static str,
    class: &'static str,
}

/// Handles of one route and one ending.
struct Cell {
    requests: Counter,
    seconds: Histogram,
}

/// One more for what has no route.
const ROUTES: usize = Route::COUNT + 1;

/// Webhooks by route and how they ended.
pub struct Webhooks {
    cells: [[OnceLock<Cell>; Ending::COUNT]; ROUTES],
    requests: Family<Handled, Counter>,
    seconds: Family<Timed, Histogram, fn() -> Histogram>,
}

impl Webhooks {
    pub(super) fn register(registry: &mut Registry) -> Self {
        // A quarter of a millisecond to 8 s: an answer is due within 4.
        let seconds = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        let webhooks = Self {
            cells: Default::default(),
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
        };
        registry.register("requests", "Webhooks by route and outcome", webhooks.requests.clone());
        let help = "From a webhook's headers to its answer, by route and kind of outcome";
        registry.register("answer_seconds", help, webhooks.seconds.clone());
        webhooks
    }

    pub(super) fn handled(&self, route: Option<Route>, ending: Ending, took: Duration) {
        let row = route.map_or(Route::COUNT, |route| route as usize);
        let cell = self.cells[row][ending as usize].get_or_init(|| self.cell(route, ending));
        cell.requests.inc();
        cell.seconds.observe(took.as_secs_f64());
    }

    fn cell(&self, route: Option<Route>, ending: Ending) -> Cell {
        let route = route.map_or("none", Route::name);
        let requests = self.requests.get_or_create_owned(&Handled { route, outcome: ending.word() });
        let seconds = self.seconds.get_or_create_owned(&Timed { route, class: ending.class() });
        Cell { requests, seconds }
    }
}
