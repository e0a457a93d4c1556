//! Records of tokens: rows and queries.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    entity::token::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    error::Result,
    id::{TokenId, WorkspaceId},
    time::Timestamp,
};

/// Adds a record.
pub async fn insert(txn: &DatabaseTransaction, token: Model) -> Result<()> {
    let row = ActiveModel {
        id: Set(token.id),
        workspace_id: Set(token.workspace_id),
        display_name: Set(token.display_name),
        audience: Set(token.audience),
        scopes: Set(Json(token.scopes.0)),
        expire_time: Set(token.expire_time),
        revoke_time: Set(token.revoke_time),
        create_time: Set(token.create_time),
    };
    Entity::insert(row).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one, of whatever workspace: for the gate.
pub async fn any<C: ConnectionTrait>(db: &C, id: TokenId) -> Result<Option<Model>> {
    Entity::find_by_id(id).one(db).await.map_err(failed)
}

/// Reads one of this workspace; of none for `None`.
pub async fn by_id<C: ConnectionTrait>(db: &C, workspace: Option<WorkspaceId>, id: TokenId) -> Result<Option<Model>> {
    Ok(any(db, id).await?.filter(|token| token.workspace_id == workspace))
}

/// A page of the workspace's, the oldest first.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    workspace: Option<WorkspaceId>,
    ask: &Ask<TokenId>,
) -> Result<Page<Model, TokenId>> {
    let mut select = Entity::find().order_by_asc(Column::Id);
    select = match workspace {
        Some(workspace) => select.filter(Column::WorkspaceId.eq(workspace)),
        None => select.filter(Column::WorkspaceId.is_null()),
    };
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.limit(ask.limit()).all(db).await.map_err(failed)?;
    Ok(ask.cut(rows, |token| token.id))
}

/// Revokes it, once; says whether this did it.
pub async fn revoke(txn: &DatabaseTransaction, id: TokenId, now: Timestamp) -> Result<bool> {
    let update = Entity::update_many()
        .set(ActiveModel { revoke_time: Set(Some(now)), ..Default::default() })
        .filter(Column::Id.eq(id))
        .filter(Column::RevokeTime.is_null());
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}
