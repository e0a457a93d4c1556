//! Calls: rows and their merged writes. A row is a document with the columns that lists are narrowed by.

mod read;

use std::collections::HashSet;

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

pub use read::{Filter, Place, by_id, by_ids, by_sid, list};

use super::{
    Kept,
    entity::call::{ActiveModel, Column, Entity, Model},
    failed, many,
    value::Json,
};
use crate::domain::{
    call::{Call, Direction, quiet_deadline},
    error::Result,
    id::{AccountId, CallId, WorkspaceId},
    time::Timestamp,
};

impl From<Model> for Call {
    fn from(row: Model) -> Self {
        Self { version: row.version, ..row.facts.0 }
    }
}

fn row(call: &Call) -> ActiveModel {
    ActiveModel {
        id: Set(call.id),
        workspace_id: Set(call.workspace_id),
        account_id: Set(call.account_id),
        phone_number_id: Set(call.phone_number_id),
        agent_id: Set(call.agent_id),
        call_sid: Set(call.call_sid.to_string()),
        direction: Set(call.direction.map_or("", Direction::as_str).to_owned()),
        from_number: Set(call.from.as_str().to_owned()),
        to_number: Set(call.to.as_str().to_owned()),
        status: Set(call.status.to_string()),
        start_time: Set(call.start_time),
        facts: Set(Json(call.clone())),
        wake_time: Set(quiet_deadline(call)),
        version: Set(call.version),
        create_time: Set(call.create_time),
        update_time: Set(call.update_time),
    }
}

/// Everything that a later fact may change.
const CHANGING: [Column; 13] = [
    Column::PhoneNumberId,
    Column::AgentId,
    Column::Direction,
    Column::FromNumber,
    Column::ToNumber,
    Column::Status,
    Column::StartTime,
    Column::Facts,
    Column::WakeTime,
    Column::Version,
    Column::CreateTime,
    Column::UpdateTime,
    Column::AccountId,
];

/// Those among `sids` that exist, of whatever workspace; locked in one order, so that two writers never wait crosswise.
pub async fn among(txn: &DatabaseTransaction, sids: Vec<String>) -> Result<Vec<Call>> {
    let found =
        Entity::find().filter(Column::CallSid.is_in(many::padded(sids))).order_by_asc(Column::CallSid).lock_exclusive();
    Ok(found.all(txn).await.map_err(failed)?.into_iter().map(Call::from).collect())
}

/// Writes calls in one statement, each only over the version it was merged with; `false` means that somebody else was
/// faster with one of them, and the caller must roll back.
pub async fn put(txn: &DatabaseTransaction, calls: &[&Call]) -> Result<bool> {
    if calls.is_empty() {
        return Ok(true);
    }
    let over = OnConflict::column(Column::CallSid)
        .update_columns(CHANGING)
        .action_and_where(Expr::cust(r#""call"."version" = "excluded"."version" - 1"#))
        .to_owned();
    let written = many::insert(txn, calls.iter().map(|call| row(call)).collect(), Some(over)).await?;
    let wanted: HashSet<&str> = calls.iter().map(|call| call.call_sid.as_str()).collect();
    Ok(usize::try_from(written).is_ok_and(|written| written == wanted.len()))
}

/// Those that went quiet by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, CallId, Timestamp)>> {
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

/// The account's open calls of which nothing was heard since then, the latest first.
pub async fn unheard<C: ConnectionTrait>(
    db: &C,
    account: AccountId,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Call>> {
    let open = Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::WakeTime.is_not_null())
        .filter(Column::UpdateTime.lt(since))
        .order_by_desc(Column::StartTime)
        .limit(limit);
    Ok(open.all(db).await.map_err(failed)?.into_iter().map(Call::from).collect())
}

#[async_trait]
impl Kept for Call {
    type Id = CallId;
    const MACHINE: &'static str = "call";
    const NOUN: &'static str = "call";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: CallId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock_exclusive();
        Ok(found.one(txn).await.map_err(failed)?.map(Self::from))
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

    /// `update_time` says when Twilio last told us something; looking after a quiet call is no news of it.
    fn stamped(self, version: i64, _now: Timestamp) -> Self {
        Self { version, ..self }
    }
}
