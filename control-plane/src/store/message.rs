//! Messages: rows and their merged writes.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    entity::message::{ActiveModel, Column, Entity, Model},
    failed,
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    message::Message,
};

impl TryFrom<Model> for Message {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            message_sid: word("message.message_sid", &row.message_sid)?,
            account_id: row.account_id,
            phone_number_id: row.phone_number_id,
            direction: word("message.direction", &row.direction)?,
            from: row.from_number.into(),
            to: row.to_number.into(),
            body: row.body,
            media: row.media.0,
            status: word("message.status", &row.status)?,
            error_code: i32::try_from(row.error_code).map_err(Error::internal)?,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(message: &Message) -> ActiveModel {
    ActiveModel {
        id: Set(message.id),
        workspace_id: Set(message.workspace_id),
        account_id: Set(message.account_id),
        phone_number_id: Set(message.phone_number_id),
        message_sid: Set(message.message_sid.to_string()),
        direction: Set(message.direction.to_string()),
        from_number: Set(message.from.as_str().to_owned()),
        to_number: Set(message.to.as_str().to_owned()),
        body: Set(message.body.clone()),
        media: Set(Json(message.media.clone())),
        status: Set(message.status.to_string()),
        error_code: Set(i64::from(message.error_code)),
        version: Set(message.version),
        create_time: Set(message.create_time),
        update_time: Set(message.update_time),
    }
}

/// Everything that a later fact may change.
const CHANGING: [Column; 11] = [
    Column::PhoneNumberId,
    Column::Direction,
    Column::FromNumber,
    Column::ToNumber,
    Column::Body,
    Column::Media,
    Column::Status,
    Column::ErrorCode,
    Column::Version,
    Column::CreateTime,
    Column::UpdateTime,
];

/// Those among `sids` that exist, of whatever workspace; locked in one order, so that two writers never wait crosswise.
pub async fn among(txn: &DatabaseTransaction, sids: Vec<String>) -> Result<Vec<Message>> {
    let found = Entity::find().filter(Column::MessageSid.is_in(sids)).order_by_asc(Column::MessageSid).lock_exclusive();
    found.all(txn).await.map_err(failed)?.into_iter().map(Message::try_from).collect()
}

/// Writes messages in one statement, each only over the version it was merged with; `false` means that somebody else was
/// faster with one of them, and the caller must roll back.
pub async fn put(txn: &DatabaseTransaction, messages: &[&Message]) -> Result<bool> {
    if messages.is_empty() {
        return Ok(true);
    }
    let over = OnConflict::column(Column::MessageSid)
        .update_columns(CHANGING)
        .action_and_where(Expr::cust(r#""message"."version" = "excluded"."version" - 1"#))
        .to_owned();
    let rows = messages.iter().map(|message| row(message));
    let written = Entity::insert_many(rows).on_conflict(over).exec_without_returning(txn).await.map_err(failed)?;
    Ok(usize::try_from(written).is_ok_and(|written| written == messages.len()))
}
