//! Meetings: rows and queries. How it stands with their attendees is in `standing`.

pub mod standing;

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
    sea_query::{Expr, LockType, OnConflict},
};

use super::{
    Scope,
    entity::meeting::{ActiveModel, Column, Entity, Model},
    failed,
    many::{self, padded},
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    error::Result,
    id::{CalendarFeedId, MeetingId},
    meeting::{Meeting, Source},
    time::Timestamp,
    word::words,
};

words! {
    /// What a list is narrowed to.
    State, "meeting state" {
        /// It takes place.
        Scheduled = "scheduled",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

fn row(held: &Meeting) -> ActiveModel {
    let state = if held.is_on() { State::Scheduled } else { State::Cancelled };
    let source = held.source.as_ref();
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        state: Set(state.to_string()),
        start_time: Set(held.start_time),
        external_id: Set(held.external_id.clone()),
        calendar_feed_id: Set(source.and_then(|source| source.feed_id)),
        calendar_key: Set(source.map(|source| source.key.clone()).unwrap_or_default()),
        cancel_time: Set(held.cancelled.map(|(_, since)| since)),
        facts: Set(Json(held.clone())),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

/// The calendar that holds it is told by its column, so that all of one can be let go at once.
fn whole(row: Model) -> Meeting {
    let feed_id = row.calendar_feed_id;
    let held = row.facts.0;
    let source = held.source.map(|source| Source { feed_id, ..source });
    Meeting { source, version: row.version, update_time: row.update_time, ..held }
}

/// Adds a new one; `false` when there is one with its key, of the caller's own or of a calendar.
pub async fn insert(txn: &DatabaseTransaction, new: &Meeting) -> Result<bool> {
    let there = OnConflict::new().do_nothing().to_owned();
    let written =
        Entity::insert_many([row(new)]).on_conflict(there).exec_without_returning(txn).await.map_err(failed)?;
    Ok(written == 1)
}

/// Adds new ones; says how many were added, because there may be some with their keys.
pub async fn insert_many(txn: &DatabaseTransaction, new: &[Meeting]) -> Result<u64> {
    let there = OnConflict::new().do_nothing().to_owned();
    many::insert(txn, new.iter().map(row).collect(), Some(there)).await
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, meeting: &Meeting, seen: i64) -> Result<bool> {
    let update =
        Entity::update_many().set(row(meeting)).filter(Column::Id.eq(meeting.id)).filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

fn here<C>(scope: &Scope<'_, C>) -> Select<Entity> {
    Entity::find().filter(Column::WorkspaceId.eq(scope.workspace))
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: MeetingId) -> Result<Option<Meeting>> {
    let found = here(scope).filter(Column::Id.eq(id)).one(scope.db).await.map_err(failed)?;
    Ok(found.map(whole))
}

/// Reads the one with this key of the caller's own.
pub async fn by_external_id<C: ConnectionTrait>(scope: &Scope<'_, C>, external_id: &str) -> Result<Option<Meeting>> {
    let found = here(scope).filter(Column::ExternalId.eq(external_id)).one(scope.db).await.map_err(failed)?;
    Ok(found.filter(|_| !external_id.is_empty()).map(whole))
}

/// Reads one for change; its incidents are locked after it.
pub async fn lock(scope: &Scope<'_, DatabaseTransaction>, id: MeetingId) -> Result<Option<Meeting>> {
    let found = here(scope).filter(Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    Ok(found.one(scope.db).await.map_err(failed)?.map(whole))
}

/// Those of these events of calendars, by key, for change. Locked in one order, whoever asks.
pub async fn lock_by_keys(
    scope: &Scope<'_, DatabaseTransaction>,
    keys: Vec<String>,
) -> Result<HashMap<String, Meeting>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = here(scope).filter(Column::CalendarKey.is_in(padded(keys))).order_by_asc(Column::Id);
    let rows = found.lock(LockType::NoKeyUpdate).all(scope.db).await.map_err(failed)?;
    Ok(rows.into_iter().map(|row| (row.calendar_key.clone(), whole(row))).collect())
}

/// Those that a calendar brought and that start then or later.
pub async fn of_feed<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    feed: CalendarFeedId,
    from: Timestamp,
) -> Result<Vec<Meeting>> {
    let own = here(scope).filter(Column::CalendarFeedId.eq(feed)).filter(Column::StartTime.gte(from));
    Ok(own.all(scope.db).await.map_err(failed)?.into_iter().map(whole).collect())
}

/// How many meetings of each of these calendars lie ahead.
pub async fn ahead<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    feeds: Vec<CalendarFeedId>,
    now: Timestamp,
) -> Result<HashMap<CalendarFeedId, i64>> {
    let own = here(scope).select_only().column(Column::CalendarFeedId).column_as(Column::Id.count(), "meetings");
    let own = own.filter(Column::CalendarFeedId.is_in(feeds)).filter(Column::State.eq(State::Scheduled.as_str()));
    let counted = own.filter(Column::StartTime.gt(now)).group_by(Column::CalendarFeedId).into_tuple();
    let counted: Vec<(CalendarFeedId, i64)> = counted.all(scope.db).await.map_err(failed)?;
    Ok(counted.into_iter().collect())
}

/// Whether another calendar called one off since then: this one may hold it too.
pub async fn was_let_go<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    feed: CalendarFeedId,
    since: Timestamp,
) -> Result<bool> {
    let others = Condition::any().add(Column::CalendarFeedId.is_null()).add(Column::CalendarFeedId.ne(feed));
    let gone = here(scope).filter(Column::CancelTime.gte(since)).filter(Column::CalendarKey.ne("")).filter(others);
    let one: Option<MeetingId> =
        gone.select_only().column(Column::Id).limit(1).into_tuple().one(scope.db).await.map_err(failed)?;
    Ok(one.is_some())
}

/// Lets go of the meetings of a calendar that is forgotten. They stay, and another calendar may take them up.
pub async fn let_go(txn: &DatabaseTransaction, feed: CalendarFeedId, now: Timestamp) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::CalendarFeedId, Expr::value(None::<CalendarFeedId>))
        .col_expr(Column::Version, Expr::cust("version + 1"))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::CalendarFeedId.eq(feed));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only those that start then or later.
    pub from: Option<Timestamp>,
    /// Only those that start before.
    pub until: Option<Timestamp>,
    /// Only those of this calendar.
    pub calendar_feed_id: Option<CalendarFeedId>,
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<MeetingId>,
) -> Result<Page<Meeting, MeetingId>> {
    let only = Condition::all()
        .add_option(ask.after.map(|after| Column::Id.lt(after)))
        .add_option(filter.state.map(|state| Column::State.eq(state.as_str())))
        .add_option(filter.from.map(|from| Column::StartTime.gte(from)))
        .add_option(filter.until.map(|until| Column::StartTime.lt(until)))
        .add_option(filter.calendar_feed_id.map(|feed| Column::CalendarFeedId.eq(feed)));
    let own = here(scope).filter(only).order_by_desc(Column::Id).limit(ask.limit());
    let rows = own.all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(whole).collect(), |meeting| meeting.id))
}
