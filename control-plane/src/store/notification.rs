//! Notifications: rows and their queries.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::notification::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    id::{NotificationId, WorkspaceId},
    machine::Machine,
    notification::{Kind, Notification, State},
    time::Timestamp,
};

impl TryFrom<Model> for Notification {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            kind: word("notification.kind", &row.kind)?,
            resource: row.resource,
            recipients: row.recipients.0,
            subject: row.subject,
            text: row.text,
            work: row.work.0,
            attempt: u32::try_from(row.attempt).map_err(Error::internal)?,
            last_error: row.last_error,
            vendor_message_id: row.vendor_message_id,
            simulated: row.simulated,
            send_time: row.send_time,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(held: &Notification) -> ActiveModel {
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        kind: Set(held.kind.to_string()),
        resource: Set(held.resource.clone()),
        recipients: Set(Json(held.recipients.clone())),
        subject: Set(held.subject.clone()),
        text: Set(held.text.clone()),
        state: Set(held.state().to_string()),
        work: Set(Json(held.work.clone())),
        attempt: Set(held.attempt.into()),
        last_error: Set(held.last_error.clone()),
        vendor_message_id: Set(held.vendor_message_id.clone()),
        simulated: Set(held.simulated),
        send_time: Set(held.send_time),
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

#[async_trait]
impl Kept for Notification {
    type Id = NotificationId;
    const MACHINE: &'static str = "notification";
    const NOUN: &'static str = "notification";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: NotificationId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock_exclusive();
        found.one(txn).await.map_err(failed)?.map(Self::try_from).transpose()
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

    fn stamped(self, version: i64, now: Timestamp) -> Self {
        Self { version, update_time: now, ..self }
    }
}

/// What a list of notifications is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only what is about this.
    pub resource: Option<String>,
}

/// Adds a new one.
pub async fn insert(txn: &DatabaseTransaction, new: &Notification) -> Result<()> {
    Entity::insert(row(new)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one by its id.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: NotificationId) -> Result<Option<Notification>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Notification::try_from).transpose()
}

/// The one that tells of this.
pub async fn of<C: ConnectionTrait>(scope: &Scope<'_, C>, resource: &str, kind: Kind) -> Result<Option<Notification>> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let found = own.filter(Column::Resource.eq(resource)).filter(Column::Kind.eq(kind.as_str()));
    found.one(scope.db).await.map_err(failed)?.map(Notification::try_from).transpose()
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<NotificationId>,
) -> Result<Page<Notification, NotificationId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(state.as_str()));
    }
    if let Some(resource) = &filter.resource {
        select = select.filter(Column::Resource.eq(resource));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let held = rows.into_iter().map(Notification::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(held, |notification| notification.id))
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, NotificationId, Timestamp)>> {
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
