//! Getting an answer from a control plane in time: which one is asked, when a second one is, and when it is enough. Asking
//! twice is safe, because every webhook has a delivery key.

mod batch;
mod budget;
mod circuit;
mod lane;
mod missed;
mod queue;
mod race;
mod replica;
mod reply;
mod transport;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use callplane_proto::edge::v1::Webhook;
use prost_types::Timestamp;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tonic::Code;

use crate::{backoff::Backoff, metrics::Metrics, settings::Limits};
use budget::{Budget, Spend};
use lane::{Lane, Shared};
use missed::Missed;
use replica::Replica;

pub use batch::Batch;
pub use queue::Class;
pub use reply::Outcome;
pub use transport::{Grpc, Transport};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody answered in time.
    Silent,
    /// The call failed.
    Unreachable(Code),
    /// Every control plane rests after failures.
    AllDown,
    /// The queue is full.
    Overloaded,
    /// It answered, but not about this webhook.
    NoReply,
    /// It could not store the webhook now.
    NotStored,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => formatter.write_str("no control plane answered in time"),
            Self::Unreachable(code) => write!(formatter, "the control plane failed with {code:?}"),
            Self::AllDown => formatter.write_str("no control plane is up"),
            Self::Overloaded => formatter.write_str("too many webhooks are waiting for the control plane"),
            Self::NoReply => formatter.write_str("the control plane left the webhook out of its answer"),
            Self::NotStored => formatter.write_str("the control plane could not store the webhook"),
        }
    }
}

/// All control planes.
pub struct Forwarder {
    replicas: Vec<Replica>,
    next: AtomicUsize,
    budget: Mutex<Budget>,
    shared: Shared,
    hedge_after: Duration,
    _teller: JoinSet<()>,
}

/// What was missed is gathered for so long before it is told.
const GATHER: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Forwarder {
    /// Asks these, in turn.
    pub fn start(transports: Vec<Box<dyn Transport>>, edge_id: &str, limits: &Limits, metrics: &Metrics) -> Self {
        let shared = Shared {
            edge_id: edge_id.to_owned(),
            deadline: limits.answer_deadline,
            missed: Arc::default(),
            ups: watch::Sender::default(),
        };
        let replicas: Vec<Replica> =
            transports.into_iter().map(|transport| Replica::start(transport, &shared, metrics)).collect();
        let mut teller = JoinSet::new();
        teller.spawn(tell(shared.missed.clone(), replicas.iter().map(|replica| replica.lane.clone()).collect()));
        Self {
            replicas,
            next: AtomicUsize::new(0),
            budget: Mutex::new(Budget::new(Instant::now())),
            shared,
            hedge_after: limits.hedge_after,
            _teller: teller,
        }
    }

    /// Somebody has heard from the control plane with this index.
    pub fn heard_of(&self, index: usize) {
        if let Some(replica) = self.replicas.get(index) {
            replica.lane.revive();
        }
    }

    /// No control plane took a webhook of this account: one of them is told of it later.
    pub fn missed(&self, account_sid: &str, at: Timestamp) {
        self.shared.missed.note(account_sid, at);
    }

    fn allows(&self, spend: Spend) -> bool {
        let asked = self.next.load(Ordering::Relaxed);
        self.budget.lock().expect("nobody panics while holding the budget").allows(spend, asked, Instant::now())
    }
}

/// Tells what was missed while the control planes did answer others; one that was down is told with its probe.
async fn tell(missed: Arc<Missed>, lanes: Vec<Arc<Lane>>) {
    let mut backoff = Backoff::new(GATHER, LONGEST_PAUSE);
    loop {
        missed.wait().await;
        sleep(backoff.next()).await;
        let Some(lane) = lanes.iter().find(|lane| lane.admits()) else { continue };
        if missed.is_empty() || lane.tell().await.is_ok() {
            backoff.reset();
        }
    }
}

#[cfg(test)]
mod tests;
