//! Agents: rows and queries. An agent's API key is sealed elsewhere and never passes here.

mod standing;

pub use standing::{Standing, standing};

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::LockType,
};

use super::{
    Scope,
    entity::{
        agent::{ActiveModel, Column, Entity, Model},
        phone_number, route_plan_agent,
    },
    failed, many,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    agent::{Agent, AgentState, OwnNumber},
    error::{Error, Result},
    id::{AccountId, AgentId, PhoneNumberId},
};

impl TryFrom<Model> for Agent {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            display_name: row.display_name,
            state: word("agent.state", &row.state)?,
            endpoint: row.endpoint.0,
            fallback_agent_id: row.fallback_agent_id,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
            own_number: own_number(row.account_id, row.phone_number_id),
        })
    }
}

fn own_number(account: Option<AccountId>, number: Option<PhoneNumberId>) -> Option<OwnNumber> {
    Some(OwnNumber { account_id: account?, phone_number_id: number? })
}

fn row(agent: &Agent) -> ActiveModel {
    ActiveModel {
        id: Set(agent.id),
        workspace_id: Set(agent.workspace_id),
        display_name: Set(agent.display_name.clone()),
        state: Set(agent.state.to_string()),
        endpoint: Set(Json(agent.endpoint.clone())),
        fallback_agent_id: Set(agent.fallback_agent_id),
        version: Set(agent.version),
        create_time: Set(agent.create_time),
        update_time: Set(agent.update_time),
        account_id: Set(agent.own_number.map(|own| own.account_id)),
        phone_number_id: Set(agent.own_number.map(|own| own.phone_number_id)),
    }
}

fn read(rows: Vec<Model>) -> Result<Vec<Agent>> {
    rows.into_iter().map(Agent::try_from).collect()
}

/// Adds a new agent.
pub async fn insert(txn: &DatabaseTransaction, agent: &Agent) -> Result<()> {
    Entity::insert(row(agent)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, agent: &Agent, seen: i64) -> Result<bool> {
    let update = Entity::update_many().set(row(agent)).filter(Column::Id.eq(agent.id)).filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

/// Deletes it.
pub async fn delete(txn: &DatabaseTransaction, id: AgentId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AgentId) -> Result<Option<Agent>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Agent::try_from).transpose()
}

/// Reads one for change; other replicas wait until the transaction ends.
// A number that leads to an agent holds a key share on its row; whoever then asks for all of it waits for others who do the same.
pub async fn for_change(scope: &Scope<'_, DatabaseTransaction>, id: AgentId) -> Result<Option<Agent>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace)).lock(LockType::NoKeyUpdate);
    found.one(scope.db).await.map_err(failed)?.map(Agent::try_from).transpose()
}

/// Reads those of `ids` that exist here.
pub async fn by_ids<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<AgentId>) -> Result<Vec<Agent>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::Id.is_in(ids));
    read(found.all(scope.db).await.map_err(failed)?)
}

/// So many active agents without a number of their own, the newest first: whoever was just made waits for one.
pub async fn without_number<C: ConnectionTrait>(scope: &Scope<'_, C>, limit: u64) -> Result<Vec<Agent>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::PhoneNumberId.is_null())
        .filter(Column::State.eq(AgentState::Active.as_str()))
        .order_by_desc(Column::Id)
        .limit(limit);
    read(found.all(scope.db).await.map_err(failed)?)
}

/// Those of `ids` that exist, of whatever workspace: the hot path's one read.
pub async fn among<C: ConnectionTrait>(db: &C, ids: Vec<AgentId>) -> Result<Vec<Agent>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    read(Entity::find().filter(Column::Id.is_in(many::padded(ids))).all(db).await.map_err(failed)?)
}

/// Those of `ids` and whoever may answer for them: one read more for each step that leads to agents not yet read.
pub async fn with_fallbacks<C: ConnectionTrait>(db: &C, ids: Vec<AgentId>) -> Result<Vec<Agent>> {
    let mut asked: BTreeSet<AgentId> = ids.into_iter().collect();
    let mut next: Vec<AgentId> = asked.iter().copied().collect();
    let mut agents = Vec::new();
    while !next.is_empty() {
        let found = among(db, next).await?;
        next = found.iter().filter_map(|agent| agent.fallback_agent_id).filter(|id| asked.insert(*id)).collect();
        agents.extend(found);
    }
    Ok(agents)
}

/// What a list of agents is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<AgentState>,
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<AgentId>,
) -> Result<Page<Agent, AgentId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(state.as_str()));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(read(rows)?, |agent| agent.id))
}

/// How many numbers are assigned to each of these agents; those without any are left out.
pub async fn count_numbers<C: ConnectionTrait>(db: &C, ids: &[AgentId]) -> Result<Vec<(AgentId, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let counted = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::AgentId)
        .column_as(phone_number::Column::Id.count(), "numbers")
        .filter(phone_number::Column::AgentId.is_in(ids.iter().copied()))
        .group_by(phone_number::Column::AgentId);
    counted.into_tuple().all(db).await.map_err(failed)
}

/// What still needs an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Numbers assigned to it.
    pub numbers: u64,
    /// Route plans that name it.
    pub route_plans: u64,
    /// Agents whose fallback it is.
    pub agents: u64,
    /// Backup numbers that are kept for it.
    pub pins: u64,
}

impl References {
    /// Nothing needs it.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// What still needs it. An agent's workspace is that of whatever refers to it.
pub async fn references(txn: &DatabaseTransaction, id: AgentId) -> Result<References> {
    let numbers = phone_number::Entity::find().filter(phone_number::Column::AgentId.eq(id));
    let plans = route_plan_agent::Entity::find().filter(route_plan_agent::Column::AgentId.eq(id));
    let agents = Entity::find().filter(Column::FallbackAgentId.eq(id));
    let pins = phone_number::Entity::find().filter(phone_number::Column::PinnedAgentId.eq(id));
    Ok(References {
        numbers: numbers.count(txn).await.map_err(failed)?,
        route_plans: plans.count(txn).await.map_err(failed)?,
        agents: agents.count(txn).await.map_err(failed)?,
        pins: pins.count(txn).await.map_err(failed)?,
    })
}
