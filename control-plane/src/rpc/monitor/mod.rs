//! `MonitorService`: who asks, what they ask, do it, show it.

mod explain;
mod policy;
mod shape;
mod watching;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, monitor_service_server::MonitorService};
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, moment, parse, parse_or_none},
    watch::Watch,
};
use crate::{
    domain::{
        account::Account,
        error::{Error, Result},
        id::{AccountId, WorkspaceId},
        monitor::{Event, Monitor},
    },
    flow::{Audited, Context, Journal, monitor as flow},
    store::{Scope, account, monitor as store, probe},
};

/// Health over gRPC.
pub struct Monitors {
    ctx: Arc<Context>,
    stop: CancellationToken,
}

impl Monitors {
    /// Over this context, until `stop`.
    pub fn new(ctx: Arc<Context>, stop: CancellationToken) -> Self {
        Self { ctx, stop }
    }

    async fn account(&self, workspace: WorkspaceId, account_id: &str) -> Result<Account> {
        let id: AccountId = parse("account_id", account_id)?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        account::by_id(&scope, id).await?.ok_or_else(|| Error::not_found("account"))
    }

    /// An account that nobody watches yet is shown like one that was never looked at.
    async fn find(&self, workspace: WorkspaceId, account_id: &str) -> Result<pb::AccountHealth> {
        let account = self.account(workspace, account_id).await?;
        let found = store::by_account(&Scope::new(self.ctx.store.read(), workspace), account.id).await?;
        Ok(found.map_or_else(|| shape::unwatched(account.id), shape::health))
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListAccountHealthRequest,
    ) -> Result<pb::ListAccountHealthResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListAccountHealth", page, &request);
        let pb::ListAccountHealthRequest { page_size: _, page_token: _, verdict } = request;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, shape::read_verdict(verdict)?, &paging.ask()?).await?.map(shape::health);
        Ok(pb::ListAccountHealthResponse { accounts: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn probes(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListProbesRequest,
    ) -> Result<pb::ListProbesResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListProbes", page, &request);
        let pb::ListProbesRequest {
            page_size: _,
            page_token: _,
            account_id,
            agent_id,
            kind,
            outcome,
            run,
            from_time,
            until_time,
        } = request;
        let filter = probe::Filter {
            account_id: parse_or_none("account_id", &account_id)?,
            agent_id: parse_or_none("agent_id", &agent_id)?,
            kind: shape::read_kind(kind)?,
            outcome: shape::read_outcome(outcome)?,
            round: Some(run).filter(|run| *run != 0),
            from_time: from_time.map(|time| moment("from_time", time)).transpose()?,
            until_time: until_time.map(|time| moment("until_time", time)).transpose()?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = probe::list(&scope, &filter, &paging.ask()?).await?.map(shape::probe);
        Ok(pb::ListProbesResponse { probes: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn run(&self, workspace: WorkspaceId, audited: &Audited, account_id: &str) -> Result<Monitor> {
        let account = self.account(workspace, account_id).await?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let monitor = flow::ask(&mut journal, &account).await?;
        journal.audit(audited, &account.id);
        journal.commit().await?;
        Ok(monitor)
    }

    async fn accept_keys(&self, workspace: WorkspaceId, audited: &Audited, account_id: &str) -> Result<Monitor> {
        let account = self.account(workspace, account_id).await?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let monitor = journal.step::<Monitor>(account.id, Event::KeysAccepted).await?;
        journal.audit(audited, &account.id);
        journal.commit().await?;
        Ok(monitor)
    }
}

#[tonic::async_trait]
impl MonitorService for Monitors {
    type WatchHealthStream = BoxStream<'static, std::result::Result<pb::WatchHealthResponse, Status>>;

    async fn get_account_health(
        &self,
        request: Request<pb::GetAccountHealthRequest>,
    ) -> Reply<pb::GetAccountHealthResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetAccountHealthRequest { account_id } = request.into_inner();
        let health = self.find(caller.workspace()?, &account_id).await?;
        Ok(Response::new(pb::GetAccountHealthResponse { health: Some(health) }))
    }

    async fn list_account_health(
        &self,
        request: Request<pb::ListAccountHealthRequest>,
    ) -> Reply<pb::ListAccountHealthResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn run_health_check(&self, request: Request<pb::RunHealthCheckRequest>) -> Reply<pb::RunHealthCheckResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::RunHealthCheckRequest { account_id } = request.into_inner();
        let monitor = self.run(caller.workspace()?, &audited, &account_id).await?;
        Ok(Response::new(pb::RunHealthCheckResponse { health: Some(shape::health(monitor)) }))
    }

    async fn list_probes(&self, request: Request<pb::ListProbesRequest>) -> Reply<pb::ListProbesResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.probes(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn explain_health(&self, request: Request<pb::ExplainHealthRequest>) -> Reply<pb::ExplainHealthResponse> {
        let caller = Caller::of(&request)?;
        let pb::ExplainHealthRequest { account_id } = request.into_inner();
        let account = self.account(caller.workspace()?, &account_id).await?;
        let explanation = explain::of(&self.ctx, &account).await?;
        Ok(Response::new(pb::ExplainHealthResponse { explanation: Some(explanation) }))
    }

    async fn watch_health(&self, request: Request<pb::WatchHealthRequest>) -> Reply<Self::WatchHealthStream> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let (token, from_beginning) = (take(&mut request.resume_token), take(&mut request.from_beginning));
        let kinds = vec![watching::KINDS.to_owned()];
        let watch = Watch::new((&self.ctx, &self.stop), caller.workspace()?, "WatchHealth", &request, kinds);
        let pb::WatchHealthRequest { account_id, resume_token: _, from_beginning: _ } = request;
        let wanted = watching::Wanted { account_id: parse_or_none("account_id", &account_id)? };
        let answers = watch.start(wanted, &token, from_beginning).await?;
        Ok(Response::new(Box::pin(answers)))
    }

    async fn accept_api_keys(&self, request: Request<pb::AcceptApiKeysRequest>) -> Reply<pb::AcceptApiKeysResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::AcceptApiKeysRequest { account_id } = request.into_inner();
        let monitor = self.accept_keys(caller.workspace()?, &audited, &account_id).await?;
        Ok(Response::new(pb::AcceptApiKeysResponse { health: Some(shape::health(monitor)) }))
    }

    async fn get_monitor_policy(
        &self,
        request: Request<pb::GetMonitorPolicyRequest>,
    ) -> Reply<pb::GetMonitorPolicyResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetMonitorPolicyRequest {} = request.into_inner();
        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let policy = crate::store::monitor_policy::of(&scope).await?;
        Ok(Response::new(pb::GetMonitorPolicyResponse { monitor_policy: Some(policy::shown(policy)) }))
    }

    async fn update_monitor_policy(
        &self,
        request: Request<pb::UpdateMonitorPolicyRequest>,
    ) -> Reply<pb::UpdateMonitorPolicyResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let workspace = caller.workspace()?;
        let policy = policy::update(&self.ctx, workspace, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::UpdateMonitorPolicyResponse { monitor_policy: Some(policy::shown(policy)) }))
    }
}
