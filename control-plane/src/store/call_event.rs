//! What we were told about calls, one row a delivery: rows and writes.

use std::collections::HashSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
    Value, sea_query::OnConflict,
};

use super::{
    entity::call_event::{Column, Entity, Model},
    failed, many,
    page::{Ask, Page},
    value::document,
    word,
};
use crate::domain::{
    call::CallEvent,
    error::{Error, Result},
    id::{CallEventId, CallId},
};

impl TryFrom<Model> for CallEvent {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            call_id: row.call_id,
            what: word("call_event.type", &row.kind)?,
            status: row.status,
            sequence: row.sequence_number.and_then(|number| i32::try_from(number).ok()),
            event_time: row.event_time,
            receive_time: row.receive_time,
            changed: row.changed,
            details: row.details.0,
        })
    }
}

fn value(event: &CallEvent, delivery_key: &str, column: Column) -> Value {
    match column {
        Column::Id => event.id.into(),
        Column::CallId => event.call_id.into(),
        Column::DeliveryKey => delivery_key.into(),
        Column::Kind => event.what.to_string().into(),
        Column::Status => event.status.as_str().into(),
        Column::SequenceNumber => event.sequence.map(i64::from).into(),
        Column::EventTime => event.event_time.into(),
        Column::ReceiveTime => event.receive_time.into(),
        Column::Changed => event.changed.into(),
        Column::Details => document(&event.details),
    }
}

/// Adds events; one that was delivered before is left as it was.
pub async fn add(txn: &DatabaseTransaction, events: &[(CallEvent, String)]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let known = OnConflict::columns([Column::CallId, Column::DeliveryKey]).do_nothing().to_owned();
    let row = |(event, key): &(CallEvent, String)| Column::iter().map(|column| value(event, key, column)).collect();
    many::insert_rows::<Entity>(txn, events.iter().map(row).collect(), Some(known)).await?;
    Ok(())
}

/// Which of these deliveries of these calls are known.
pub async fn delivered<C: ConnectionTrait>(
    db: &C,
    calls: Vec<CallId>,
    keys: Vec<String>,
) -> Result<HashSet<(CallId, String)>> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let found = Entity::find()
        .select_only()
        .column(Column::CallId)
        .column(Column::DeliveryKey)
        .filter(Column::CallId.is_in(calls))
        .filter(Column::DeliveryKey.is_in(keys));
    let found: Vec<(CallId, String)> = found.into_tuple().all(db).await.map_err(failed)?;
    Ok(found.into_iter().collect())
}

/// A page of a call's events, in the order they came.
pub async fn list<C: ConnectionTrait>(
    db: &C,
    call: CallId,
    ask: &Ask<CallEventId>,
) -> Result<Page<CallEvent, CallEventId>> {
    let mut select = Entity::find().filter(Column::CallId.eq(call)).order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.limit(ask.limit()).all(db).await.map_err(failed)?;
    let events = rows.into_iter().map(CallEvent::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(events, |event| event.id))
}
