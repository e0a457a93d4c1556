//! Failovers: rows and queries. Their moves, their history and the accounts they claim have files of their own.

pub mod claim;
pub mod history;
pub mod moves;

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::failover::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    failover::{Failover, Kind, State},
    id::{AccountId, FailoverId, WorkspaceId},
    machine::Machine,
    time::Timestamp,
};

impl TryFrom<Model> for Failover {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            kind: word("failover.kind", &row.kind)?,
            trigger: word("failover.trigger", &row.trigger)?,
            account_id: row.account_id,
            target_id: row.target_id,
            target_is_fixed: row.target_is_fixed,
            original_id: row.original_id,
            agent_id: row.agent_id,
            include_edited: row.include_edited,
            reason: row.reason,
            actor: row.actor,
            rules: row.rules.0,
            good: u32::try_from(row.good).unwrap_or_default(),
            phase: row.phase.0,
            decision: row.decision.map(|decision| decision.0),
            passed_over: row.passed_over.0,
            tally: row.tally.0,
            milestones: row.milestones.0,
            rollback_id: row.rollback_id,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(failover: &Failover) -> ActiveModel {
    ActiveModel {
        id: Set(failover.id),
        workspace_id: Set(failover.workspace_id),
        kind: Set(failover.kind.to_string()),
        trigger: Set(failover.trigger.to_string()),
        state: Set(failover.state().to_string()),
        account_id: Set(failover.account_id),
        target_id: Set(failover.target_id),
        target_is_fixed: Set(failover.target_is_fixed),
        original_id: Set(failover.original_id),
        agent_id: Set(failover.agent_id),
        include_edited: Set(failover.include_edited),
        reason: Set(failover.reason.clone()),
        actor: Set(failover.actor.clone()),
        rules: Set(Json(failover.rules.clone())),
        good: Set(i64::from(failover.good)),
        phase: Set(Json(failover.phase.clone())),
        decision: Set(failover.decision.clone().map(Json)),
        passed_over: Set(Json(failover.passed_over.clone())),
        tally: Set(Json(failover.tally)),
        milestones: Set(Json(failover.milestones.clone())),
        rollback_id: Set(failover.rollback_id),
        wake_time: Set(failover.deadline()),
        version: Set(failover.version),
        create_time: Set(failover.create_time),
        update_time: Set(failover.update_time),
    }
}

#[async_trait]
impl Kept for Failover {
    type Id = FailoverId;
    const MACHINE: &'static str = "failover";
    const NOUN: &'static str = "failover";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: FailoverId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock_exclusive();
        found.one(txn).await.map_err(failed)?.map(Self::try_from).transpose()
    }

    async fn save(&self, txn: &DatabaseTransaction, seen: i64) -> Result<bool> {
        let update =
            Entity::update_many().set(row(self)).filter(Column::Id.eq(self.id)).filter(Column::Version.eq(seen));
        Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
    }

    fn row(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn stamped(self, version: i64, now: Timestamp) -> Self {
        Self { version, update_time: now, ..self }
    }
}

/// Adds one.
pub async fn insert(txn: &DatabaseTransaction, failover: &Failover) -> Result<()> {
    Entity::insert(row(failover)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: FailoverId) -> Result<Option<Failover>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Failover::try_from).transpose()
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this account.
    pub account_id: Option<AccountId>,
    /// Only in one of these states.
    pub states: Vec<State>,
    /// Only of these kinds.
    pub kinds: Vec<Kind>,
    /// Only those that began at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that began before this time.
    pub until: Option<Timestamp>,
}

/// A page, the newest first. Ids go by time, so that rows added meanwhile come before the page and not into it.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<FailoverId>,
) -> Result<Page<Failover, FailoverId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(account) = filter.account_id {
        select = select.filter(Column::AccountId.eq(account));
    }
    if !filter.states.is_empty() {
        select = select.filter(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if !filter.kinds.is_empty() {
        select = select.filter(Column::Kind.is_in(filter.kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(since) = filter.since {
        select = select.filter(Column::CreateTime.gte(since));
    }
    if let Some(until) = filter.until {
        select = select.filter(Column::CreateTime.lt(until));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let failovers = rows.into_iter().map(Failover::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(failovers, |failover| failover.id))
}

/// The latest of an account since then, or that are not over, the newest first.
pub async fn recent<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    since: Timestamp,
) -> Result<Vec<Failover>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::AccountId.eq(account))
        .filter(Column::UpdateTime.gte(since))
        .order_by_desc(Column::Id)
        .limit(100);
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Failover::try_from).collect()
}

/// The newest failover away from an account.
pub async fn latest_of<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Option<Failover>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::AccountId.eq(account))
        .filter(Column::Kind.eq(Kind::Failover.as_str()))
        .order_by_desc(Column::Id)
        .limit(1);
    found.one(scope.db).await.map_err(failed)?.map(Failover::try_from).transpose()
}

/// How many are not over, and how many of them are stuck.
pub async fn open<C: ConnectionTrait>(db: &C) -> Result<(u64, u64)> {
    let in_states = async |states: Vec<State>| {
        let states = states.into_iter().map(State::as_str);
        Entity::find().filter(Column::State.is_in(states)).count(db).await.map_err(failed)
    };
    let open = State::ALL.iter().copied().filter(|state| !state.is_over()).collect();
    Ok((in_states(open).await?, in_states(vec![State::Stuck]).await?))
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, FailoverId, Timestamp)>> {
    let due = Entity::find()
        .select_only()
        .column(Column::WorkspaceId)
        .column(Column::Id)
        .column(Column::WakeTime)
        .filter(Column::WakeTime.lte(now))
        .order_by_asc(Column::WakeTime)
        .limit(limit);
    due.into_tuple().all(db).await.map_err(failed)
}
