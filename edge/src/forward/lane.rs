//! One control plane with its queue: webhooks wait there while calls are under way, and travel together in the next one.

use std::sync::{Arc, Mutex};

use callplane_proto::edge::v1::Reply;
use tokio::{
    sync::{Notify, oneshot, watch},
    time::{Duration, Instant, timeout},
};
use tonic::{Code, Status};

use super::{
    Unanswered,
    batch::{Asked, Batch},
    circuit::{Circuit, Turn},
    missed::Missed,
    queue::{Class, Queue},
    reply,
    transport::{Transport, blames_content},
};
use crate::metrics::{ControlPlaneMetrics, Metrics};

/// More would make one slow webhook hold up too many others; the gain is nearly all there at 64.
const BATCH: usize = 64;
/// A probe that takes longer has failed.
const PROBE: Duration = Duration::from_secs(1);

type Answer = Result<Reply, Unanswered>;

/// A webhook in the queue, and who waits for its answer.
pub struct Waiting {
    asked: Asked,
    answer: oneshot::Sender<Answer>,
}

impl Waiting {
    /// Nobody waits any more: given up, or answered by another control plane.
    pub fn is_over(&self) -> bool {
        self.answer.is_closed()
    }
}

/// What all control planes share.
#[derive(Clone)]
pub struct Shared {
    /// This edge's name.
    pub edge_id: String,
    /// For one call.
    pub deadline: Duration,
    /// What is to be told.
    pub missed: Arc<Missed>,
    /// Rings when one of them answers again.
    pub ups: watch::Sender<()>,
}

/// One control plane as its tasks see it.
pub struct Lane {
    transport: Box<dyn Transport>,
    /// What is counted about it.
    pub metrics: ControlPlaneMetrics,
    queue: Mutex<Queue<Waiting>>,
    arrived: Notify,
    circuit: Mutex<Circuit>,
    /// Rings when the circuit opens.
    pub opened: Notify,
    /// Rings when there is a sign of life meanwhile.
    pub revived: Notify,
    shared: Shared,
}

const UNPOISONED: &str = "nobody panics while holding a queue or a circuit";

impl Lane {
    pub fn new(transport: Box<dyn Transport>, shared: &Shared, metrics: &Metrics) -> Self {
        let metrics = metrics.control_plane(transport.name());
        metrics.up();
        Self {
            transport,
            metrics,
            queue: Mutex::default(),
            arrived: Notify::new(),
            circuit: Mutex::default(),
            opened: Notify::new(),
            revived: Notify::new(),
            shared: shared.clone(),
        }
    }

    /// May be asked now.
    pub fn admits(&self) -> bool {
        self.circuit.lock().expect(UNPOISONED).admits()
    }

    /// Since when it is not asked, if it is not.
    pub fn down_since(&self) -> Option<Instant> {
        self.circuit.lock().expect(UNPOISONED).open_since()
    }

    /// It has shown that it lives: if it is not asked, find out at once whether it may be.
    pub fn revive(&self) {
        if !self.admits() {
            self.revived.notify_one();
        }
    }

    /// Before the next probe; nothing while it answers.
    pub fn next_rest(&self) -> Option<Duration> {
        self.circuit.lock().expect(UNPOISONED).rest()
    }

    /// Asks; waits for the answer of this control plane, however long that takes.
    pub async fn ask(&self, asked: Asked, class: Class) -> Answer {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { asked, answer };
        let pushed = {
            let mut queue = self.queue.lock().expect(UNPOISONED);
            let pushed = queue.push(class, waiting, |item| !item.is_over());
            self.metrics.queued(queue.lengths());
            pushed
        };
        if pushed.is_err() {
            self.metrics.shed(class);
            return Err(Unanswered::Overloaded);
        }
        self.arrived.notify_one();
        answered.await.unwrap_or(Err(Unanswered::Unreachable(Code::Unavailable)))
    }

    /// Waits for webhooks, and takes the next ones.
    pub async fn next_batch(&self) -> Vec<Waiting> {
        loop {
            let batch = {
                let mut queue = self.queue.lock().expect(UNPOISONED);
                let batch = queue.take(BATCH);
                self.metrics.queued(queue.lengths());
                batch
            };
            if !batch.is_empty() {
                return batch;
            }
            self.arrived.notified().await;
        }
    }

    /// Sends them, and gives each its answer.
    pub async fn carry(&self, batch: Vec<Waiting>) {
        match self.call(batch.iter().map(|item| item.asked.encoded.clone()).collect()).await {
            Ok(replies) => deal(batch, replies),
            // One bad webhook must not fail its neighbours, and asking again is safe.
            Err(status) if blames_content(&status) && batch.len() > 1 => {
                for item in batch {
                    match self.call(vec![item.asked.encoded.clone()]).await {
                        Ok(replies) => deal(vec![item], replies),
                        Err(status) => fail(item, &status),
                    }
                }
            }
            Err(status) => batch.into_iter().for_each(|item| fail(item, &status)),
        }
    }

    async fn call(&self, webhooks: Vec<bytes::Bytes>) -> Result<Vec<Reply>, Status> {
        let (count, started) = (webhooks.len(), Instant::now());
        let batch = Batch { edge_id: self.shared.edge_id.clone(), webhooks, missed: Vec::new() };
        let outcome = self.handle(batch, self.shared.deadline).await;
        self.metrics.called(count, outcome.is_ok(), started.elapsed());
        outcome
    }

    /// Tells what was missed, in requests of its own, so that no webhook waits for it; with nothing to tell, asks whether
    /// somebody is there.
    pub async fn tell(&self) -> Result<(), Status> {
        loop {
            let portion = self.shared.missed.portion();
            let batch = Batch { edge_id: self.shared.edge_id.clone(), webhooks: Vec::new(), missed: portion.message() };
            self.handle(batch, PROBE.min(self.shared.deadline)).await?;
            portion.told();
            if self.shared.missed.is_empty() {
                return Ok(());
            }
        }
    }

    async fn handle(&self, batch: Batch, patience: Duration) -> Result<Vec<Reply>, Status> {
        let outcome = timeout(patience, self.transport.handle(batch)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Status::deadline_exceeded("silent")));
        self.note(outcome.as_ref().err());
        outcome
    }

    /// An answer about the content is an answer: only silence and refusal of the whole edge speak against a control plane.
    fn note(&self, error: Option<&Status>) {
        let turn = {
            let mut circuit = self.circuit.lock().expect(UNPOISONED);
            match error {
                Some(status) if !blames_content(status) => circuit.failed(Instant::now()),
                _ => circuit.succeeded(),
            }
        };
        match turn {
            Turn::Up => self.is_up(),
            Turn::Down => self.is_down(error),
            Turn::Same => {}
        }
        if error.is_some_and(|status| status.code() == Code::Unauthenticated) {
            self.transport.refused();
        }
    }

    fn is_up(&self) {
        let name = self.transport.name();
        self.metrics.up();
        self.shared.ups.send_replace(());
        tracing::info!(control_plane = name, "the control plane answers again");
    }

    fn is_down(&self, error: Option<&Status>) {
        let name = self.transport.name();
        self.metrics.down();
        self.opened.notify_one();
        let (code, reason) = error.map_or((Code::Ok, ""), |status| (status.code(), status.message()));
        tracing::error!(control_plane = name, ?code, reason, "the control plane does not answer; going on without it");
    }
}

fn deal(batch: Vec<Waiting>, replies: Vec<Reply>) {
    let mut replies = reply::Replies::new(replies);
    for (index, item) in batch.into_iter().enumerate() {
        let reply = replies.of(index, &item.asked.delivery_key);
        drop(item.answer.send(reply.ok_or(Unanswered::NoReply)));
    }
}

fn fail(item: Waiting, status: &Status) {
    drop(item.answer.send(Err(Unanswered::Unreachable(status.code()))));
}
