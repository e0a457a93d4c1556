//! What happened in failovers. Rows are added and read, never changed; numbers are given while the failover is locked.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    domain::{
        error::Result,
        id::{FailoverId, WorkspaceId},
    },
    store::{
        Scope,
        entity::failover_event::{Column, Entity, Model},
        failed, many,
        page::{Ask, Page},
    },
};

/// The number of the last one.
pub async fn last<C: ConnectionTrait>(db: &C, failover: FailoverId) -> Result<i64> {
    let last =
        Entity::find().select_only().column_as(Column::Sequence.max(), "last").filter(Column::FailoverId.eq(failover));
    let last: Option<Option<i64>> = last.into_tuple().one(db).await.map_err(failed)?;
    Ok(last.flatten().unwrap_or(0))
}

/// Adds what happened.
pub async fn add(txn: &DatabaseTransaction, events: Vec<Model>) -> Result<()> {
    many::insert(txn, events.into_iter().map(IntoActiveModel::into_active_model).collect(), None).await?;
    Ok(())
}

/// A page, in the order it happened.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    failover: FailoverId,
    ask: &Ask<i64>,
) -> Result<Page<Model, i64>> {
    let mut select = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::FailoverId.eq(failover))
        .order_by_asc(Column::Sequence);
    if let Some(after) = ask.after {
        select = select.filter(Column::Sequence.gt(after));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows, |event| event.sequence))
}

/// Those of some failovers, with numbers from the lowest to the highest: what a watcher has just been told of.
pub async fn among<C: ConnectionTrait>(
    db: &C,
    workspace: WorkspaceId,
    failovers: Vec<FailoverId>,
    (lowest, highest): (i64, i64),
) -> Result<Vec<Model>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::FailoverId.is_in(failovers))
        .filter(Column::Sequence.between(lowest, highest));
    found.all(db).await.map_err(failed)
}
