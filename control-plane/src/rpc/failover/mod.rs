//! `FailoverService`: people start, approve, cancel, take back and watch. Nobody here talks to a vendor: what is wanted is
//! committed, and workers go on with it.

mod beginning;
mod shape;
mod watching;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, failover_service_server::FailoverService};
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use shape::{filter, move_states, shown, shown_event, shown_move};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, parse_or_none},
};
use crate::{
    domain::{
        error::{Error, Result},
        failover::Failover,
        id::{FailoverId, WorkspaceId},
    },
    flow::{Audited, Context, Journal, again, failover as flow},
    store::{
        Kept, Scope,
        failover::{self as store, history, moves},
    },
};

/// Failovers over gRPC.
pub struct Failovers {
    ctx: Arc<Context>,
    stop: CancellationToken,
}

impl Failovers {
    /// Over this context; watchers are let go when `stop` is cancelled.
    pub fn new(ctx: Arc<Context>, stop: CancellationToken) -> Self {
        Self { ctx, stop }
    }

    async fn find(&self, workspace: WorkspaceId, id: &str) -> Result<Failover> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let found = store::by_id(&scope, parse("failover_id", id)?).await?;
        found.ok_or_else(|| Error::not_found(Failover::NOUN))
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListFailoversRequest,
    ) -> Result<pb::ListFailoversResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListFailovers", page, &request);
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter(request)?, &paging.ask()?).await?.map(shown);
        Ok(pb::ListFailoversResponse { failovers: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn list_moves(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListFailoverMovesRequest,
    ) -> Result<pb::ListFailoverMovesResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListFailoverMoves", page, &request);
        let failover = self.find(workspace, &request.failover_id).await?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let states = move_states(request.states)?;
        let page = moves::list(&scope, failover.id, &states, &paging.ask()?).await?.map(shown_move);
        Ok(pb::ListFailoverMovesResponse { moves: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn list_events(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListFailoverEventsRequest,
    ) -> Result<pb::ListFailoverEventsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListFailoverEvents", page, &request);
        let failover = self.find(workspace, &request.failover_id).await?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = history::list(&scope, failover.id, &paging.ask()?).await?.map(shown_event);
        Ok(pb::ListFailoverEventsResponse { events: page.rows, next_page_token: paging.next(page.next)? })
    }

    /// A change of one failover, audited and committed.
    async fn change(&self, asked: Asked, change: Change) -> Result<pb::Failover> {
        let Asked { workspace, audited, id } = asked;
        again(|| Box::pin(self.change_once(workspace, &audited, id, change.clone()))).await.map(shown)
    }

    async fn change_once(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        id: FailoverId,
        change: Change,
    ) -> Result<Failover> {
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let actor = audited.actor.clone();
        let changed = match change {
            Change::Approve { etag } => flow::approve(&mut journal, id, &etag, &actor).await?,
            Change::Cancel { etag, reason } => flow::cancel(&mut journal, id, &etag, &actor, reason).await?,
            Change::Retry => flow::retry(&mut journal, id, &actor).await?,
            Change::Abandon => flow::abandon(&mut journal, id, &actor).await?,
        };
        journal.audit(audited, &id);
        journal.commit().await?;
        Ok(changed)
    }
}

/// Who asks about which failover.
struct Asked {
    workspace: WorkspaceId,
    audited: Audited,
    id: FailoverId,
}

impl Asked {
    fn of<T>(request: &Request<T>, id: &str) -> Result<Self> {
        let caller = Caller::of(request)?;
        Ok(Self { workspace: caller.workspace()?, audited: audited(request, &caller)?, id: parse("failover_id", id)? })
    }
}

/// What a person wants of a failover.
#[derive(Clone)]
enum Change {
    Approve { etag: String },
    Cancel { etag: String, reason: String },
    Retry,
    Abandon,
}

#[tonic::async_trait]
impl FailoverService for Failovers {
    type WatchFailoverStream = BoxStream<'static, std::result::Result<pb::WatchFailoverResponse, Status>>;

    async fn start_failover(&self, request: Request<pb::StartFailoverRequest>) -> Reply<pb::StartFailoverResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let begun = beginning::start(&self.ctx, caller.workspace()?, &audited, request.into_inner());
        let answer = Box::pin(begun).await?;
        Ok(Response::new(answer))
    }

    async fn approve_failover(
        &self,
        request: Request<pb::ApproveFailoverRequest>,
    ) -> Reply<pb::ApproveFailoverResponse> {
        let asked = Asked::of(&request, &request.get_ref().failover_id)?;
        let pb::ApproveFailoverRequest { failover_id: _, etag } = request.into_inner();
        let failover = Some(self.change(asked, Change::Approve { etag }).await?);
        Ok(Response::new(pb::ApproveFailoverResponse { failover }))
    }

    async fn cancel_failover(&self, request: Request<pb::CancelFailoverRequest>) -> Reply<pb::CancelFailoverResponse> {
        let asked = Asked::of(&request, &request.get_ref().failover_id)?;
        let pb::CancelFailoverRequest { failover_id: _, reason, etag } = request.into_inner();
        let reason = if reason.is_empty() { "a person cancelled it".to_owned() } else { reason };
        let failover = Some(self.change(asked, Change::Cancel { etag, reason }).await?);
        Ok(Response::new(pb::CancelFailoverResponse { failover }))
    }

    async fn rollback_failover(
        &self,
        request: Request<pb::RollbackFailoverRequest>,
    ) -> Reply<pb::RollbackFailoverResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let begun = beginning::roll_back(&self.ctx, caller.workspace()?, &audited, request.into_inner());
        let answer = Box::pin(begun).await?;
        Ok(Response::new(answer))
    }

    async fn start_rehearsal(&self, request: Request<pb::StartRehearsalRequest>) -> Reply<pb::StartRehearsalResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let begun = beginning::rehearse(&self.ctx, caller.workspace()?, &audited, request.into_inner());
        let answer = Box::pin(begun).await?;
        Ok(Response::new(answer))
    }

    async fn retry_failover(&self, request: Request<pb::RetryFailoverRequest>) -> Reply<pb::RetryFailoverResponse> {
        let asked = Asked::of(&request, &request.get_ref().failover_id)?;
        let failover = Some(self.change(asked, Change::Retry).await?);
        Ok(Response::new(pb::RetryFailoverResponse { failover }))
    }

    async fn abandon_failover(
        &self,
        request: Request<pb::AbandonFailoverRequest>,
    ) -> Reply<pb::AbandonFailoverResponse> {
        let asked = Asked::of(&request, &request.get_ref().failover_id)?;
        let failover = Some(self.change(asked, Change::Abandon).await?);
        Ok(Response::new(pb::AbandonFailoverResponse { failover }))
    }

    async fn get_failover(&self, request: Request<pb::GetFailoverRequest>) -> Reply<pb::GetFailoverResponse> {
        let caller = Caller::of(&request)?;
        let found = self.find(caller.workspace()?, &request.get_ref().failover_id).await?;
        Ok(Response::new(pb::GetFailoverResponse { failover: Some(shown(found)) }))
    }

    async fn list_failovers(&self, request: Request<pb::ListFailoversRequest>) -> Reply<pb::ListFailoversResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_failover_moves(
        &self,
        request: Request<pb::ListFailoverMovesRequest>,
    ) -> Reply<pb::ListFailoverMovesResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list_moves(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_failover_events(
        &self,
        request: Request<pb::ListFailoverEventsRequest>,
    ) -> Reply<pb::ListFailoverEventsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list_events(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn watch_failover(&self, request: Request<pb::WatchFailoverRequest>) -> Reply<Self::WatchFailoverStream> {
        let caller = Caller::of(&request)?;
        let workspace = caller.workspace()?;
        let request = request.into_inner();
        let only: Option<FailoverId> = parse_or_none("failover_id", &request.failover_id)?;
        if only.is_some() {
            self.find(workspace, &request.failover_id).await?;
        }
        let answers = watching::watch((&self.ctx, &self.stop), workspace, only, request).await?;
        Ok(Response::new(answers))
    }
}
