//! Reconciliations: rows, whose turn it is, and wishes for many accounts at once.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::{
        account,
        reconciliation::{ActiveModel, Column, Entity, Model},
    },
    failed,
    value::Json,
};
use crate::domain::{
    error::Result,
    id::{AccountId, WorkspaceId},
    machine::Machine,
    reconciliation::{Reconciliation, State, Window},
    time::Timestamp,
};

impl From<Model> for Reconciliation {
    fn from(row: Model) -> Self {
        Self {
            account_id: row.account_id,
            workspace_id: row.workspace_id,
            wanted: row.wanted_since.zip(row.wanted_until).map(|(since, until)| Window { since, until }),
            work: row.work.0,
            covered_until: row.covered_until,
            quiet: u32::try_from(row.quiet).unwrap_or_default(),
            active_time: row.active_time,
            last: row.last.map(|last| last.0),
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

fn row(held: &Reconciliation) -> ActiveModel {
    ActiveModel {
        account_id: Set(held.account_id),
        workspace_id: Set(held.workspace_id),
        state: Set(held.state().to_string()),
        wanted_since: Set(held.wanted.map(|wanted| wanted.since)),
        wanted_until: Set(held.wanted.map(|wanted| wanted.until)),
        work: Set(Json(held.work.clone())),
        covered_until: Set(held.covered_until),
        quiet: Set(i64::from(held.quiet)),
        active_time: Set(held.active_time),
        last: Set(held.last.clone().map(Json)),
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

#[async_trait]
impl Kept for Reconciliation {
    type Id = AccountId;
    const MACHINE: &'static str = "reconciliation";
    const NOUN: &'static str = "reconciliation";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: AccountId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock_exclusive();
        Ok(found.one(txn).await.map_err(failed)?.map(Self::from))
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
pub async fn add(txn: &DatabaseTransaction, new: &[Reconciliation]) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let there = OnConflict::column(Column::AccountId).do_nothing().to_owned();
    Entity::insert_many(new.iter().map(row)).on_conflict(there).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Accounts that have none yet: new ones, and those from before there were any.
pub async fn missing<C: ConnectionTrait>(db: &C, limit: u64) -> Result<Vec<(WorkspaceId, AccountId)>> {
    let known = Entity::find().select_only().column(Column::AccountId).into_query();
    let missing = account::Entity::find()
        .select_only()
        .column(account::Column::WorkspaceId)
        .column(account::Column::Id)
        .filter(account::Column::Id.not_in_subquery(known))
        .limit(limit);
    missing.into_tuple().all(db).await.map_err(failed)
}

/// Reads an account's.
pub async fn by_account<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AccountId) -> Result<Option<Reconciliation>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(found.one(scope.db).await.map_err(failed)?.map(Reconciliation::from))
}

/// Wants calls to be looked for in these accounts: `Event::Wanted` for many at once, which is why a wish is a least upper
/// bound and nothing else. Does no machine in, because a step that read the row before finds another version.
pub async fn want(txn: &DatabaseTransaction, accounts: Vec<AccountId>, window: Window, now: Timestamp) -> Result<u64> {
    if accounts.is_empty() {
        return Ok(0);
    }
    want_where(txn, Column::AccountId.is_in(accounts), window, now).await
}

/// The same for every account that Twilio can be asked about; those with open calls get the first turns.
pub async fn want_everywhere(txn: &DatabaseTransaction, window: Window, now: Timestamp) -> Result<u64> {
    use super::entity::call;
    let open: SelectStatement = call::Entity::find()
        .select_only()
        .column(call::Column::AccountId)
        .filter(call::Column::WakeTime.is_not_null())
        .into_query();
    lock(txn, Column::AccountId.is_not_null()).await?;
    let busy = Entity::update_many()
        .col_expr(Column::ActiveTime, Expr::value(now))
        .col_expr(Column::Version, Expr::cust("version + 1"))
        .filter(Column::AccountId.in_subquery(open));
    busy.exec(txn).await.map_err(failed)?;
    let has_credentials = Condition::any()
        .add(account::Column::AuthTokenTime.is_not_null())
        .add(account::Column::ApiKeySid.is_not_null());
    let askable =
        account::Entity::find().select_only().column(account::Column::Id).filter(has_credentials).into_query();
    want_where(txn, Column::AccountId.in_subquery(askable), window, now).await
}

async fn want_where(txn: &DatabaseTransaction, which: SimpleExpr, window: Window, now: Timestamp) -> Result<u64> {
    let Window { since, until } = window;
    let unless = |column: Column, holds: SimpleExpr, value: Timestamp| {
        Expr::case(holds, Expr::col(column)).finally(Expr::value(value)).into()
    };
    let idle = Expr::case(Column::State.eq(State::Idle.as_str()), Expr::value(State::Wanted.as_str()));
    lock(txn, which.clone()).await?;
    let update = Entity::update_many()
        .col_expr(Column::WantedSince, unless(Column::WantedSince, Column::WantedSince.lte(since), since))
        .col_expr(Column::WantedUntil, unless(Column::WantedUntil, Column::WantedUntil.gte(until), until))
        .col_expr(Column::State, idle.finally(Expr::col(Column::State)).into())
        // One that is being listed has none, and keeps none until its page is in.
        .col_expr(
            Column::WakeTime,
            Expr::case(Column::WakeTime.gt(until), Expr::value(until)).finally(Expr::col(Column::WakeTime)).into(),
        )
        .col_expr(Column::Version, Expr::cust("version + 1"))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(which);
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected)
}

/// In one order, so that two wishes for the same accounts never wait crosswise.
async fn lock(txn: &DatabaseTransaction, which: SimpleExpr) -> Result<()> {
    let rows = Entity::find().select_only().column(Column::AccountId).filter(which);
    let rows = rows.order_by_asc(Column::AccountId).lock_exclusive();
    rows.into_tuple::<AccountId>().all(txn).await.map_err(failed)?;
    Ok(())
}

/// Whose turn it is and since when: those that are due, the busiest accounts first, so many that no more than `at_once`
/// lists are under way. What waits here waits in nobody's way: other effects do not queue behind it.
pub async fn turns<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    at_once: u64,
) -> Result<Vec<(WorkspaceId, AccountId, Timestamp)>> {
    let due = Entity::find()
        .select_only()
        .column(Column::WorkspaceId)
        .column(Column::AccountId)
        .column(Column::WakeTime)
        .filter(Column::WakeTime.lte(now))
        .order_by_desc(Column::ActiveTime)
        .limit(at_once);
    let mut due: Vec<(WorkspaceId, AccountId, Timestamp)> = due.into_tuple().all(db).await.map_err(failed)?;
    if !due.is_empty() {
        let room = at_once.saturating_sub(listing(db).await?);
        due.truncate(usize::try_from(room).unwrap_or(usize::MAX));
    }
    Ok(due)
}

/// How many lists are being asked for.
async fn listing<C: ConnectionTrait>(db: &C) -> Result<u64> {
    Entity::find().filter(Expr::cust("state = 'listing'")).count(db).await.map_err(failed)
}

/// How many are due and wait for their turn, and since when the first of them.
pub async fn backlog<C: ConnectionTrait>(db: &C, now: Timestamp) -> Result<(u64, Option<Timestamp>)> {
    let due = || Entity::find().filter(Column::WakeTime.lte(now));
    let count = due().count(db).await.map_err(failed)?;
    let first = due().select_only().column(Column::WakeTime).order_by_asc(Column::WakeTime).limit(1);
    let first: Option<Option<Timestamp>> = first.into_tuple().one(db).await.map_err(failed)?;
    Ok((count, first.flatten()))
}

/// Forgets an account's.
pub async fn forget(txn: &DatabaseTransaction, id: AccountId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}
