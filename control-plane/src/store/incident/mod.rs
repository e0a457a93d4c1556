//! Incidents: rows and queries. Their steps and their history have files of their own; an incident is loaded and saved with
//! its steps.

pub mod history;
pub mod steps;

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::incident::{ActiveModel, Column, Entity, Model},
    failed, many,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    error::Result,
    id::{ContactId, IncidentId, MeetingId, WorkspaceId},
    incident::{Incident, State, Step},
    machine::Machine,
    time::Timestamp,
};

fn row(held: &Incident) -> ActiveModel {
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        policy_id: Set(held.policy_id),
        meeting_id: Set(held.meeting_id),
        contact_id: Set(held.contact_id),
        event_key: Set(held.event_key.clone()),
        state: Set(held.state.to_string()),
        start_time: Set(held.start_time),
        facts: Set(Json(held.clone())),
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

/// Whom a reply can still reach.
const OPEN: [State; 3] = [State::Open, State::Escalating, State::Acknowledged];

fn whole(row: Model, steps: Vec<Step>) -> Incident {
    Incident { steps, ..row.facts.0 }
}

#[async_trait]
impl Kept for Incident {
    type Id = IncidentId;
    const MACHINE: &'static str = "incident";
    const NOUN: &'static str = "incident";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: IncidentId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock(LockType::NoKeyUpdate);
        let Some(row) = found.one(txn).await.map_err(failed)? else { return Ok(None) };
        Ok(Some(whole(row, steps::of(txn, id).await?)))
    }

    async fn save(&self, txn: &DatabaseTransaction, seen: i64) -> Result<bool> {
        let update =
            Entity::update_many().set(row(self)).filter(Column::Id.eq(self.id)).filter(Column::Version.eq(seen));
        if update.exec(txn).await.map_err(failed)?.rows_affected != 1 {
            return Ok(false);
        }
        steps::put(txn, self).await?;
        Ok(true)
    }

    fn row(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn stamped(self, version: i64, now: Timestamp) -> Self {
        Self { version, update_time: now, ..self }
    }
}

/// What a list of incidents is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only about this person.
    pub contact_id: Option<ContactId>,
    /// Only of this meeting.
    pub meeting_id: Option<MeetingId>,
}

/// Adds a new one; `false` when the person has one for this event already.
pub async fn insert(txn: &DatabaseTransaction, new: &Incident) -> Result<bool> {
    let there = OnConflict::columns([Column::WorkspaceId, Column::EventKey, Column::ContactId]).do_nothing().to_owned();
    let written =
        Entity::insert_many([row(new)]).on_conflict(there).exec_without_returning(txn).await.map_err(failed)?;
    if written == 0 {
        return Ok(false);
    }
    steps::put(txn, new).await?;
    Ok(true)
}

/// Adds new ones, each for a person who has none for its event.
pub async fn insert_many(txn: &DatabaseTransaction, new: &[Incident]) -> Result<()> {
    for some in new.chunks(many::TOGETHER) {
        many::insert(txn, some.iter().map(row).collect(), None).await?;
    }
    steps::insert_many(txn, new).await
}

/// Reads one with its steps.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: IncidentId) -> Result<Option<Incident>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    let Some(row) = found.one(scope.db).await.map_err(failed)? else { return Ok(None) };
    Ok(Some(whole(row, steps::of(scope.db, id).await?)))
}

/// The one of this person for this event.
pub async fn of_event<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    event_key: &str,
    contact: ContactId,
) -> Result<Option<Incident>> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let found = own.filter(Column::EventKey.eq(event_key)).filter(Column::ContactId.eq(contact));
    let Some(row) = found.one(scope.db).await.map_err(failed)? else { return Ok(None) };
    let steps = steps::of(scope.db, row.id).await?;
    Ok(Some(whole(row, steps)))
}

/// The ids of those of a meeting, in order, so that whoever locks them all locks in one order.
pub async fn of_meeting<C: ConnectionTrait>(scope: &Scope<'_, C>, meeting: MeetingId) -> Result<Vec<IncidentId>> {
    let own = Entity::find().select_only().column(Column::Id).filter(Column::WorkspaceId.eq(scope.workspace));
    let found = own.filter(Column::MeetingId.eq(meeting)).order_by_asc(Column::Id);
    found.into_tuple().all(scope.db).await.map_err(failed)
}

/// The open ones of some people, the next event first: whom a reply can be meant for.
pub async fn open_of<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    contacts: Vec<ContactId>,
) -> Result<Vec<(IncidentId, ContactId)>> {
    let own = Entity::find().select_only().columns([Column::Id, Column::ContactId]);
    let found = own.filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::ContactId.is_in(contacts));
    let open = found.filter(Column::State.is_in(OPEN.map(State::as_str)));
    open.order_by_asc(Column::StartTime).into_tuple().all(scope.db).await.map_err(failed)
}

/// Those of them that are not over.
pub async fn open_among<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<IncidentId>) -> Result<Vec<IncidentId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let own = Entity::find().select_only().column(Column::Id).filter(Column::WorkspaceId.eq(scope.workspace));
    let found = own.filter(Column::Id.is_in(ids)).filter(Column::State.is_in(OPEN.map(State::as_str)));
    found.into_tuple().all(scope.db).await.map_err(failed)
}

/// A page, the newest first, without steps.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<IncidentId>,
) -> Result<Page<Incident, IncidentId>> {
    let only = Condition::all()
        .add_option(ask.after.map(|after| Column::Id.lt(after)))
        .add_option(filter.state.map(|state| Column::State.eq(state.as_str())))
        .add_option(filter.contact_id.map(|id| Column::ContactId.eq(id)))
        .add_option(filter.meeting_id.map(|id| Column::MeetingId.eq(id)));
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(only);
    let rows = own.order_by_desc(Column::Id).limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(|row| whole(row, Vec::new())).collect(), |incident| incident.id))
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, IncidentId, Timestamp)>> {
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

/// When the next one wants to be woken.
pub async fn next_wake<C: ConnectionTrait>(db: &C) -> Result<Option<Timestamp>> {
    let next = Entity::find().select_only().column(Column::WakeTime).filter(Column::WakeTime.is_not_null());
    let next: Option<Option<Timestamp>> =
        next.order_by_asc(Column::WakeTime).limit(1).into_tuple().one(db).await.map_err(failed)?;
    Ok(next.flatten())
}
