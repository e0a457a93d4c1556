//! The queue before the writer. No timer: an idle system commits each webhook at once, a busy one whatever has gathered
//! while the last commit was under way.

use std::sync::Arc;

use callplane_telemetry::{Scope, current, within};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::batch;
use crate::{
    domain::{
        id::WorkspaceId,
        webhook::{Failure, Reply, Webhook},
    },
    flow::Context,
};

/// How many may wait; beyond it the edge is told to try again.
const WAITING: usize = 4096;
/// How many one transaction takes.
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

pub(super) struct Waiting {
    pub webhook: Webhook,
    pub trace: Option<Scope>,
    pub answer: oneshot::Sender<Replied>,
}

/// Where webhooks are left to be stored.
#[derive(Clone)]
pub struct Inbox(mpsc::Sender<Waiting>);

impl Inbox {
    /// Leaves a webhook; the receiver gets its reply after the commit.
    pub fn leave(&self, webhook: Webhook) -> oneshot::Receiver<Replied> {
        let (answer, answered) = oneshot::channel();
        if let Err(refused) = self.0.try_send(Waiting { webhook, trace: current(), answer }) {
            let waiting = refused.into_inner();
            // The receiver is in our hands, so it cannot be gone.
            let _ = waiting.answer.send(Replied::failed(Failure::Unavailable));
        }
        answered
    }

    /// Leaves a webhook and waits for its reply.
    pub async fn store(&self, webhook: Webhook) -> Replied {
        self.leave(webhook).await.unwrap_or_else(|_| Replied::failed(Failure::Unavailable))
    }

    /// How many wait.
    pub fn depth(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

/// The inbox and the task that empties it. After `stop`, what was left is still stored, and then the task ends.
pub fn writer(ctx: Arc<Context>, stop: CancellationToken) -> (Inbox, impl Future<Output = ()> + Send) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Inbox(sender), write(ctx, receiver, stop))
}

async fn write(ctx: Arc<Context>, mut receiver: mpsc::Receiver<Waiting>, stop: CancellationToken) {
    let mut gathered = Vec::with_capacity(TOGETHER);
    loop {
        let count = tokio::select! {
            biased;
            count = receiver.recv_many(&mut gathered, TOGETHER) => count,
            () = stop.cancelled() => {
                receiver.close();
                receiver.recv_many(&mut gathered, TOGETHER).await
            }
        };
        if count == 0 {
            return;
        }
        let trace = Scope::shared(gathered.iter_mut().filter_map(|waiting| waiting.trace.take()));
        let (webhooks, answers): (Vec<_>, Vec<_>) =
            gathered.drain(..).map(|waiting| (waiting.webhook, waiting.answer)).unzip();
        let replies = within(trace, batch::store(&ctx, webhooks)).await;
        for (answer, replied) in answers.into_iter().zip(replies) {
            // An edge that has given up does not want its reply; the webhook is stored all the same.
            let _ = answer.send(replied);
        }
    }
}
