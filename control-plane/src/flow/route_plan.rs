//! What changes a route plan, and that the agents it names exist. The lock on the workspace keeps an agent from being
//! deleted between the look and the commit.

use std::collections::BTreeSet;

use super::{Journal, seen::unchanged};
use crate::{
    domain::{
        error::{Error, Kind, Result, Violation},
        id::{AgentId, RoutePlanId},
        route::{Fallback, RoutePlan, Rule},
        zone::Zone,
    },
    store::{agent, route_plan as store, workspace},
};

/// A new plan.
#[derive(Debug)]
pub struct New {
    /// What people call it.
    pub display_name: String,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// What happens when no rule decides.
    pub fallback: Option<Fallback>,
    /// The zone of its rules; none for the workspace's.
    pub time_zone: Option<Zone>,
}

/// New values of what an operator may change. What is none stays.
#[derive(Debug, Default)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// The rules, in order.
    pub rules: Option<Vec<Rule>>,
    /// What happens when no rule decides.
    pub fallback: Option<Option<Fallback>>,
    /// The zone of its rules.
    pub time_zone: Option<Option<Zone>>,
}

/// Adds a plan.
pub async fn create(journal: &mut Journal<'_>, new: New) -> Result<RoutePlan> {
    let New { display_name, rules, fallback, time_zone } = new;
    workspace::lock(journal.txn(), journal.workspace).await?;
    let plan = RoutePlan {
        id: RoutePlanId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        display_name,
        rules,
        fallback,
        time_zone,
        revision: 1,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    check(journal, &plan).await?;
    store::insert(journal.txn(), &plan, &*journal.ctx().ids).await?;
    tell(journal, "route_plan.created", &plan);
    Ok(plan)
}

/// Changes a plan. Only what changes its decisions makes a new revision.
pub async fn update(journal: &mut Journal<'_>, id: RoutePlanId, etag: &str, patch: Patch) -> Result<RoutePlan> {
    let before = locked(journal, id, etag).await?;
    let Patch { display_name, rules, fallback, time_zone } = patch;
    let mut plan = before.clone();
    plan.display_name = display_name.unwrap_or(plan.display_name);
    plan.rules = rules.unwrap_or(plan.rules);
    plan.fallback = fallback.unwrap_or(plan.fallback);
    plan.time_zone = time_zone.unwrap_or(plan.time_zone);
    if (&plan.rules, &plan.fallback, plan.time_zone) != (&before.rules, &before.fallback, before.time_zone) {
        check(journal, &plan).await?;
        plan.revision += 1;
    }
    plan.version += 1;
    plan.update_time = journal.now;
    if !store::save(journal.txn(), &plan, before.version, &*journal.ctx().ids).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "the route plan was changed meanwhile; try again"));
    }
    tell(journal, "route_plan.updated", &plan);
    Ok(plan)
}

/// Deletes a plan that no number is assigned to.
pub async fn delete(journal: &mut Journal<'_>, id: RoutePlanId, etag: &str) -> Result<()> {
    let plan = locked(journal, id, etag).await?;
    let numbers = store::count_numbers(journal.txn(), &[id]).await?.first().map_or(0, |(_, count)| *count);
    if numbers > 0 {
        let message = format!("{numbers} phone numbers are assigned to the route plan; assign them elsewhere first");
        return Err(Error::new(Kind::FailedPrecondition, "ROUTE_PLAN_IN_USE", message));
    }
    store::delete(journal.txn(), id).await?;
    tell(journal, "route_plan.deleted", &plan);
    Ok(())
}

async fn locked(journal: &Journal<'_>, id: RoutePlanId, etag: &str) -> Result<RoutePlan> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let plan = store::for_change(&journal.scope(), id).await?.ok_or_else(|| Error::not_found("route plan"))?;
    unchanged("route plan", etag, plan.version)?;
    Ok(plan)
}

fn tell(journal: &mut Journal<'_>, kind: &'static str, plan: &RoutePlan) {
    let data = serde_json::json!({ "display_name": plan.display_name, "revision": plan.revision });
    journal.tell(kind, &plan.id, data);
}

/// Everything that is wrong with a plan, in one answer.
async fn check(journal: &Journal<'_>, plan: &RoutePlan) -> Result<()> {
    let mut violations = match plan.check() {
        Ok(()) => Vec::new(),
        Err(error) => error.violations,
    };
    let found = agent::by_ids(&journal.scope(), plan.agent_ids().into_iter().collect()).await?;
    let known: BTreeSet<AgentId> = found.iter().map(|agent| agent.id).collect();
    violations.extend(missing_agents(plan, &known));
    match violations.is_empty() {
        true => Ok(()),
        false => Err(Error::violations(violations)),
    }
}

fn missing_agents(plan: &RoutePlan, known: &BTreeSet<AgentId>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut look = |field: String, agent: AgentId| {
        if !known.contains(&agent) {
            violations.push(Violation { field, description: "there is no such agent".to_owned() });
        }
    };
    for (at, rule) in plan.rules.iter().enumerate() {
        for (place, target) in rule.targets.iter().enumerate() {
            look(format!("rules[{at}].targets[{place}].agent_id"), target.agent_id);
        }
    }
    if let Some(Fallback::Agent { agent_id }) = plan.fallback {
        look("fallback.agent_id".to_owned(), agent_id);
    }
    violations
}
