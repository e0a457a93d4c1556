//! Answers that a repeated request gets again, stored by the transaction that made them.

use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    Scope,
    entity::replay::{ActiveModel, Column, Entity, Model},
    failed,
};
use crate::domain::{error::Result, time::Timestamp};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::hours(24);

/// The answer stored for this request id, if there is one that still counts.
pub async fn find<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    method: &str,
    request_id: &str,
    now: Timestamp,
) -> Result<Option<Model>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Method.eq(method))
        .filter(Column::RequestId.eq(request_id))
        .filter(Column::CreateTime.gt(now - KEPT));
    found.one(scope.db).await.map_err(failed)
}

/// An answer to keep.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The row.
    pub id: Uuid,
    /// What was called.
    pub method: &'a str,
    /// The caller's key.
    pub request_id: &'a str,
    /// What was asked, to notice a key used for something else.
    pub request_hash: Vec<u8>,
    /// What was answered.
    pub response: Vec<u8>,
}

/// Keeps an answer; `false` means that the same request is being answered by somebody else right now.
pub async fn keep(scope: &Scope<'_, DatabaseTransaction>, answer: Answer<'_>, now: Timestamp) -> Result<bool> {
    let stale = Entity::delete_many()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Method.eq(answer.method))
        .filter(Column::RequestId.eq(answer.request_id))
        .filter(Column::CreateTime.lte(now - KEPT));
    stale.exec(scope.db).await.map_err(failed)?;
    let row = ActiveModel {
        id: Set(answer.id),
        workspace_id: Set(scope.workspace),
        method: Set(answer.method.to_owned()),
        request_id: Set(answer.request_id.to_owned()),
        request_hash: Set(answer.request_hash),
        response: Set(answer.response),
        create_time: Set(now),
    };
    let conflict =
        OnConflict::columns([Column::WorkspaceId, Column::Method, Column::RequestId]).do_nothing().to_owned();
    let kept = Entity::insert(row).on_conflict(conflict).exec_without_returning(scope.db).await.map_err(failed)?;
    Ok(kept == 1)
}

/// Forgets what is too old; at most `limit` rows at a time, so that nobody waits for long.
pub async fn prune<C: ConnectionTrait>(db: &C, now: Timestamp, limit: u64) -> Result<u64> {
    use sea_orm::QuerySelect;
    let old = Entity::find().select_only().column(Column::Id).filter(Column::CreateTime.lte(now - KEPT)).limit(limit);
    let old: Vec<Uuid> = old.into_tuple().all(db).await.map_err(failed)?;
    if old.is_empty() {
        return Ok(0);
    }
    Ok(Entity::delete_many().filter(Column::Id.is_in(old)).exec(db).await.map_err(failed)?.rows_affected)
}
