//! The tasks of one control plane: one sends what has gathered, the other probes while it does not answer.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Duration, sleep, timeout},
};

use super::{
    lane::{Lane, Shared, Waiting},
    transport::Transport,
};
use crate::metrics::Metrics;

/// Places for quick calls: one is answered while the next is on its way. With more, fewer webhooks gather, and each call costs
/// more than what is in it (docs/performance.md).
const IN_FLIGHT: usize = 2;
/// A call that takes longer gives its place to others: it waits for a vendor or a disk, not for us.
const SLOW: Duration = Duration::from_millis(20);
/// All calls, quick and slow.
const MOST_CALLS: usize = 64;

/// The asking side of one control plane; its tasks end when it is dropped.
pub struct Replica {
    pub lane: Arc<Lane>,
    _tasks: JoinSet<()>,
}

impl Replica {
    /// Starts the tasks that send and probe.
    pub fn start(transport: Box<dyn Transport>, shared: &Shared, metrics: &Metrics) -> Self {
        let lane = Arc::new(Lane::new(transport, shared, metrics));
        let mut tasks = JoinSet::new();
        tasks.spawn(send(lane.clone()));
        tasks.spawn(probe(lane.clone()));
        Self { lane, _tasks: tasks }
    }
}

/// A place is taken before the queue is read, so whatever arrives while all places are taken travels together.
async fn send(lane: Arc<Lane>) {
    let (places, calls) = (Arc::new(Semaphore::new(IN_FLIGHT)), Arc::new(Semaphore::new(MOST_CALLS)));
    loop {
        let Ok(call) = calls.clone().acquire_owned().await else { return };
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let mut batch = lane.next_batch().await;
        // Who has given up or was answered by another control plane needs no call.
        batch.retain(|item| !item.is_over());
        if !batch.is_empty() {
            tokio::spawn(carry(lane.clone(), batch, place, call));
        }
    }
}

async fn carry(lane: Arc<Lane>, batch: Vec<Waiting>, place: OwnedSemaphorePermit, _call: OwnedSemaphorePermit) {
    let mut carrying = std::pin::pin!(lane.carry(batch));
    if timeout(SLOW, &mut carrying).await.is_err() {
        drop(place);
        carrying.await;
    }
}

/// While the circuit is open, asks after each rest, and at once when there is a sign of life. No webhook is used for that.
async fn probe(lane: Arc<Lane>) {
    loop {
        lane.opened.notified().await;
        while let Some(rest) = lane.next_rest() {
            tokio::select! {
                () = sleep(rest) => {}
                () = lane.revived.notified() => {}
            }
            // What came of it is noted in the circuit.
            drop(lane.tell().await);
        }
    }
}
