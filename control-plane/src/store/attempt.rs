//! Attempts: rows and queries. The whole attempt is a document; what is looked for has columns.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::attempt::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    attempt::{Attempt, Pricing, State},
    error::Result,
    id::{AccountId, AttemptId, ContactId, IncidentId, PhoneNumberId, WorkspaceId},
    ladder::Channel,
    machine::Machine,
    time::Timestamp,
};

impl From<Model> for Attempt {
    fn from(row: Model) -> Self {
        row.facts.0
    }
}

fn row(held: &Attempt) -> ActiveModel {
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        channel: Set(held.channel.to_string()),
        to_address: Set(held.to.as_str().to_owned()),
        contact_id: Set(held.contact_id),
        incident_id: Set(held.step.map(|(incident, _)| incident)),
        step: Set(held.step.map(|(_, number)| i64::from(number))),
        state: Set(held.state().to_string()),
        ending: Set(held.ending.map(|ending| ending.to_string()).unwrap_or_default()),
        lane: Set(held.lane.to_string()),
        account_id: Set(held.account_id),
        phone_number_id: Set(held.phone_number_id),
        vendor_sid: Set(held.vendor_sid.clone()),
        cost_micros: Set(held.cost_micros),
        facts: Set(Json(held.clone())),
        begin_time: Set(held.begin_time),
        // Whoever waits is woken by its own time, with the verdict of the guards.
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
        cost_is_known: Set(Some(held.pricing == Pricing::Known)),
        price_time: Set(held.price_time()),
    }
}

#[async_trait]
impl Kept for Attempt {
    type Id = AttemptId;
    const MACHINE: &'static str = "attempt";
    const NOUN: &'static str = "attempt";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: AttemptId) -> Result<Option<Self>> {
        let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock(LockType::NoKeyUpdate);
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

    fn stamped(self, version: i64, now: Timestamp) -> Self {
        Self { version, update_time: now, ..self }
    }
}

/// What a list of attempts is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this channel.
    pub channel: Option<Channel>,
    /// Only this state.
    pub state: Option<State>,
    /// Only of this incident.
    pub incident_id: Option<IncidentId>,
    /// Only to this person.
    pub contact_id: Option<ContactId>,
}

/// Adds a new one.
pub async fn insert(txn: &DatabaseTransaction, new: &Attempt) -> Result<()> {
    Entity::insert(row(new)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one by its id.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AttemptId) -> Result<Option<Attempt>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(found.one(scope.db).await.map_err(failed)?.map(Attempt::from))
}

/// Whose an attempt is, and the incident it belongs to: a webhook knows no more than the tag.
pub async fn whose<C: ConnectionTrait>(
    db: &C,
    ids: Vec<AttemptId>,
) -> Result<Vec<(AttemptId, WorkspaceId, Option<IncidentId>)>> {
    let found = Entity::find().select_only().column(Column::Id).column(Column::WorkspaceId).column(Column::IncidentId);
    found.filter(Column::Id.is_in(ids)).into_tuple().all(db).await.map_err(failed)
}

/// The one that a vendor calls this.
pub async fn by_sid<C: ConnectionTrait>(scope: &Scope<'_, C>, sid: &str) -> Result<Option<Attempt>> {
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(own.filter(Column::VendorSid.eq(sid)).one(scope.db).await.map_err(failed)?.map(Attempt::from))
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<AttemptId>,
) -> Result<Page<Attempt, AttemptId>> {
    let only = Condition::all()
        .add_option(ask.after.map(|after| Column::Id.lt(after)))
        .add_option(filter.channel.map(|channel| Column::Channel.eq(channel.as_str())))
        .add_option(filter.state.map(|state| Column::State.eq(state.as_str())))
        .add_option(filter.incident_id.map(|id| Column::IncidentId.eq(id)))
        .add_option(filter.contact_id.map(|id| Column::ContactId.eq(id)));
    let own = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(only);
    let rows = own.order_by_desc(Column::Id).limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows.into_iter().map(Attempt::from).collect(), |attempt| attempt.id))
}

/// Those that wait, are being made, or may ring.
pub async fn under_way<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Vec<AttemptId>> {
    let over = State::Over.as_str();
    let own = Entity::find().select_only().column(Column::Id).filter(Column::WorkspaceId.eq(scope.workspace));
    own.filter(Column::State.ne(over)).order_by_asc(Column::Id).into_tuple().all(scope.db).await.map_err(failed)
}

/// The number that this address saw last on this channel.
pub async fn last_number<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    to: &str,
    channel: Channel,
) -> Result<Option<PhoneNumberId>> {
    let last = Entity::find()
        .select_only()
        .column(Column::PhoneNumberId)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::ToAddress.eq(to))
        .filter(Column::Channel.eq(channel.as_str()))
        .filter(Column::PhoneNumberId.is_not_null())
        .order_by_desc(Column::Id)
        .limit(1);
    let last: Option<Option<PhoneNumberId>> = last.into_tuple().one(scope.db).await.map_err(failed)?;
    Ok(last.flatten())
}

/// What was spent or promised since then, in millionths.
pub async fn spent<C: ConnectionTrait>(scope: &Scope<'_, C>, since: Timestamp) -> Result<i64> {
    // PostgreSQL adds up to a type of its own.
    let sum = Column::CostMicros.into_expr().sum().cast_as("bigint");
    let spent = Entity::find()
        .select_only()
        .expr(sum)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::BeginTime.gte(since));
    let spent: Option<Option<i64>> = spent.into_tuple().one(scope.db).await.map_err(failed)?;
    Ok(spent.flatten().unwrap_or_default())
}

/// How many calls and messages began since then: to this address, or in the whole workspace.
pub async fn begun<C: ConnectionTrait>(scope: &Scope<'_, C>, to: Option<&str>, since: Timestamp) -> Result<u32> {
    let begun = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Condition::all().add_option(to.map(|to| Column::ToAddress.eq(to))))
        .filter(Column::Channel.ne(Channel::Email.as_str()))
        .filter(Column::BeginTime.gt(since));
    Ok(u32::try_from(begun.count(scope.db).await.map_err(failed)?).unwrap_or(u32::MAX))
}

/// How many calls and messages the account was asked to make since then, the last `most` of the workspace's at most, and how
/// many of them it refused as not its to make.
pub async fn refusals<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    since: Timestamp,
    most: u64,
) -> Result<(u32, u32)> {
    let begun = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::BeginTime.gt(since))
        .order_by_desc(Column::BeginTime)
        .limit(most);
    let begun = begun.all(scope.db).await.map_err(failed)?.into_iter().map(Attempt::from);
    let refused: Vec<bool> = begun.filter_map(|attempt| attempt.refused_by(account)).collect();
    let count = |refusals: usize| u32::try_from(refusals).unwrap_or(u32::MAX);
    Ok((count(refused.len()), count(refused.iter().filter(|refused| **refused).count())))
}

/// Those that want to be woken by `now`: who must be reached first, then the most overdue.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, AttemptId, Timestamp)>> {
    let due = Entity::find()
        .select_only()
        .column(Column::WorkspaceId)
        .column(Column::Id)
        .column(Column::WakeTime)
        .filter(Column::WakeTime.lte(now))
        .order_by_asc(Column::Lane)
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

/// Those whose price is to be asked for by `now`, the most overdue first.
pub async fn unpriced<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, AttemptId, Timestamp)>> {
    let due = Entity::find()
        .select_only()
        .column(Column::WorkspaceId)
        .column(Column::Id)
        .column(Column::PriceTime)
        .filter(Column::PriceTime.lte(now))
        .order_by_asc(Column::PriceTime)
        .limit(limit);
    due.into_tuple().all(db).await.map_err(failed)
}
