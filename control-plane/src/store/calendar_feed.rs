//! Calendars that meetings are read from: rows and queries.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::LockType,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::calendar_feed::{ActiveModel, Column, Entity},
    failed,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    calendar_feed::CalendarFeed,
    error::Result,
    id::{CalendarFeedId, WorkspaceId},
    machine::Machine,
    time::Timestamp,
};

fn row(held: &CalendarFeed) -> ActiveModel {
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        facts: Set(Json(held.clone())),
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

#[async_trait]
impl Kept for CalendarFeed {
    type Id = CalendarFeedId;
    const MACHINE: &'static str = "calendar-feed";
    const NOUN: &'static str = "calendar feed";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: CalendarFeedId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock(LockType::NoKeyUpdate);
        Ok(found.one(txn).await.map_err(failed)?.map(|row| row.facts.0))
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

/// Adds a new one.
pub async fn insert(txn: &DatabaseTransaction, new: &CalendarFeed) -> Result<()> {
    Entity::insert(row(new)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Forgets it.
pub async fn delete(txn: &DatabaseTransaction, id: CalendarFeedId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: CalendarFeedId) -> Result<Option<CalendarFeed>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(found.one(scope.db).await.map_err(failed)?.map(|row| row.facts.0))
}

/// How many a workspace has.
pub async fn count<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).count(scope.db).await.map_err(failed)
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    ask: &Ask<CalendarFeedId>,
) -> Result<Page<CalendarFeed, CalendarFeedId>> {
    let mut own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        own = own.filter(Column::Id.lt(after));
    }
    let rows = own.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(|row| row.facts.0).collect(), |feed| feed.id))
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, CalendarFeedId, Timestamp)>> {
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
