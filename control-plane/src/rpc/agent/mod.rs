//! `AgentService`: who or what answers a call. An API key comes in and is sealed; it never goes out.

mod shape;

use std::{collections::HashMap, sync::Arc};

use callplane_proto::v1::{self as pb, agent_service_server::AgentService};
use tonic::{Request, Response};

use shape::{new_agent, patch, shown, state_filter};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, paths, required},
};
use crate::{
    domain::{
        agent::{Agent, AgentState},
        error::{Error, Result},
        id::{AgentId, WorkspaceId},
    },
    flow::{Audited, Context, Journal, Once, agent as flow},
    store::{
        Scope,
        agent::{self as store, Standing},
    },
};

/// Keeps agents.
#[derive(Clone)]
pub struct Agents(Arc<Context>);

impl Agents {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self(ctx)
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateAgentRequest,
    ) -> Result<pb::CreateAgentResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("CreateAgent", &request_id, &request);
        let pb::CreateAgentRequest { agent, request_id: _ } = request;
        let new = new_agent(required("agent", agent)?).map_err(in_agent)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let agent = flow::create(&mut journal, new).await.map_err(in_agent)?;
        journal.audit(audited, &agent.id);
        let answer = pb::CreateAgentResponse { agent: Some(shown(agent, 0, Standing::default())) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn list(&self, workspace: WorkspaceId, request: pb::ListAgentsRequest) -> Result<pb::ListAgentsResponse> {
        let pb::ListAgentsRequest { page_size, page_token, state } = request;
        let filters = pb::ListAgentsRequest { state, ..Default::default() };
        let paging = Paging::of(&self.0, Some(workspace), "ListAgents", (page_size, page_token), &filters);
        let filter = store::Filter { state: state_filter(state)? };
        let scope = Scope::new(self.0.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?;
        let agents = self.counted(page.rows).await?;
        Ok(pb::ListAgentsResponse { agents, next_page_token: paging.next(page.next)? })
    }

    async fn update(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::UpdateAgentRequest,
    ) -> Result<pb::Agent> {
        let pb::UpdateAgentRequest { agent, update_mask, etag } = request;
        let agent = required("agent", agent)?;
        let id = parse("agent.id", &agent.id)?;
        let patch = patch(agent, paths(update_mask)?)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        let agent = flow::update(&mut journal, id, &etag, patch).await.map_err(in_agent)?;
        journal.audit(audited, &id);
        journal.commit().await?;
        self.one(agent).await
    }

    async fn set_state(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        (id, etag): (AgentId, String),
        state: AgentState,
    ) -> Result<pb::Agent> {
        let mut journal = Journal::begin(&self.0, workspace).await?;
        let agent = flow::set_state(&mut journal, id, &etag, state).await?;
        journal.audit(audited, &id);
        journal.commit().await?;
        self.one(agent).await
    }

    async fn delete(&self, workspace: WorkspaceId, audited: &Audited, request: pb::DeleteAgentRequest) -> Result<()> {
        let pb::DeleteAgentRequest { agent_id, etag } = request;
        let id = parse("agent_id", &agent_id)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        flow::delete(&mut journal, id, &etag).await?;
        journal.audit(audited, &id);
        journal.commit().await
    }

    async fn get(&self, workspace: WorkspaceId, id: AgentId) -> Result<pb::Agent> {
        let scope = Scope::new(self.0.store.read(), workspace);
        let agent = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found("agent"))?;
        self.one(agent).await
    }

    async fn one(&self, agent: Agent) -> Result<pb::Agent> {
        Ok(self.counted(vec![agent]).await?.remove(0))
    }

    async fn counted(&self, agents: Vec<Agent>) -> Result<Vec<pb::Agent>> {
        let db = self.0.store.read();
        let ids: Vec<_> = agents.iter().map(|agent| agent.id).collect();
        let counts: HashMap<_, _> = store::count_numbers(db, &ids).await?.into_iter().collect();
        let standings: HashMap<_, _> = store::standing(db, &ids).await?.into_iter().collect();
        let show = |agent: Agent| {
            let (count, standing) = (counts.get(&agent.id).copied(), standings.get(&agent.id).copied());
            shown(agent, count.unwrap_or_default(), standing.unwrap_or_default())
        };
        Ok(agents.into_iter().map(show).collect())
    }
}

fn in_agent(error: Error) -> Error {
    error.within("agent")
}

#[tonic::async_trait]
impl AgentService for Agents {
    async fn create_agent(&self, request: Request<pb::CreateAgentRequest>) -> Reply<pb::CreateAgentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_agent(&self, request: Request<pb::GetAgentRequest>) -> Reply<pb::GetAgentResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetAgentRequest { agent_id } = request.into_inner();
        let agent = self.get(caller.workspace()?, parse("agent_id", &agent_id)?).await?;
        Ok(Response::new(pb::GetAgentResponse { agent: Some(agent) }))
    }

    async fn list_agents(&self, request: Request<pb::ListAgentsRequest>) -> Reply<pb::ListAgentsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn update_agent(&self, request: Request<pb::UpdateAgentRequest>) -> Reply<pb::UpdateAgentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let agent = self.update(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::UpdateAgentResponse { agent: Some(agent) }))
    }

    async fn delete_agent(&self, request: Request<pb::DeleteAgentRequest>) -> Reply<pb::DeleteAgentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        self.delete(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::DeleteAgentResponse {}))
    }

    async fn pause_agent(&self, request: Request<pb::PauseAgentRequest>) -> Reply<pb::PauseAgentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::PauseAgentRequest { agent_id, etag } = request.into_inner();
        let which = (parse("agent_id", &agent_id)?, etag);
        let agent = self.set_state(caller.workspace()?, &audited, which, AgentState::Paused).await?;
        Ok(Response::new(pb::PauseAgentResponse { agent: Some(agent) }))
    }

    async fn resume_agent(&self, request: Request<pb::ResumeAgentRequest>) -> Reply<pb::ResumeAgentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::ResumeAgentRequest { agent_id, etag } = request.into_inner();
        let which = (parse("agent_id", &agent_id)?, etag);
        let agent = self.set_state(caller.workspace()?, &audited, which, AgentState::Active).await?;
        Ok(Response::new(pb::ResumeAgentResponse { agent: Some(agent) }))
    }
}
