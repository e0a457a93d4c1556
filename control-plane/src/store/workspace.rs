//! Workspaces: rows and queries.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    entity::workspace::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
};
use crate::domain::{error::Result, id::WorkspaceId, workspace::Workspace};

impl From<Model> for Workspace {
    fn from(row: Model) -> Self {
        let Model { id, display_name, time_zone, version, create_time, update_time } = row;
        Self { id, display_name, time_zone, version, create_time, update_time }
    }
}

fn row(workspace: &Workspace) -> ActiveModel {
    ActiveModel {
        id: Set(workspace.id),
        display_name: Set(workspace.display_name.clone()),
        time_zone: Set(workspace.time_zone.clone()),
        version: Set(workspace.version),
        create_time: Set(workspace.create_time),
        update_time: Set(workspace.update_time),
    }
}

/// Adds a workspace.
pub async fn insert(txn: &DatabaseTransaction, workspace: &Workspace) -> Result<()> {
    Entity::insert(row(workspace)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, workspace: &Workspace, seen: i64) -> Result<bool> {
    let update =
        Entity::update_many().set(row(workspace)).filter(Column::Id.eq(workspace.id)).filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: WorkspaceId) -> Result<Option<Workspace>> {
    Ok(Entity::find_by_id(id).one(db).await.map_err(failed)?.map(Workspace::from))
}

/// Makes everybody else who wants to change the same workspace wait until the transaction ends.
pub async fn lock(txn: &DatabaseTransaction, id: WorkspaceId) -> Result<bool> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(txn).await.map_err(failed)?.is_some())
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(db: &C, ask: &Ask<WorkspaceId>) -> Result<Page<Workspace, WorkspaceId>> {
    let mut select = Entity::find().order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.limit(ask.limit()).all(db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(Workspace::from).collect(), |workspace| workspace.id))
}
