//! One control plane with its queue: webhooks wait there while calls are under way, and travel together in the next one.

use std::sync::{Arc, Mutex};

use callplane_proto::edge::v1::{HandleRequest, Reply, Webhook};
use futures::future::BoxFuture;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, timeout},
};
use tonic::{Code, Status};

use super::{
    Unanswered, Urgency,
    circuit::{Circuit, Turn},
    reply,
};
use crate::{
    control_plane::ControlPlane,
    metrics::{ControlPlaneMetrics, Metrics},
    settings::Limits,
};

/// More would make one slow webhook hold up too many others; the gain is nearly all there at 64.
const BATCH: usize = 64;
const IN_FLIGHT: usize = 4;
/// Beyond this, waiting would outlast Twilio's patience.
const QUEUE: usize = 1024;

/// Whatever carries a batch to a control plane.
pub trait Transport: Send + Sync + 'static {
    /// Its name in logs and metrics.
    fn name(&self) -> &str;
    /// Sends one batch.
    fn handle(&self, request: HandleRequest) -> BoxFuture<'_, Result<Vec<Reply>, Status>>;
    /// The control plane refused our token.
    fn refused(&self) {}
}

/// A control plane, with the deadline told to it.
pub struct Grpc(pub ControlPlane, pub std::time::Duration);

impl Transport for Grpc {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn handle(&self, request: HandleRequest) -> BoxFuture<'_, Result<Vec<Reply>, Status>> {
        Box::pin(async { self.0.handle(request, self.1).await.map(|response| response.replies) })
    }

    fn refused(&self) {
        self.0.read_token_again();
    }
}

type Answer = Result<Reply, Unanswered>;

struct Waiting {
    webhook: Arc<Webhook>,
    urgency: Urgency,
    answer: oneshot::Sender<Answer>,
}

/// The asking side of one control plane.
pub struct Replica {
    queue: mpsc::Sender<Waiting>,
    lane: Arc<Lane>,
}

struct Lane {
    transport: Box<dyn Transport>,
    circuit: Mutex<Circuit>,
    metrics: ControlPlaneMetrics,
    edge_id: String,
    deadline: std::time::Duration,
}

impl Replica {
    /// Starts the task that sends.
    pub fn start(transport: Box<dyn Transport>, edge_id: &str, limits: &Limits, metrics: &Metrics) -> Self {
        let metrics = metrics.control_plane(transport.name());
        metrics.up();
        let deadline = limits.answer_deadline;
        let lane =
            Arc::new(Lane { transport, circuit: Mutex::default(), metrics, edge_id: edge_id.to_owned(), deadline });
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(send(waiting, lane.clone()));
        Self { queue, lane }
    }

    /// What is counted about it.
    pub fn metrics(&self) -> &ControlPlaneMetrics {
        &self.lane.metrics
    }

    /// May be asked now.
    pub fn admits(&self) -> bool {
        self.lane.circuit.lock().expect(UNPOISONED).admits(Instant::now())
    }

    /// Asks; waits for the answer of this control plane, however long that takes.
    pub async fn ask(&self, webhook: Arc<Webhook>, urgency: Urgency) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.lane.metrics.queued(urgency, 1);
        if self.queue.try_send(Waiting { webhook, urgency, answer }).is_err() {
            self.lane.metrics.queued(urgency, -1);
            return Err(Unanswered::Overloaded);
        }
        answered.await.unwrap_or(Err(Unanswered::Unreachable(Code::Unavailable)))
    }
}

const UNPOISONED: &str = "nobody panics while holding a circuit";

/// A place is taken before the queue is read, so whatever arrives while all places are taken travels together.
async fn send(mut waiting: mpsc::Receiver<Waiting>, lane: Arc<Lane>) {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let mut batch = Vec::new();
        let count = waiting.recv_many(&mut batch, BATCH).await;
        if count == 0 {
            return;
        }
        batch.iter().for_each(|item| lane.metrics.queued(item.urgency, -1));
        // Who has given up or was answered by another control plane needs no call.
        batch.retain(|item| !item.answer.is_closed());
        if !batch.is_empty() {
            tokio::spawn(carry(lane.clone(), batch, place));
        }
    }
}

async fn carry(lane: Arc<Lane>, batch: Vec<Waiting>, _place: OwnedSemaphorePermit) {
    match lane.call(&batch).await.map_err(|status| (blames_content(&status), Unanswered::Unreachable(status.code()))) {
        Ok(replies) => deal(batch, &replies),
        // One bad webhook must not fail its neighbours, and asking again is safe.
        Err((true, _)) if batch.len() > 1 => {
            for item in batch {
                match lane.call(std::slice::from_ref(&item)).await {
                    Ok(replies) => deal(vec![item], &replies),
                    Err(status) => drop(item.answer.send(Err(Unanswered::Unreachable(status.code())))),
                }
            }
        }
        Err((_, unanswered)) => batch.into_iter().for_each(|item| drop(item.answer.send(Err(unanswered.clone())))),
    }
}

fn deal(batch: Vec<Waiting>, replies: &[Reply]) {
    for (index, item) in batch.into_iter().enumerate() {
        let reply = reply::of(replies, index, &item.webhook.delivery_key);
        drop(item.answer.send(reply.ok_or(Unanswered::NoReply)));
    }
}

/// The control plane was reached and disliked what it got. A status made on this side, with a source, is a broken connection.
fn blames_content(status: &Status) -> bool {
    use Code::{Internal, InvalidArgument, OutOfRange, ResourceExhausted, Unknown};
    let about_content = matches!(status.code(), InvalidArgument | OutOfRange | Internal | Unknown | ResourceExhausted);
    about_content && std::error::Error::source(status).is_none()
}

impl Lane {
    async fn call(&self, batch: &[Waiting]) -> Result<Vec<Reply>, Status> {
        let webhooks = batch.iter().map(|item| Webhook::clone(&item.webhook)).collect();
        let request = HandleRequest { edge_id: self.edge_id.clone(), webhooks, missed: Vec::new() };
        let started = Instant::now();
        let outcome = timeout(self.deadline, self.transport.handle(request)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Status::deadline_exceeded("silent")));
        self.metrics.called(batch.len(), outcome.is_ok(), started.elapsed());
        self.note(outcome.as_ref().err());
        outcome
    }

    /// An answer about the content is an answer: only silence and refusal of the whole edge speak against a control plane.
    fn note(&self, error: Option<&Status>) {
        let mut circuit = self.circuit.lock().expect(UNPOISONED);
        let turn = match error {
            Some(status) if !blames_content(status) => circuit.failed(Instant::now()),
            _ => circuit.succeeded(),
        };
        drop(circuit);
        let name = self.transport.name();
        match turn {
            Turn::Up => {
                self.metrics.up();
                tracing::info!(control_plane = name, "the control plane answers again");
            }
            Turn::Down => {
                self.metrics.down();
                let (code, reason) = error.map_or((Code::Ok, ""), |status| (status.code(), status.message()));
                tracing::error!(
                    control_plane = name,
                    ?code,
                    reason,
                    "the control plane does not answer; going on without it"
                );
            }
            Turn::Same => {}
        }
        if error.is_some_and(|status| status.code() == Code::Unauthenticated) {
            self.transport.refused();
        }
    }
}
