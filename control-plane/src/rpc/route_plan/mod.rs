//! `RoutePlanService`: which agent answers, and why. An evaluation decides with the very code that decides calls.

mod evaluation;
mod read;
mod show;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use callplane_proto::v1::{self as pb, route_plan_service_server::RoutePlanService};
use tonic::{Request, Response};

use read::{new_plan, patch};
use show::shown;
pub use show::shown_decision;

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, paths, required},
};
use crate::{
    domain::{
        error::{Error, Result},
        id::{RoutePlanId, WorkspaceId},
        route::RoutePlan,
    },
    flow::{Audited, Context, Journal, Once, route_plan as flow},
    store::{Scope, route_plan as store},
};

/// Keeps route plans and explains them.
#[derive(Clone)]
pub struct RoutePlans(Arc<Context>);

impl RoutePlans {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self(ctx)
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateRoutePlanRequest,
    ) -> Result<pb::CreateRoutePlanResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("CreateRoutePlan", &request_id, &request);
        let pb::CreateRoutePlanRequest { route_plan, request_id: _ } = request;
        let new = new_plan(required("route_plan", route_plan)?).map_err(in_plan)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let plan = flow::create(&mut journal, new).await.map_err(in_plan)?;
        journal.audit(audited, &plan.id);
        let answer = pb::CreateRoutePlanResponse { route_plan: Some(shown(plan, 0)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn get(&self, workspace: WorkspaceId, id: RoutePlanId) -> Result<pb::RoutePlan> {
        let scope = Scope::new(self.0.store.read(), workspace);
        let plan = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found("route plan"))?;
        self.one(plan).await
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        request: pb::ListRoutePlansRequest,
    ) -> Result<pb::ListRoutePlansResponse> {
        let pb::ListRoutePlansRequest { page_size, page_token } = request;
        let filters = pb::ListRoutePlansRequest::default();
        let paging = Paging::of(&self.0, Some(workspace), "ListRoutePlans", (page_size, page_token), &filters);
        let page = store::list(&Scope::new(self.0.store.read(), workspace), &paging.ask()?).await?;
        let route_plans = self.counted(page.rows).await?;
        Ok(pb::ListRoutePlansResponse { route_plans, next_page_token: paging.next(page.next)? })
    }

    async fn update(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::UpdateRoutePlanRequest,
    ) -> Result<pb::RoutePlan> {
        let pb::UpdateRoutePlanRequest { route_plan, update_mask, etag } = request;
        let plan = required("route_plan", route_plan)?;
        let id = parse("route_plan.id", &plan.id)?;
        let patch = patch(plan, paths(update_mask)?)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        let plan = flow::update(&mut journal, id, &etag, patch).await.map_err(in_plan)?;
        journal.audit(audited, &id);
        journal.commit().await?;
        self.one(plan).await
    }

    async fn delete(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::DeleteRoutePlanRequest,
    ) -> Result<()> {
        let pb::DeleteRoutePlanRequest { route_plan_id, etag } = request;
        let id = parse("route_plan_id", &route_plan_id)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        flow::delete(&mut journal, id, &etag).await?;
        journal.audit(audited, &id);
        journal.commit().await
    }

    async fn one(&self, plan: RoutePlan) -> Result<pb::RoutePlan> {
        let counts = store::count_numbers(self.0.store.read(), &[plan.id]).await?;
        Ok(shown(plan, counts.first().map_or(0, |(_, count)| *count)))
    }

    async fn counted(&self, plans: Vec<RoutePlan>) -> Result<Vec<pb::RoutePlan>> {
        let ids: Vec<_> = plans.iter().map(|plan| plan.id).collect();
        let counts: HashMap<_, _> = store::count_numbers(self.0.store.read(), &ids).await?.into_iter().collect();
        let count = |plan: &RoutePlan| counts.get(&plan.id).copied().unwrap_or(0);
        Ok(plans.into_iter().map(|plan| (count(&plan), plan)).map(|(count, plan)| shown(plan, count)).collect())
    }
}

fn in_plan(error: Error) -> Error {
    error.within("route_plan")
}

#[tonic::async_trait]
impl RoutePlanService for RoutePlans {
    async fn create_route_plan(
        &self,
        request: Request<pb::CreateRoutePlanRequest>,
    ) -> Reply<pb::CreateRoutePlanResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_route_plan(&self, request: Request<pb::GetRoutePlanRequest>) -> Reply<pb::GetRoutePlanResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetRoutePlanRequest { route_plan_id } = request.into_inner();
        let plan = self.get(caller.workspace()?, parse("route_plan_id", &route_plan_id)?).await?;
        Ok(Response::new(pb::GetRoutePlanResponse { route_plan: Some(plan) }))
    }

    async fn list_route_plans(&self, request: Request<pb::ListRoutePlansRequest>) -> Reply<pb::ListRoutePlansResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn update_route_plan(
        &self,
        request: Request<pb::UpdateRoutePlanRequest>,
    ) -> Reply<pb::UpdateRoutePlanResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let plan = self.update(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::UpdateRoutePlanResponse { route_plan: Some(plan) }))
    }

    async fn delete_route_plan(
        &self,
        request: Request<pb::DeleteRoutePlanRequest>,
    ) -> Reply<pb::DeleteRoutePlanResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        self.delete(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::DeleteRoutePlanResponse {}))
    }

    async fn evaluate_route(&self, request: Request<pb::EvaluateRouteRequest>) -> Reply<pb::EvaluateRouteResponse> {
        let caller = Caller::of(&request)?;
        let answer = evaluation::evaluate(&self.0, caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
