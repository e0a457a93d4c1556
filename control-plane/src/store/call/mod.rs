//! Calls: rows and their merged writes. A row is a document with the columns that lists are narrowed by.

mod read;

use std::collections::HashSet;

use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
    Value,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

pub use read::{Filter, Place, by_id, by_ids, by_sid, list};

use super::{
    Kept,
    entity::call::{Column, Entity, Model},
    failed, many,
    value::document,
};
use crate::domain::{
    call::{Call, Direction, quiet_deadline},
    error::{Error, Result},
    id::{AccountId, CallId, WorkspaceId},
    time::Timestamp,
};

impl From<Model> for Call {
    fn from(row: Model) -> Self {
        Self { version: row.version, ..row.facts.0 }
    }
}

fn value(call: &Call, column: Column) -> Value {
    match column {
        Column::Id => call.id.into(),
        Column::WorkspaceId => call.workspace_id.into(),
        Column::AccountId => call.account_id.into(),
        Column::PhoneNumberId => call.phone_number_id.into(),
        Column::AgentId => call.agent_id.into(),
        Column::CallSid => call.call_sid.as_str().into(),
        Column::Direction => call.direction.map_or("", Direction::as_str).into(),
        Column::FromNumber => call.from.as_str().into(),
        Column::ToNumber => call.to.as_str().into(),
        Column::Status => call.status.as_str().into(),
        Column::StartTime => call.start_time.into(),
        Column::Facts => document(call),
        Column::WakeTime => quiet_deadline(call).into(),
        Column::Version => call.version.into(),
        Column::CreateTime => call.create_time.into(),
        Column::UpdateTime => call.update_time.into(),
    }
}

/// Everything that a later fact may change, but for the wake-up time.
const CHANGING: [Column; 12] = [
    Column::PhoneNumberId,
    Column::AgentId,
    Column::Direction,
    Column::FromNumber,
    Column::ToNumber,
    Column::Status,
    Column::StartTime,
    Column::Facts,
    Column::Version,
    Column::CreateTime,
    Column::UpdateTime,
    Column::AccountId,
];

/// A webhook leaves an open call's wake-up time where it was unless it has to come sooner: a column with an index that changed
/// at every status would make PostgreSQL write every index of the row again. A call that wakes too early is set right then.
const WAKE_TIME: &str =
    r#"CASE WHEN "call"."wake_time" <= "excluded"."wake_time" THEN "call"."wake_time" ELSE "excluded"."wake_time" END"#;

/// As a text, which becomes a call without becoming a tree first.
const FACTS: &str = r#"CAST("facts" AS text)"#;

/// Those among `sids` that exist, of whatever workspace; locked in one order, so that two writers never wait crosswise.
pub async fn among(txn: &DatabaseTransaction, sids: Vec<String>) -> Result<Vec<Call>> {
    let found = Entity::find()
        .select_only()
        .expr_as(Expr::cust(FACTS), "facts")
        .column(Column::Version)
        .filter(Column::CallSid.is_in(many::padded(sids)))
        .order_by_asc(Column::CallSid)
        .lock_exclusive();
    let found: Vec<(String, i64)> = found.into_tuple().all(txn).await.map_err(failed)?;
    let read = |(facts, version): (String, i64)| {
        let call: Call = serde_json::from_str(&facts).map_err(Error::internal)?;
        Ok(Call { version, ..call })
    };
    found.into_iter().map(read).collect()
}

/// Writes calls in one statement, each only over the version it was merged with; `false` means that somebody else was
/// faster with one of them, and the caller must roll back.
pub async fn put(txn: &DatabaseTransaction, calls: &[&Call]) -> Result<bool> {
    write(txn, calls, Expr::cust(WAKE_TIME)).await
}

async fn write(txn: &DatabaseTransaction, calls: &[&Call], wake_time: Expr) -> Result<bool> {
    let over = OnConflict::column(Column::CallSid)
        .update_columns(CHANGING)
        .value(Column::WakeTime, wake_time)
        .action_and_where(Expr::cust(r#""call"."version" = "excluded"."version" - 1"#))
        .to_owned();
    let row = |call: &&Call| Column::iter().map(|column| value(call, column)).collect();
    let written = many::insert_rows::<Entity>(txn, calls.iter().map(row).collect(), Some(over)).await?;
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
        debug_assert_eq!(self.version, seen + 1, "a machine is stamped before it is saved");
        write(txn, &[self], Expr::cust(r#""excluded"."wake_time""#)).await
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
