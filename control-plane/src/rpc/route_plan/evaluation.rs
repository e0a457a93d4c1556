//! `EvaluateRoute`: gathers what a call would be decided by and hands it to the code that decides calls.

use std::collections::HashMap;

use callplane_proto::v1::{self as pb, evaluate_route_request::Subject as Wire};

use super::show::shown_explanation;
use crate::{
    domain::{
        agent::Agent,
        e164::E164,
        error::{Error, Result},
        id::{AgentId, PhoneNumberId, RoutePlanId, WorkspaceId},
        party::Party,
        phone_number::{Assignment, PhoneNumber},
        route::{self, Caller, RoutePlan, Subject},
        zone::Zone,
    },
    flow::Context,
    rpc::read::{moment, parse, parse_or_none, required},
    store::{Scope, agent, phone_number, route_plan, workspace},
};

/// The CallSid of an example: nobody can tell which agent a call will get among weights.
const EXAMPLE: &str = "CA00000000000000000000000000000000";

/// What is called, read from the store.
enum Called {
    Agent(AgentId),
    Plan(Box<RoutePlan>),
    Unassigned,
    Unknown,
}

/// Says who would answer and why.
pub async fn evaluate(
    ctx: &Context,
    workspace: WorkspaceId,
    request: pb::EvaluateRouteRequest,
) -> Result<pb::EvaluateRouteResponse> {
    let pb::EvaluateRouteRequest { subject, from_number, from_country, at_time, call_sid } = request;
    let party = Party::from(from_number);
    let caller = Caller { party: &party, country: parse_or_none("from_country", &from_country)? };
    let at = at_time.map_or(Ok(ctx.clock.now()), |time| moment("at_time", time))?;
    let seed = if call_sid.is_empty() { EXAMPLE } else { &call_sid };
    let scope = Scope::new(ctx.store.read(), workspace);
    let called = called(&scope, required("subject", subject)?).await?;
    let zone = zone_of(&scope).await?;
    let agents = agents_of(&scope, &called).await?;
    let subject = match &called {
        Called::Agent(id) => Subject::Agent(*id),
        Called::Plan(plan) => Subject::Plan(plan, zone),
        Called::Unassigned => Subject::Unassigned,
        Called::Unknown => Subject::Unknown,
    };
    let roster = |id: AgentId| agents.get(&id);
    Ok(shown_explanation(route::explain(subject, &caller, at, seed, &roster)))
}

type Read<'c> = Scope<'c, sea_orm::DatabaseConnection>;

async fn called(scope: &Read<'_>, subject: Wire) -> Result<Called> {
    let number = match subject {
        Wire::RoutePlanId(id) => return plan(scope, parse("route_plan_id", &id)?).await,
        Wire::PhoneNumberId(id) => {
            let id: PhoneNumberId = parse("phone_number_id", &id)?;
            Some(phone_number::by_id(scope, id).await?.ok_or_else(|| Error::not_found("phone number"))?)
        }
        Wire::ToNumber(e164) => phone_number::by_e164(scope, &parse::<E164>("to_number", &e164)?).await?,
    };
    match number {
        None => Ok(Called::Unknown),
        Some(PhoneNumber { assignment: None, .. }) => Ok(Called::Unassigned),
        Some(PhoneNumber { assignment: Some(Assignment::Agent(id)), .. }) => Ok(Called::Agent(id)),
        Some(PhoneNumber { assignment: Some(Assignment::RoutePlan(id)), .. }) => plan(scope, id).await,
    }
}

async fn plan(scope: &Read<'_>, id: RoutePlanId) -> Result<Called> {
    let plan = route_plan::by_id(scope, id).await?.ok_or_else(|| Error::not_found("route plan"))?;
    Ok(Called::Plan(Box::new(plan)))
}

/// The zone of plans without their own.
async fn zone_of(scope: &Read<'_>) -> Result<Zone> {
    let own = workspace::by_id(scope.db, scope.workspace).await?;
    let own = own.ok_or_else(|| Error::not_found("workspace"))?;
    Ok(own.time_zone.parse().unwrap_or(Zone::UTC))
}

async fn agents_of(scope: &Read<'_>, called: &Called) -> Result<HashMap<AgentId, Agent>> {
    let ids = match called {
        Called::Agent(id) => vec![*id],
        Called::Plan(plan) => plan.agent_ids().into_iter().collect(),
        Called::Unassigned | Called::Unknown => Vec::new(),
    };
    let agents = agent::with_fallbacks(scope.db, ids).await?;
    Ok(agents.into_iter().map(|agent| (agent.id, agent)).collect())
}
