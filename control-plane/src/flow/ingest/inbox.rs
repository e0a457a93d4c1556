//! The queue before the writer. No timer: an idle system commits each webhook at once, a busy one whatever has gathered
//! while the last commit was under way.

use std::sync::Arc;

use callplane_telemetry::{Scope, current, within};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{batch, room::Room};
use crate::{
    domain::{
        id::WorkspaceId,
        webhook::{Failure, Reply, Webhook},
    },
    flow::Context,
};

/// How many one transaction takes; a parcel is not divided, so a few more are possible.
const TOGETHER: usize = 128;

/// A reply and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Replied {
    /// The tenant; none when the webhook was not stored.
    pub workspace: Option<WorkspaceId>,
    /// The reply.
    pub reply: Reply,
}

impl Replied {
    /// Not stored.
    pub fn failed(failure: Failure) -> Self {
        Self { workspace: None, reply: Reply::Failed(failure) }
    }
}

/// Webhooks that came together and are answered together.
struct Parcel {
    webhooks: Vec<Webhook>,
    trace: Option<Scope>,
    answer: oneshot::Sender<Vec<Replied>>,
}

/// Where webhooks are left to be stored.
#[derive(Clone)]
pub struct Inbox {
    parcels: mpsc::UnboundedSender<Parcel>,
    room: Arc<Room>,
}

impl Inbox {
    /// Leaves webhooks and waits for their replies, in the same order. Those for which there is no room are not stored.
    pub async fn store(&self, webhooks: Vec<Webhook>) -> Vec<Replied> {
        let taken: Vec<bool> = webhooks.iter().map(|webhook| self.room.take(webhook.event.class())).collect();
        let webhooks = webhooks.into_iter().zip(&taken).filter(|(_, taken)| **taken).map(|(webhook, _)| webhook);
        let mut stored = self.put(webhooks.collect()).await.into_iter();
        let replied = taken.into_iter().map(|taken| if taken { stored.next() } else { None });
        replied.map(|replied| replied.unwrap_or_else(|| Replied::failed(Failure::Unavailable))).collect()
    }

    async fn put(&self, webhooks: Vec<Webhook>) -> Vec<Replied> {
        if webhooks.is_empty() {
            return Vec::new();
        }
        let (answer, answered) = oneshot::channel();
        let count = webhooks.len();
        if self.parcels.send(Parcel { webhooks, trace: current(), answer }).is_err() {
            self.room.leave(count);
        }
        answered.await.unwrap_or_default()
    }

    /// How many wait.
    pub fn depth(&self) -> usize {
        self.room.occupied()
    }
}

/// The inbox and the task that empties it. After `stop`, what was left is still stored, and then the task ends.
pub fn writer(ctx: Arc<Context>, stop: CancellationToken) -> (Inbox, impl Future<Output = ()> + Send) {
    // Bounded by the room, which counts webhooks.
    let (parcels, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Room::default());
    (Inbox { parcels, room: Arc::clone(&room) }, write(ctx, receiver, room, stop))
}

async fn write(
    ctx: Arc<Context>,
    mut receiver: mpsc::UnboundedReceiver<Parcel>,
    room: Arc<Room>,
    stop: CancellationToken,
) {
    loop {
        let first = tokio::select! {
            biased;
            first = receiver.recv() => first,
            () = stop.cancelled() => {
                receiver.close();
                receiver.recv().await
            }
        };
        let Some(first) = first else { return };
        let Gathered { webhooks, traces, answers } = gather(first, &mut receiver);
        room.leave(webhooks.len());
        let mut replies = within(Scope::shared(traces), batch::store(&ctx, webhooks)).await.into_iter();
        for (answer, count) in answers {
            // An edge that has given up does not want its replies; the webhooks are stored all the same.
            let _ = answer.send(replies.by_ref().take(count).collect());
        }
    }
}

/// The parcels of one transaction.
#[derive(Default)]
struct Gathered {
    webhooks: Vec<Webhook>,
    traces: Vec<Scope>,
    answers: Vec<(oneshot::Sender<Vec<Replied>>, usize)>,
}

/// What waits already, up to the size of a transaction.
fn gather(first: Parcel, receiver: &mut mpsc::UnboundedReceiver<Parcel>) -> Gathered {
    let mut gathered = Gathered::default();
    gathered.add(first);
    while gathered.webhooks.len() < TOGETHER
        && let Ok(parcel) = receiver.try_recv()
    {
        gathered.add(parcel);
    }
    gathered
}

impl Gathered {
    fn add(&mut self, Parcel { webhooks, trace, answer }: Parcel) {
        self.traces.extend(trace);
        self.answers.push((answer, webhooks.len()));
        self.webhooks.extend(webhooks);
    }
}
