//! `Handle`: a batch of webhooks is left in the inbox at once, so that it becomes one transaction, and each is answered
//! after its commit. An ElevenLabs agent is asked for after that, outside any transaction.

use std::{pin::Pin, sync::Arc};

use callplane_proto::edge::v1::{self as pb, edge_service_server::EdgeService};
use callplane_telemetry::{Scope, within};
use futures::{Stream, future::join_all};
use pb::reply::Outcome;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{read, show, state};
use crate::{
    domain::{
        answer::{Answer, Registration},
        call::{Fact, What},
        error::{Error, Kind},
        id::WorkspaceId,
        instruction::Instructions,
        reconciliation::Window,
        sid::{AccountSid, CallSid},
        webhook::{Event, Failure, Reply, Webhook},
    },
    flow::{Context, Inbox, Registrar, ingest::Replied, monitor, reconciliation},
};

/// The most webhooks of one batch.
const MOST: usize = 512;

/// The service.
#[derive(Clone)]
pub struct Edge {
    ctx: Arc<Context>,
    inbox: Inbox,
    registrar: Arc<dyn Registrar>,
    stop: CancellationToken,
}

impl Edge {
    /// Answers edges until `stop`.
    pub fn new(ctx: Arc<Context>, inbox: Inbox, registrar: Arc<dyn Registrar>, stop: CancellationToken) -> Self {
        Self { ctx, inbox, registrar, stop }
    }

    /// Reads what reads, stores that together, and answers each in its place.
    async fn answer_all(&self, wire: Vec<pb::Webhook>) -> Vec<pb::Reply> {
        let now = self.ctx.clock.now();
        let mut slots = Vec::with_capacity(wire.len());
        let mut webhooks = Vec::with_capacity(wire.len());
        for wire in wire {
            let delivery_key = wire.delivery_key.clone();
            let trace = self.ctx.tracer.scope(&wire.trace_parent);
            let about = match read::webhook(wire, now) {
                Ok(webhook) => {
                    let about = webhook.event.call_sid().cloned().map(|call| (webhook.account_sid.clone(), call));
                    webhooks.push(webhook);
                    Some(about)
                }
                Err(error) => {
                    tracing::warn!("an edge sent a webhook that does not read: {error}");
                    None
                }
            };
            slots.push((delivery_key, about, trace));
        }
        let trace = Scope::shared(slots.iter().filter_map(|(_, _, trace)| trace.clone()));
        let mut replied = within(trace, self.inbox.store(webhooks)).await.into_iter();
        let answers = slots.into_iter().map(|(delivery_key, about, trace)| {
            let replied = about.and_then(|about| Some((replied.next()?, about)));
            async move { pb::Reply { delivery_key, outcome: Some(within(trace, self.answer(replied)).await) } }
        });
        join_all(answers.collect::<Vec<_>>()).await
    }

    /// Webhooks that nobody took: their calls are looked for at Twilio.
    async fn missed(&self, missed: Vec<pb::MissedWebhooks>) -> Result<(), Error> {
        if missed.is_empty() || reconciliation::can_look(&self.ctx).is_err() {
            return Ok(());
        }
        let now = self.ctx.clock.now();
        let told: Vec<_> = missed.into_iter().filter_map(|missed| read::missed(missed, now)).collect();
        // They are of one outage: looking a little further back for some of them costs less than telling them apart.
        let Some(window) = told.iter().map(|(_, window)| *window).reduce(Window::joined) else { return Ok(()) };
        tracing::warn!(accounts = told.len(), "an edge was alone; the calls of that time are looked for at Twilio");
        reconciliation::want(&self.ctx, told.into_iter().map(|(sid, _)| sid).collect(), window).await
    }

    async fn answer(&self, replied: Option<(Replied, Option<(AccountSid, CallSid)>)>) -> Outcome {
        let Some((Replied { workspace, reply }, about)) = replied else {
            return Outcome::Failure(show::failure(Failure::Invalid("a field of the webhook does not read")));
        };
        match reply {
            Reply::Accepted => Outcome::Accepted(pb::Accepted {}),
            Reply::Text(body) => Outcome::Messages(show::text(body)),
            Reply::NoMessages => Outcome::Messages(pb::Messages::default()),
            Reply::Failed(failure) => Outcome::Failure(show::failure(failure)),
            Reply::Call { answer, .. } => match (*answer, workspace, about) {
                (Answer::Instructions(instructions), _, _) => Outcome::Instructions(show::instructions(instructions)),
                (Answer::Register(registration), Some(workspace), Some(about)) => {
                    let instructions = self.register(workspace, about, *registration).await;
                    Outcome::Instructions(show::instructions(instructions))
                }
                (Answer::Register(registration), _, _) => {
                    Outcome::Instructions(show::instructions(registration.otherwise))
                }
            },
        }
    }

    /// Asks ElevenLabs; when it does not take the call, says so to the call and answers with who does.
    async fn register(
        &self,
        workspace: WorkspaceId,
        (account_sid, call_sid): (AccountSid, CallSid),
        registration: Registration,
    ) -> Instructions {
        if let Some(twiml) = self.registrar.register(workspace, &registration).await {
            return Instructions::Passthrough(twiml);
        }
        let now = self.ctx.clock.now();
        let handed_over = Webhook {
            delivery_key: format!("handed-over/{}", registration.agent_id),
            receive_time: now,
            account_sid,
            attempt: None,
            event: Event::HandedOver {
                fact: Fact::bare(What::Replied, call_sid, now),
                to: registration.otherwise_agent_id,
            },
        };
        let stored = self.inbox.store(vec![handed_over]).await;
        if stored.iter().any(|stored| matches!(stored.reply, Reply::Failed(_))) {
            tracing::warn!("it could not be stored that somebody else answers a call than was decided");
        }
        registration.otherwise
    }
}

type States = Pin<Box<dyn Stream<Item = Result<pb::WatchStateResponse, Status>> + Send>>;

#[tonic::async_trait]
impl EdgeService for Edge {
    async fn handle(&self, request: Request<pb::HandleRequest>) -> Result<Response<pb::HandleResponse>, Status> {
        let pb::HandleRequest { edge_id: _, webhooks, missed } = request.into_inner();
        if webhooks.len() > MOST {
            let message = format!("at most {MOST} webhooks fit into one batch");
            return Err(Error::new(Kind::InvalidArgument, "BATCH_TOO_LARGE", message).into());
        }
        // An edge tells it until it is answered, so it is stored first.
        self.missed(missed).await?;
        Ok(Response::new(pb::HandleResponse { replies: self.answer_all(webhooks).await }))
    }

    async fn run_health_checks(
        &self,
        request: Request<pb::RunHealthChecksRequest>,
    ) -> Result<Response<pb::RunHealthChecksResponse>, Status> {
        let pb::RunHealthChecksRequest { edge_id: _ } = request.into_inner();
        let (begun, joined) = monitor::ask_everywhere(&self.ctx).await?;
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let (begun_count, joined_count) = (count(begun), count(joined));
        Ok(Response::new(pb::RunHealthChecksResponse { begun_count, joined_count }))
    }

    type WatchStateStream = States;

    async fn watch_state(&self, request: Request<pb::WatchStateRequest>) -> Result<Response<States>, Status> {
        let pb::WatchStateRequest { edge_id: _, resume_token } = request.into_inner();
        Ok(Response::new(Box::pin(state::watch(Arc::clone(&self.ctx), resume_token, self.stop.clone()))))
    }
}
