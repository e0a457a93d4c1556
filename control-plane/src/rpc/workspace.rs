//! The workspace service: who asks, what they ask, do it, show it.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, workspace_service_server::WorkspaceService};
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{self, Reply},
    show,
};
use crate::{
    domain::{
        error::{Error, Result},
        id::WorkspaceId,
        workspace::{Workspace, system},
        zone::Zone,
    },
    flow::{Context, Journal, Once, workspace as flow},
    store::workspace as store,
    token::Audience,
};

/// Workspaces over gRPC.
pub struct Workspaces {
    ctx: Arc<Context>,
}

impl Workspaces {
    /// Over this store.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl WorkspaceService for Workspaces {
    async fn create_workspace(
        &self,
        request: Request<pb::CreateWorkspaceRequest>,
    ) -> Reply<pb::CreateWorkspaceResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("CreateWorkspace", &key, request.get_ref());
        let pb::CreateWorkspaceRequest { workspace, request_id: _ } = request.into_inner();
        let (display_name, time_zone) = new_workspace(read::required("workspace", workspace)?)?;

        let mut journal = Journal::begin(&self.ctx, system()).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let workspace = flow::create(&mut journal, display_name, time_zone).await?;
        journal.audit(&audited, &workspace.id);
        let answer = pb::CreateWorkspaceResponse { workspace: Some(workspace.into()) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn get_workspace(&self, request: Request<pb::GetWorkspaceRequest>) -> Reply<pb::GetWorkspaceResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetWorkspaceRequest { workspace_id } = request.into_inner();
        let id = match read::parse_or_none("workspace_id", &workspace_id)? {
            Some(id) => visible(&caller, id)?,
            None => caller.workspace()?,
        };

        let found = store::by_id(self.ctx.store.read(), id).await?;
        let workspace = found.ok_or_else(|| Error::not_found(flow::NOUN))?;
        Ok(Response::new(pb::GetWorkspaceResponse { workspace: Some(workspace.into()) }))
    }

    async fn list_workspaces(&self, request: Request<pb::ListWorkspacesRequest>) -> Reply<pb::ListWorkspacesResponse> {
        Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, None, "ListWorkspaces", page, &request);

        let page = store::list(self.ctx.store.read(), &paging.ask()?).await?.map(Into::into);
        let next_page_token = paging.next(page.next)?;
        Ok(Response::new(pb::ListWorkspacesResponse { workspaces: page.rows, next_page_token }))
    }

    async fn update_workspace(
        &self,
        request: Request<pb::UpdateWorkspaceRequest>,
    ) -> Reply<pb::UpdateWorkspaceResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::UpdateWorkspaceRequest { workspace, update_mask } = request.into_inner();
        let workspace = read::required("workspace", workspace)?;
        let bound = caller.workspace()?;
        // What is changed is what the audit is kept for: the workspace of the call and no other.
        if read::parse_or_none("workspace.id", &workspace.id)?.is_some_and(|id: WorkspaceId| id != bound) {
            return Err(Error::not_found(flow::NOUN).into());
        }
        let patch = patch(&workspace, &read::paths(update_mask)?)?;

        let mut journal = Journal::begin(&self.ctx, bound).await?;
        let workspace = flow::update(&mut journal, &workspace.etag, patch).await?;
        journal.audit(&audited, &workspace.id);
        journal.commit().await?;
        Ok(Response::new(pb::UpdateWorkspaceResponse { workspace: Some(workspace.into()) }))
    }
}

/// An operator sees every workspace, everybody else the one the token is bound to.
fn visible(caller: &Caller, id: WorkspaceId) -> Result<WorkspaceId> {
    if caller.audience == Audience::Operator || caller.workspace == Some(id) {
        return Ok(id);
    }
    Err(Error::not_found(flow::NOUN))
}

fn new_workspace(workspace: pb::Workspace) -> Result<(String, Zone)> {
    let pb::Workspace { id: _, display_name, time_zone, etag: _, create_time: _, update_time: _ } = workspace;
    Ok((display_name, zone(&time_zone)?))
}

fn zone(text: &str) -> Result<Zone> {
    Ok(read::parse_or_none("workspace.time_zone", text)?.unwrap_or(Zone::UTC))
}

fn patch(workspace: &pb::Workspace, paths: &[String]) -> Result<flow::Patch> {
    let mut patch = flow::Patch::default();
    for path in paths {
        match path.as_str() {
            "display_name" => patch.display_name = Some(workspace.display_name.clone()),
            "time_zone" => patch.time_zone = Some(zone(&workspace.time_zone)?),
            other => return Err(read::no_such_path(other)),
        }
    }
    Ok(patch)
}

impl From<Workspace> for pb::Workspace {
    fn from(workspace: Workspace) -> Self {
        let Workspace { id, display_name, time_zone, version, create_time, update_time } = workspace;
        Self {
            id: id.to_string(),
            display_name,
            time_zone,
            etag: show::etag(version),
            create_time: Some(show::moment(create_time)),
            update_time: Some(show::moment(update_time)),
        }
    }
}
