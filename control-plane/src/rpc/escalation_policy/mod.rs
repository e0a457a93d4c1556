//! `EscalationPolicyService`: ladders that people edit. What a ladder would do is in `planning`.

mod planning;
mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, escalation_policy_service_server::EscalationPolicyService};
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, no_such_path, parse, paths, required},
};
use crate::{
    domain::{
        error::{Error, Result},
        id::{PolicyId, WorkspaceId},
        policy::Policy,
    },
    flow::{Audited, Context, Journal, Once, policy as flow},
    store::{Scope, policy as store},
};
use shape::{ladder, shown};

/// Policies over gRPC.
pub struct EscalationPolicies {
    ctx: Arc<Context>,
}

impl EscalationPolicies {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateEscalationPolicyRequest,
    ) -> Result<pb::CreateEscalationPolicyResponse> {
        let key = request.request_id.clone();
        let once = Once::of("CreateEscalationPolicy", &key, &request);
        let policy = required("escalation_policy", request.escalation_policy.clone())?;
        let ladder = ladder(&policy).map_err(in_policy)?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let policy = flow::create(&mut journal, policy.display_name, ladder).await.map_err(in_policy)?;
        journal.audit(audited, &policy.id);
        let answer = pb::CreateEscalationPolicyResponse { escalation_policy: Some(shown(policy)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn update(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::UpdateEscalationPolicyRequest,
    ) -> Result<Policy> {
        let pb::UpdateEscalationPolicyRequest { escalation_policy, update_mask, etag } = request;
        let (new, paths) = (required("escalation_policy", escalation_policy)?, paths(update_mask)?);
        let id: PolicyId = parse("escalation_policy.id", &new.id)?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let policy = flow::update(&mut journal, id, &etag, |held| patched(held, &new, &paths)).await;
        let policy = policy.map_err(in_policy)?;
        journal.audit(audited, &id);
        journal.commit().await?;
        Ok(policy)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListEscalationPoliciesRequest,
    ) -> Result<pb::ListEscalationPoliciesResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListEscalationPolicies", page, &request);
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &paging.ask()?).await?.map(shown);
        let next_page_token = paging.next(page.next)?;
        Ok(pb::ListEscalationPoliciesResponse { escalation_policies: page.rows, next_page_token })
    }

    async fn find(&self, workspace: WorkspaceId, id: &str) -> Result<Policy> {
        let id: PolicyId = parse("policy_id", id)?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(flow::NOUN))
    }
}

/// Blame for a field of a ladder arrives under the policy that the caller sent.
fn in_policy(error: Error) -> Error {
    if error.violations.is_empty() { error } else { error.within("escalation_policy") }
}

fn patched(held: Policy, new: &pb::EscalationPolicy, paths: &[String]) -> Result<Policy> {
    let fresh = ladder(new)?;
    let mut next = held;
    for path in paths {
        match path.as_str() {
            "display_name" => next.display_name.clone_from(&new.display_name),
            "rungs" => next.ladder.rungs.clone_from(&fresh.rungs),
            "max_calls_per_person" => next.ladder.most_calls = fresh.most_calls,
            "requires_consent" => next.ladder.requires_consent = fresh.requires_consent,
            "calling_hours" => next.ladder.calling_hours.clone_from(&fresh.calling_hours),
            "acknowledgement_timeout" => next.ladder.acknowledged_for = fresh.acknowledged_for,
            "close_after" => next.ladder.closes_after = fresh.closes_after,
            other => return Err(no_such_path(other)),
        }
    }
    Ok(next)
}

#[tonic::async_trait]
impl EscalationPolicyService for EscalationPolicies {
    async fn create_escalation_policy(
        &self,
        request: Request<pb::CreateEscalationPolicyRequest>,
    ) -> Reply<pb::CreateEscalationPolicyResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_escalation_policy(
        &self,
        request: Request<pb::GetEscalationPolicyRequest>,
    ) -> Reply<pb::GetEscalationPolicyResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetEscalationPolicyRequest { policy_id } = request.into_inner();
        let policy = self.find(caller.workspace()?, &policy_id).await?;
        Ok(Response::new(pb::GetEscalationPolicyResponse { escalation_policy: Some(shown(policy)) }))
    }

    async fn list_escalation_policies(
        &self,
        request: Request<pb::ListEscalationPoliciesRequest>,
    ) -> Reply<pb::ListEscalationPoliciesResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn update_escalation_policy(
        &self,
        request: Request<pb::UpdateEscalationPolicyRequest>,
    ) -> Reply<pb::UpdateEscalationPolicyResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let policy = self.update(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::UpdateEscalationPolicyResponse { escalation_policy: Some(shown(policy)) }))
    }

    async fn delete_escalation_policy(
        &self,
        request: Request<pb::DeleteEscalationPolicyRequest>,
    ) -> Reply<pb::DeleteEscalationPolicyResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::DeleteEscalationPolicyRequest { policy_id, etag } = request.into_inner();
        let id: PolicyId = parse("policy_id", &policy_id)?;
        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        flow::delete(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::DeleteEscalationPolicyResponse {}))
    }

    async fn plan_escalation(&self, request: Request<pb::PlanEscalationRequest>) -> Reply<pb::PlanEscalationResponse> {
        let caller = Caller::of(&request)?;
        let workspace = caller.workspace()?;
        let request = request.into_inner();
        let policy = self.find(workspace, &request.policy_id).await?;
        Ok(Response::new(planning::plan(&self.ctx, workspace, policy, request).await?))
    }

    async fn preview_script(&self, request: Request<pb::PreviewScriptRequest>) -> Reply<pb::PreviewScriptResponse> {
        Caller::of(&request)?;
        Ok(Response::new(planning::preview(request.into_inner(), self.ctx.clock.now())?))
    }
}
