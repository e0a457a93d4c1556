//! Monitors: rows, whose turn it is, and how the accounts of a workspace do beside each other.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::{
        account,
        monitor::{ActiveModel, Column, Entity, Model},
    },
    failed,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    account::Role,
    error::{Error, Result},
    id::{AccountId, WorkspaceId},
    machine::Machine,
    monitor::{Around, Monitor, Reach, Verdict},
    time::Timestamp,
};

impl TryFrom<Model> for Monitor {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            account_id: row.account_id,
            workspace_id: row.workspace_id,
            verdict: word("verdict", &row.verdict)?,
            verdict_time: row.verdict_time,
            why: row.why,
            reach: word("reach", &row.reach)?,
            work: row.work.0,
            memory: row.memory.0,
            run_time: row.run_time,
            late_time: row.late_time,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(monitor: &Monitor) -> ActiveModel {
    ActiveModel {
        account_id: Set(monitor.account_id),
        workspace_id: Set(monitor.workspace_id),
        verdict: Set(monitor.verdict.to_string()),
        verdict_time: Set(monitor.verdict_time),
        why: Set(monitor.why.clone()),
        reach: Set(monitor.reach.to_string()),
        work: Set(Json(monitor.work.clone())),
        memory: Set(Json(monitor.memory.clone())),
        run_time: Set(monitor.run_time),
        wake_time: Set(monitor.deadline()),
        late_time: Set(monitor.late_time),
        version: Set(monitor.version),
        create_time: Set(monitor.create_time),
        update_time: Set(monitor.update_time),
    }
}

#[async_trait]
impl Kept for Monitor {
    type Id = AccountId;
    const MACHINE: &'static str = "monitor";
    const NOUN: &'static str = "monitor";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: AccountId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock_exclusive();
        found.one(txn).await.map_err(failed)?.map(Self::try_from).transpose()
    }

    async fn save(&self, txn: &DatabaseTransaction, seen: i64) -> Result<bool> {
        let update = Entity::update_many()
            .set(row(self))
            .filter(Column::AccountId.eq(self.account_id))
            .filter(Column::Version.eq(seen));
        Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
    }

    fn row(&self) -> Uuid {
        self.account_id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn stamped(self, version: i64, now: Timestamp) -> Self {
        Self { version, update_time: now, ..self }
    }
}

/// Adds those that are not there yet.
pub async fn add(txn: &DatabaseTransaction, new: &[Monitor]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let there = OnConflict::column(Column::AccountId).do_nothing().to_owned();
    Entity::insert_many(new.iter().map(row)).on_conflict(there).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Accounts that Twilio can be asked about and that nobody watches yet.
pub async fn missing<C: ConnectionTrait>(db: &C, limit: u64) -> Result<Vec<(WorkspaceId, AccountId)>> {
    let known = Entity::find().select_only().column(Column::AccountId).into_query();
    let has_credentials = Condition::any()
        .add(account::Column::AuthTokenTime.is_not_null())
        .add(account::Column::ApiKeySid.is_not_null());
    let missing = account::Entity::find()
        .select_only()
        .column(account::Column::WorkspaceId)
        .column(account::Column::Id)
        .filter(has_credentials)
        .filter(account::Column::Id.not_in_subquery(known))
        .limit(limit);
    missing.into_tuple().all(db).await.map_err(failed)
}

/// Reads an account's.
pub async fn by_account<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AccountId) -> Result<Option<Monitor>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Monitor::try_from).transpose()
}

/// Reads those of several accounts.
pub async fn by_accounts<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<AccountId>) -> Result<Vec<Monitor>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::AccountId.is_in(ids));
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Monitor::try_from).collect()
}

/// A page, by account.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    verdict: Option<Verdict>,
    ask: &Ask<AccountId>,
) -> Result<Page<Monitor, AccountId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_asc(Column::AccountId);
    if let Some(after) = ask.after {
        select = select.filter(Column::AccountId.gt(after));
    }
    if let Some(verdict) = verdict {
        select = select.filter(Column::Verdict.eq(verdict.as_str()));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let monitors = rows.into_iter().map(Monitor::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(monitors, |monitor| monitor.account_id))
}

/// Those whose turn it is, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, AccountId, Timestamp)>> {
    let due = Entity::find()
        .select_only()
        .column(Column::WorkspaceId)
        .column(Column::AccountId)
        .column(Column::WakeTime)
        .filter(Column::WakeTime.lte(now))
        .order_by_asc(Column::WakeTime)
        .limit(limit);
    due.into_tuple().all(db).await.map_err(failed)
}

/// Every watched account, of whatever workspace, a chunk at a time.
pub async fn everywhere<C: ConnectionTrait>(
    db: &C,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<(WorkspaceId, AccountId)>> {
    let mut select = Entity::find().select_only().column(Column::WorkspaceId).column(Column::AccountId);
    if let Some(after) = after {
        select = select.filter(Column::AccountId.gt(after));
    }
    select.order_by_asc(Column::AccountId).limit(limit).into_tuple().all(db).await.map_err(failed)
}

/// How the other accounts of the workspace did since then. Counted by the database, because there can be thousands.
pub async fn around<C: ConnectionTrait>(scope: &Scope<'_, C>, of: AccountId, since: Timestamp) -> Result<Around> {
    let roles = account::Entity::find()
        .select_only()
        .column(account::Column::Role)
        .column(account::Column::Id)
        .filter(account::Column::Id.eq(of));
    let role: Option<(String, AccountId)> = roles.into_tuple().one(scope.db).await.map_err(failed)?;
    let role: Role = role.map_or(Ok(Role::Primary), |(role, _)| word("role", &role))?;
    let counterpart = match role {
        Role::Primary => Role::Backup,
        Role::Backup => Role::Primary,
    };
    let others = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::AccountId.ne(of));
    let mut around =
        Around { others: size(others.clone().count(scope.db).await.map_err(failed)?), ..Around::default() };
    let fresh = others.filter(Column::RunTime.gte(since));
    for (reach, count) in by_reach(scope, fresh.clone()).await? {
        match reach {
            Reach::Untried => continue,
            Reach::Answered => around.answered += count,
            Reach::Erring => around.erring += count,
            Reach::Silent | Reach::Unreachable => around.mute += count,
        }
        around.fresh += count;
    }
    let counterparts = account::Entity::find()
        .select_only()
        .column(account::Column::Id)
        .filter(account::Column::WorkspaceId.eq(scope.workspace))
        .filter(account::Column::Role.eq(counterpart.as_str()))
        .into_query();
    for (reach, count) in by_reach(scope, fresh.filter(Column::AccountId.in_subquery(counterparts))).await? {
        around.counterparts += if reach == Reach::Untried { 0 } else { count };
        around.counterparts_lost += if reach.is_lost() { count } else { 0 };
    }
    Ok(around)
}

async fn by_reach<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    of: sea_orm::Select<Entity>,
) -> Result<Vec<(Reach, usize)>> {
    let counted =
        of.select_only().column(Column::Reach).column_as(Column::AccountId.count(), "accounts").group_by(Column::Reach);
    let counted: Vec<(String, i64)> = counted.into_tuple().all(scope.db).await.map_err(failed)?;
    counted
        .into_iter()
        .map(|(reach, count)| Ok((word("reach", &reach)?, usize::try_from(count).unwrap_or(0))))
        .collect()
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Accounts of the same workspace that were not looked at since then, those of the other role first.
pub async fn not_seen_since<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    of: AccountId,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<AccountId>> {
    let old = Condition::any().add(Column::RunTime.is_null()).add(Column::RunTime.lt(since));
    let others = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::AccountId.ne(of))
        .filter(old)
        .order_by_asc(Column::AccountId)
        .limit(limit);
    others.into_tuple().all(scope.db).await.map_err(failed)
}

/// How many accounts have each verdict.
pub async fn verdicts<C: ConnectionTrait>(db: &C) -> Result<Vec<(Verdict, i64)>> {
    let counted = Entity::find()
        .select_only()
        .column(Column::Verdict)
        .column_as(Column::AccountId.count(), "accounts")
        .group_by(Column::Verdict);
    let counted: Vec<(String, i64)> = counted.into_tuple().all(db).await.map_err(failed)?;
    counted.into_iter().map(|(verdict, count)| Ok((word("verdict", &verdict)?, count))).collect()
}

/// When the account that has waited longest was last looked at, or became known; none when nobody is watched.
pub async fn oldest_run<C: ConnectionTrait>(db: &C) -> Result<Option<Timestamp>> {
    let of = |select: sea_orm::Select<Entity>| select.into_tuple::<Option<Timestamp>>();
    let run = Entity::find().select_only().column_as(Column::RunTime.min(), "oldest");
    let new =
        Entity::find().select_only().column_as(Column::CreateTime.min(), "oldest").filter(Column::RunTime.is_null());
    let run = of(run).one(db).await.map_err(failed)?.flatten();
    let new = of(new).one(db).await.map_err(failed)?.flatten();
    Ok([run, new].into_iter().flatten().min())
}

/// How many accounts should have been looked at long ago.
pub async fn late<C: ConnectionTrait>(db: &C, now: Timestamp) -> Result<u64> {
    Entity::find().filter(Column::LateTime.lt(now)).count(db).await.map_err(failed)
}

/// Forgets an account's.
pub async fn forget(txn: &DatabaseTransaction, id: AccountId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}
