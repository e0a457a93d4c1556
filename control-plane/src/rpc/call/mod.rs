//! `CallService`: what happened in calls, whether that is all, and the one thing a voice server may ask of them.

mod reconciling;
mod shape;
mod watching;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, call_service_server::CallService};
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use shape::{Named, filter, named, not_found, shown, shown_event};
use watching::{KINDS, Wanted};

use super::{
    attempt::placing,
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse_or_none},
    watch::Watch,
};
use crate::{
    domain::{
        call::Call,
        error::{Error, Kind, Result},
        id::WorkspaceId,
    },
    flow::{Audited, Context, Journal},
    store::{Scope, call as store, call_event, stream_token},
};

/// Calls over gRPC.
pub struct Calls {
    ctx: Arc<Context>,
    stop: CancellationToken,
}

impl Calls {
    /// Over this context; watchers are let go when `stop` is cancelled.
    pub fn new(ctx: Arc<Context>, stop: CancellationToken) -> Self {
        Self { ctx, stop }
    }

    async fn find(&self, workspace: WorkspaceId, call_id: &str) -> Result<Call> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let found = match named(call_id)? {
            Named::Id(id) => store::by_id(&scope, id).await?,
            Named::Sid(sid) => store::by_sid(&scope, &sid).await?,
        };
        found.ok_or_else(not_found)
    }

    async fn list(&self, workspace: WorkspaceId, mut request: pb::ListCallsRequest) -> Result<pb::ListCallsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListCalls", page, &request);
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter(request)?, &paging.ask()?).await?.map(shown);
        Ok(pb::ListCallsResponse { calls: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn list_events(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListCallEventsRequest,
    ) -> Result<pb::ListCallEventsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListCallEvents", page, &request);
        let call = self.find(workspace, &request.call_id).await?;
        let page = call_event::list(self.ctx.store.read(), call.id, &paging.ask()?).await?.map(shown_event);
        Ok(pb::ListCallEventsResponse { call_events: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn redeem(&self, workspace: WorkspaceId, audited: &Audited, token: &str) -> Result<Call> {
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let grant = self.ctx.stream_tokens.check(token, journal.now)?;
        let call = store::by_id(&journal.scope(), grant.call_id).await?.ok_or_else(not_found)?;
        if !stream_token::redeem(journal.txn(), grant.nonce, call.id, grant.expires, journal.now).await? {
            let message = "the stream token was redeemed before; each opens its call once";
            return Err(Error::new(Kind::FailedPrecondition, "STREAM_TOKEN_USED", message));
        }
        journal.audit(audited, &call.id);
        journal.commit().await?;
        Ok(call)
    }
}

#[tonic::async_trait]
impl CallService for Calls {
    type WatchCallsStream = BoxStream<'static, std::result::Result<pb::WatchCallsResponse, Status>>;

    async fn get_call(&self, request: Request<pb::GetCallRequest>) -> Reply<pb::GetCallResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetCallRequest { call_id } = request.into_inner();
        let call = self.find(caller.workspace()?, &call_id).await?;
        Ok(Response::new(pb::GetCallResponse { call: Some(shown(call)) }))
    }

    async fn list_calls(&self, request: Request<pb::ListCallsRequest>) -> Reply<pb::ListCallsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_call_events(&self, request: Request<pb::ListCallEventsRequest>) -> Reply<pb::ListCallEventsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list_events(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn watch_calls(&self, request: Request<pb::WatchCallsRequest>) -> Reply<Self::WatchCallsStream> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let (token, from_beginning) = (take(&mut request.resume_token), take(&mut request.from_beginning));
        let kinds = vec![KINDS.to_owned()];
        let watch = Watch::new((&self.ctx, &self.stop), caller.workspace()?, "WatchCalls", &request, kinds);
        let pb::WatchCallsRequest { resume_token: _, from_beginning: _, phone_number_id, agent_id } = request;
        let wanted = Wanted {
            phone_number_id: parse_or_none("phone_number_id", &phone_number_id)?,
            agent_id: parse_or_none("agent_id", &agent_id)?,
        };
        let answers = watch.start(wanted, &token, from_beginning).await?;
        Ok(Response::new(Box::pin(answers)))
    }

    async fn place_call(&self, request: Request<pb::PlaceCallRequest>) -> Reply<pb::PlaceCallResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = placing::call(&self.ctx, caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn redeem_stream_token(
        &self,
        request: Request<pb::RedeemStreamTokenRequest>,
    ) -> Reply<pb::RedeemStreamTokenResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::RedeemStreamTokenRequest { token } = request.into_inner();
        let call = shown(self.redeem(caller.workspace()?, &audited, &token).await?);
        let agent_id = call.agent_id.clone();
        Ok(Response::new(pb::RedeemStreamTokenResponse { call: Some(call), agent_id }))
    }

    async fn reconcile_calls(&self, request: Request<pb::ReconcileCallsRequest>) -> Reply<pb::ReconcileCallsResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let held = reconciling::ask(&self.ctx, caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::ReconcileCallsResponse { reconciliation: Some(reconciling::shown(held)) }))
    }

    async fn get_reconciliation(
        &self,
        request: Request<pb::GetReconciliationRequest>,
    ) -> Reply<pb::GetReconciliationResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetReconciliationRequest { account_id } = request.into_inner();
        let held = reconciling::find(&self.ctx, caller.workspace()?, &account_id).await?;
        Ok(Response::new(pb::GetReconciliationResponse { reconciliation: Some(reconciling::shown(held)) }))
    }
}
