//! Getting an answer from a control plane in time: which one is asked, when a second one is, and when it is enough. Asking
//! twice is safe, because every webhook has a delivery key.

mod circuit;
mod replica;
mod reply;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use callplane_proto::edge::v1::Webhook;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::Code;

use crate::settings::Limits;

pub use replica::{Grpc, Replica};
pub use reply::Outcome;

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

/// How long a person would have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody is on the line.
    Caller,
    /// Nobody hears the answer.
    Callback,
}

/// All control planes.
pub struct Forwarder {
    replicas: Vec<Replica>,
    next: AtomicUsize,
    deadline: Duration,
    hedge_after: Duration,
}

/// Before one control plane is asked again about the same webhook; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Forwarder {
    /// Asks these, in turn.
    pub fn new(replicas: Vec<Replica>, limits: &Limits) -> Self {
        let (deadline, hedge_after) = (limits.answer_deadline, limits.hedge_after);
        Self { replicas, next: AtomicUsize::new(0), deadline, hedge_after }
    }

    /// The answer, within the deadline.
    pub async fn ask(&self, webhook: impl Into<Arc<Webhook>>, urgency: Urgency) -> Result<Outcome, Unanswered> {
        let patience = match urgency {
            Urgency::Caller => self.hedge_after,
            // A lost callback is repaired later, so a second one is asked only when the first is surely in trouble.
            Urgency::Callback => self.deadline / 2,
        };
        timeout(self.deadline, self.race(webhook.into(), urgency, patience)).await.unwrap_or(Err(Unanswered::Silent))
    }

    /// Asks one control plane; another when it fails or stays silent; the same ones again after a pause.
    async fn race(&self, webhook: Arc<Webhook>, urgency: Urgency, patience: Duration) -> Result<Outcome, Unanswered> {
        let mut turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut untried = self.replicas.len();
        let mut attempts = FuturesUnordered::new();
        let mut next_start = Some(Instant::now());
        let mut pause = FIRST_PAUSE;
        let mut last = Unanswered::AllDown;
        let (mut is_first, mut has_failed) = (true, false);
        loop {
            tokio::select! {
                biased;
                Some(answer) = attempts.next() => match answer {
                    Ok(outcome) => return Ok(outcome),
                    Err(unanswered) => {
                        last = unanswered;
                        has_failed = true;
                        if untried > 0 {
                            next_start = Some(Instant::now());
                        } else if attempts.is_empty() {
                            next_start = Some(Instant::now() + pause);
                            pause *= 2;
                        }
                    }
                },
                () = wait_until(next_start) => match self.pick(&mut turn) {
                    Some(replica) => {
                        match (std::mem::take(&mut is_first), std::mem::take(&mut has_failed)) {
                            (true, _) => {}
                            (false, true) => replica.metrics().retried(),
                            (false, false) => replica.metrics().hedged(),
                        }
                        attempts.push(ask_one(replica, webhook.clone(), urgency));
                        untried = untried.saturating_sub(1);
                        next_start = (untried > 0).then(|| Instant::now() + patience);
                    }
                    None if attempts.is_empty() => return Err(last),
                    None => next_start = None,
                },
            }
        }
    }

    /// The next control plane in turn that is not resting.
    fn pick(&self, turn: &mut usize) -> Option<&Replica> {
        let count = self.replicas.len();
        for _ in 0..count {
            let replica = &self.replicas[*turn % count];
            *turn = turn.wrapping_add(1);
            if replica.admits() {
                return Some(replica);
            }
        }
        None
    }
}

async fn ask_one(replica: &Replica, webhook: Arc<Webhook>, urgency: Urgency) -> Result<Outcome, Unanswered> {
    reply::outcome(replica.ask(webhook, urgency).await?)
}

async fn wait_until(start: Option<Instant>) {
    match start {
        Some(start) => sleep_until(start).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
