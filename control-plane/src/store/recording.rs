//! Recordings: rows and their merged writes.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    entity::recording::{ActiveModel, Column, Entity, Model},
    failed,
    value::Json,
};
use crate::domain::{
    error::{Error, Result},
    recording::Recording,
};

impl TryFrom<Model> for Recording {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self { version: row.version, ..row.facts.0 })
    }
}

fn row(recording: &Recording) -> ActiveModel {
    ActiveModel {
        id: Set(recording.id),
        workspace_id: Set(recording.workspace_id),
        call_id: Set(recording.call_id),
        recording_sid: Set(recording.recording_sid.to_string()),
        status: Set(recording.status.to_string()),
        facts: Set(Json(recording.clone())),
        version: Set(recording.version),
        create_time: Set(recording.create_time),
        update_time: Set(recording.update_time),
    }
}

/// Everything that a later fact may change.
const CHANGING: [Column; 5] = [Column::Status, Column::Facts, Column::Version, Column::CreateTime, Column::UpdateTime];

/// Those among `sids` that exist, of whatever workspace; locked in one order, so that two writers never wait crosswise.
pub async fn among(txn: &DatabaseTransaction, sids: Vec<String>) -> Result<Vec<Recording>> {
    let found =
        Entity::find().filter(Column::RecordingSid.is_in(sids)).order_by_asc(Column::RecordingSid).lock_exclusive();
    found.all(txn).await.map_err(failed)?.into_iter().map(Recording::try_from).collect()
}

/// Writes recordings in one statement, each only over the version it was merged with; `false` means that somebody else was
/// faster with one of them, and the caller must roll back.
pub async fn put(txn: &DatabaseTransaction, recordings: &[&Recording]) -> Result<bool> {
    if recordings.is_empty() {
        return Ok(true);
    }
    let over = OnConflict::column(Column::RecordingSid)
        .update_columns(CHANGING)
        .action_and_where(Expr::cust(r#""recording"."version" = "excluded"."version" - 1"#))
        .to_owned();
    let rows = recordings.iter().map(|recording| row(recording));
    let written = Entity::insert_many(rows).on_conflict(over).exec_without_returning(txn).await.map_err(failed)?;
    Ok(usize::try_from(written).is_ok_and(|written| written == recordings.len()))
}
