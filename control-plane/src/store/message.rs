//! Messages: rows and their merged writes.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    Scope,
    entity::message::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    id::{MessageId, PhoneNumberId},
    message::{Message, MessageDirection},
    sid::MessageSid,
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
            reply: row.reply,
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
        reply: Set(message.reply.clone()),
        version: Set(message.version),
        create_time: Set(message.create_time),
        update_time: Set(message.update_time),
    }
}

/// Everything that a later fact may change. What was written back stays.
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

/// Keeps what was written back to a message, in the transaction that wrote its row.
pub async fn keep_reply(txn: &DatabaseTransaction, id: MessageId, reply: &str) -> Result<()> {
    let update = Entity::update_many().col_expr(Column::Reply, Expr::value(reply)).filter(Column::Id.eq(id));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// What a list of messages is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only messages of this number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Only this direction.
    pub direction: Option<MessageDirection>,
}

/// Reads one by its id.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: MessageId) -> Result<Option<Message>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Message::try_from).transpose()
}

/// Reads one by its SID.
pub async fn by_sid<C: ConnectionTrait>(scope: &Scope<'_, C>, sid: &MessageSid) -> Result<Option<Message>> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let found = own.filter(Column::MessageSid.eq(sid.as_str()));
    found.one(scope.db).await.map_err(failed)?.map(Message::try_from).transpose()
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<MessageId>,
) -> Result<Page<Message, MessageId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(number) = filter.phone_number_id {
        select = select.filter(Column::PhoneNumberId.eq(number));
    }
    if let Some(direction) = filter.direction {
        select = select.filter(Column::Direction.eq(direction.as_str()));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let messages = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(messages, |message| message.id))
}
