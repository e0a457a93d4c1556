//! The route plan service over a real database.

mod common;
mod rows;

use callplane_control_plane::rpc::{agent::Agents, route_plan::RoutePlans};
use callplane_proto::v1::{
    self as pb, agent::Endpoint, agent_service_server::AgentService, evaluate_route_request::Subject,
    route_fallback::Kind, route_plan_service_server::RoutePlanService,
};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use tonic::{Code, Status};

const NOBODY: &str = "agt_01h455vb4pex5vsknk084sn02q";

struct Desk<'p> {
    plane: &'p Plane,
    agents: Agents,
    plans: RoutePlans,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, agents: Agents::new(plane.ctx.clone()), plans: RoutePlans::new(plane.ctx.clone()) }
    }

    async fn agent(&self, name: &str) -> String {
        let own = pb::VoicemailBox::default();
        let agent =
            pb::Agent { display_name: name.into(), endpoint: Some(Endpoint::Voicemail(own)), ..Default::default() };
        let request = pb::CreateAgentRequest { agent: Some(agent), request_id: String::new() };
        let answer = self.agents.create_agent(self.plane.ask("AgentService/CreateAgent", request)).await;
        answer.expect("created").into_inner().agent.expect("always there").id
    }

    async fn try_create(&self, plan: pb::RoutePlan) -> Result<pb::RoutePlan, Status> {
        let request = pb::CreateRoutePlanRequest { route_plan: Some(plan), request_id: String::new() };
        let request = self.plane.ask("RoutePlanService/CreateRoutePlan", request);
        Ok(self.plans.create_route_plan(request).await?.into_inner().route_plan.expect("always there"))
    }

    async fn update(&self, plan: pb::RoutePlan, path: &str) -> Result<pb::RoutePlan, Status> {
        let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
        let request = pb::UpdateRoutePlanRequest { route_plan: Some(plan), update_mask, etag: String::new() };
        let request = self.plane.ask("RoutePlanService/UpdateRoutePlan", request);
        Ok(self.plans.update_route_plan(request).await?.into_inner().route_plan.expect("always there"))
    }

    async fn delete(&self, id: &str) -> Result<(), Status> {
        let request = pb::DeleteRoutePlanRequest { route_plan_id: id.into(), etag: String::new() };
        let request = self.plane.ask("RoutePlanService/DeleteRoutePlan", request);
        self.plans.delete_route_plan(request).await.map(|_| ())
    }

    async fn delete_agent(&self, id: &str) -> Result<(), Status> {
        let request = pb::DeleteAgentRequest { agent_id: id.into(), etag: String::new() };
        self.agents.delete_agent(self.plane.ask("AgentService/DeleteAgent", request)).await.map(|_| ())
    }

    async fn evaluate(&self, subject: Subject, from: &str, at: i64) -> Result<pb::EvaluateRouteResponse, Status> {
        let request = pb::EvaluateRouteRequest {
            subject: Some(subject),
            from_number: from.into(),
            at_time: Some(prost_types::Timestamp { seconds: at, nanos: 0 }),
            ..Default::default()
        };
        let request = self.plane.ask("RoutePlanService/EvaluateRoute", request);
        Ok(self.plans.evaluate_route(request).await?.into_inner())
    }
}

fn rule(name: &str, agent: &str) -> pb::RouteRule {
    let target = pb::RouteTarget { agent_id: agent.into(), weight: 1 };
    pb::RouteRule { display_name: name.into(), targets: vec![target], ..Default::default() }
}

fn plan(rules: Vec<pb::RouteRule>) -> pb::RoutePlan {
    pb::RoutePlan { display_name: "Main".into(), rules, ..Default::default() }
}

#[tokio::test]
async fn a_plan_names_agents_that_exist_and_keeps_them_from_deletion() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let (day, night) = (desk.agent("Day").await, desk.agent("Night").await);
        let mut wrong = plan(vec![rule("day", &day), rule("night", NOBODY)]);
        wrong.fallback = Some(pb::RouteFallback { kind: Some(Kind::AgentId(NOBODY.into())) });
        let refused = desk.try_create(wrong).await;
        assert_eq!(blamed(refused), ["route_plan.rules[1].targets[0].agent_id", "route_plan.fallback.agent_id"]);
        let created = desk.try_create(plan(vec![rule("day", &day), rule("night", &night)])).await.expect("created");
        assert_eq!(why(desk.delete_agent(&night).await), (Code::FailedPrecondition, "AGENT_IN_USE".into()));
        let shorter = pb::RoutePlan { id: created.id.clone(), ..plan(vec![rule("day", &day)]) };
        desk.update(shorter, "rules").await.expect("changed");
        desk.delete_agent(&night).await.expect("nothing names it any more");
    })
    .await;
}

#[tokio::test]
async fn only_what_changes_decisions_makes_a_new_revision() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.agent("Desk").await;
        let created = desk.try_create(plan(vec![rule("all", &agent)])).await.expect("created");
        assert_eq!((created.revision, created.etag.as_str()), (1, "1"));
        let renamed = pb::RoutePlan { display_name: "Other".into(), ..created.clone() };
        let renamed = desk.update(renamed, "display_name").await.expect("changed");
        assert_eq!((renamed.revision, renamed.etag.as_str()), (1, "2"));
        let moved = pb::RoutePlan { time_zone: "Europe/Berlin".into(), ..renamed };
        let moved = desk.update(moved, "time_zone").await.expect("changed");
        assert_eq!((moved.revision, moved.etag.as_str()), (2, "3"));
        let lost = pb::RoutePlan { time_zone: "Europe/Berln".into(), ..moved.clone() };
        assert_eq!(blamed(desk.update(lost, "time_zone").await), ["route_plan.time_zone"]);
        let kinds = ["route_plan.created", "route_plan.updated", "route_plan.updated"];
        assert_eq!(rows::kinds_of(plane, &moved.id).await, kinds);
    })
    .await;
}

#[tokio::test]
async fn a_plan_with_numbers_is_not_deleted() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.agent("Desk").await;
        let used = desk.try_create(plan(vec![rule("all", &agent)])).await.expect("created");
        let unused = desk.try_create(plan(vec![])).await.expect("created");
        rows::number(plane, "+15005550100", Some(rows::to_plan(&used.id))).await;
        assert_eq!(why(desk.delete(&used.id).await), (Code::FailedPrecondition, "ROUTE_PLAN_IN_USE".into()));
        desk.delete(&unused.id).await.expect("nothing needs it");
        let request = pb::ListRoutePlansRequest::default();
        let listed = desk.plans.list_route_plans(plane.ask("RoutePlanService/ListRoutePlans", request)).await;
        let listed = listed.expect("listed").into_inner().route_plans;
        let counts: Vec<_> = listed.iter().map(|plan| (plan.id.as_str(), plan.phone_number_count)).collect();
        assert_eq!(counts, [(used.id.as_str(), 1)]);
    })
    .await;
}

#[tokio::test]
async fn an_evaluation_tells_why_in_the_plans_own_time() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let (day, night) = (desk.agent("Day").await, desk.agent("Night").await);
        let window = pb::TimeWindow { start_time: "09:00".into(), end_time: "17:00".into(), ..Default::default() };
        let office = pb::RouteRule { windows: vec![window], ..rule("office", &day) };
        let rules = vec![office, rule("otherwise", &night)];
        let berlin = pb::RoutePlan { time_zone: "Europe/Berlin".into(), ..plan(rules.clone()) };
        let berlin = desk.try_create(berlin).await.expect("created");
        let utc = desk.try_create(plan(rules)).await.expect("created");
        // 2026-07-01T07:30:00Z is half past nine in Berlin.
        let at = 1_782_891_000;
        let there = desk.evaluate(Subject::RoutePlanId(berlin.id), "+4930123456", at).await.expect("answered");
        let decision = there.decision.expect("always there");
        assert_eq!((decision.agent_id, decision.rule.as_str(), decision.revision), (day, "office", 1));
        assert_eq!(there.shares.len(), 1);
        let here = desk.evaluate(Subject::RoutePlanId(utc.id), "+4930123456", at).await.expect("answered");
        assert_eq!(here.decision.expect("always there").agent_id, night, "the workspace's zone is UTC");
        let matched: Vec<_> = here.trace.iter().map(|trace| (trace.rule.as_str(), trace.matched)).collect();
        assert_eq!(matched, [("office", false), ("otherwise", true)]);
    })
    .await;
}

#[tokio::test]
async fn a_number_nobody_registered_is_a_decision_and_a_foreign_plan_is_not_found() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.agent("Desk").await;
        let reason = async |subject| {
            let answer = desk.evaluate(subject, "anonymous", 1_782_891_000).await.expect("answered");
            answer.decision.expect("always there").reason
        };
        assert_eq!(reason(Subject::ToNumber("+15005550100".into())).await, "unknown-number");
        let idle = rows::number(plane, "+15005550101", None).await;
        assert_eq!(reason(Subject::PhoneNumberId(idle.to_string())).await, "unassigned");
        rows::number(plane, "+15005550102", Some(rows::to_agent(&agent))).await;
        assert_eq!(reason(Subject::ToNumber("+15005550102".into())).await, "assigned");
        let own = desk.try_create(plan(vec![rule("all", &agent)])).await.expect("created");
        let request = pb::EvaluateRouteRequest { subject: Some(Subject::RoutePlanId(own.id)), ..Default::default() };
        let foreign = desk.plans.evaluate_route(plane.ask_next_door("RoutePlanService/EvaluateRoute", request)).await;
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
    })
    .await;
}
