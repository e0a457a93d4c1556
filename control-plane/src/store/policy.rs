//! Escalation policies: rows and queries.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};

use super::{
    Scope,
    entity::escalation_policy::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{error::Result, id::PolicyId, policy::Policy};

impl From<Model> for Policy {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            workspace_id: row.workspace_id,
            display_name: row.display_name,
            ladder: row.ladder.0,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

fn row(policy: &Policy) -> ActiveModel {
    ActiveModel {
        id: Set(policy.id),
        workspace_id: Set(policy.workspace_id),
        display_name: Set(policy.display_name.clone()),
        ladder: Set(Json(policy.ladder.clone())),
        version: Set(policy.version),
        create_time: Set(policy.create_time),
        update_time: Set(policy.update_time),
    }
}

/// Adds a new one.
pub async fn insert(txn: &DatabaseTransaction, new: &Policy) -> Result<()> {
    Entity::insert(row(new)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: PolicyId) -> Result<Option<Policy>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(found.one(scope.db).await.map_err(failed)?.map(Policy::from))
}

/// Reads one for change.
pub async fn lock(scope: &Scope<'_, DatabaseTransaction>, id: PolicyId) -> Result<Option<Policy>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace)).lock(LockType::NoKeyUpdate);
    Ok(found.one(scope.db).await.map_err(failed)?.map(Policy::from))
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(scope: &Scope<'_, C>, ask: &Ask<PolicyId>) -> Result<Page<Policy, PolicyId>> {
    let mut own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        own = own.filter(Column::Id.lt(after));
    }
    let rows = own.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(Policy::from).collect(), |policy| policy.id))
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, policy: &Policy, seen: i64) -> Result<bool> {
    let update =
        Entity::update_many().set(row(policy)).filter(Column::Id.eq(policy.id)).filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

/// Forgets it. Incidents keep the ladder they began with.
pub async fn delete(txn: &DatabaseTransaction, id: PolicyId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}
