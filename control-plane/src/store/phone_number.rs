//! Numbers: rows and queries.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::phone_number::{ActiveModel, Column, Entity, Model},
    failed, many,
    page::{Ask, Page},
    value::Json,
    word, word_or_none,
};
use crate::domain::{
    agent::OwnNumber,
    e164::E164,
    error::{Error, Result},
    id::{AccountId, AgentId, MoveId, PhoneNumberId, RoutePlanId, WorkspaceId},
    machine::Machine,
    phone_number::{Assignment, PhoneNumber, Pool, PoolState, State, WebhooksState},
    time::Timestamp,
};

impl TryFrom<Model> for PhoneNumber {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            account_id: row.account_id,
            display_name: row.display_name,
            e164: word("phone_number.e164", &row.e164)?,
            phone_number_sid: word_or_none("phone_number.phone_number_sid", row.phone_number_sid.as_ref())?,
            state: word("phone_number.state", &row.state)?,
            state_reason: row.state_reason,
            capabilities: row.capabilities.0,
            integration_mode: word("phone_number.integration_mode", &row.integration_mode)?,
            assignment: assignment(row.agent_id, row.route_plan_id),
            fallback: row.fallback.map(|json| json.0),
            voicemail: row.voicemail.map(|json| json.0),
            webhooks_state: word("phone_number.webhooks_state", &row.webhooks_state)?,
            webhooks_error: row.webhooks_error,
            desired_webhooks: row.desired_webhooks.map(|json| json.0),
            observed_webhooks: row.observed_webhooks.map(|json| json.0),
            observe_time: row.observe_time,
            work: row.work.0,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
            attachment: row.attachment.map(|json| json.0),
            drift: row.drift.map(|json| json.0),
            whatsapp_sender: row.whatsapp_sender.unwrap_or_default(),
            pool: pool(row.pool_state, row.pool_reason, row.reserved_by, row.pinned_agent_id)?,
        })
    }
}

/// Who answers, by the two columns.
pub fn assignment(agent: Option<AgentId>, plan: Option<RoutePlanId>) -> Option<Assignment> {
    agent.map(Assignment::Agent).or(plan.map(Assignment::RoutePlan))
}

fn pool(
    state: Option<String>,
    reason: Option<String>,
    reserved_by: Option<MoveId>,
    pinned_agent_id: Option<AgentId>,
) -> Result<Option<Pool>> {
    let Some(state) = word_or_none("phone_number.pool_state", state.as_ref())? else { return Ok(None) };
    Ok(Some(Pool { state, reason: reason.unwrap_or_default(), reserved_by, pinned_agent_id }))
}

fn row(number: &PhoneNumber) -> ActiveModel {
    let (agent_id, route_plan_id) = match number.assignment {
        Some(Assignment::Agent(agent)) => (Some(agent), None),
        Some(Assignment::RoutePlan(plan)) => (None, Some(plan)),
        None => (None, None),
    };
    ActiveModel {
        id: Set(number.id),
        workspace_id: Set(number.workspace_id),
        account_id: Set(number.account_id),
        display_name: Set(number.display_name.clone()),
        e164: Set(number.e164.as_str().to_owned()),
        phone_number_sid: Set(number.phone_number_sid.as_ref().map(ToString::to_string)),
        state: Set(number.state.to_string()),
        state_reason: Set(number.state_reason.clone()),
        capabilities: Set(Json(number.capabilities)),
        integration_mode: Set(number.integration_mode.to_string()),
        agent_id: Set(agent_id),
        route_plan_id: Set(route_plan_id),
        fallback: Set(number.fallback.clone().map(Json)),
        voicemail: Set(number.voicemail.clone().map(Json)),
        webhooks_state: Set(number.webhooks_state.to_string()),
        webhooks_error: Set(number.webhooks_error.clone()),
        desired_webhooks: Set(number.desired_webhooks.clone().map(Json)),
        observed_webhooks: Set(number.observed_webhooks.clone().map(Json)),
        observe_time: Set(number.observe_time),
        work: Set(Json(number.work.clone())),
        wake_time: Set(number.deadline()),
        version: Set(number.version),
        create_time: Set(number.create_time),
        update_time: Set(number.update_time),
        attachment_state: Set(number.attachment.as_ref().map(|place| place.state.to_string())),
        attachment: Set(number.attachment.clone().map(Json)),
        drift_cause: Set(number.open_drift().map(|drift| drift.cause.to_string())),
        drift: Set(number.drift.clone().map(Json)),
        whatsapp_sender: Set(Some(number.whatsapp_sender)),
        pool_state: Set(number.pool.as_ref().map(|pool| pool.state.to_string())),
        pool_reason: Set(number.pool.as_ref().map(|pool| pool.reason.clone())),
        reserved_by: Set(number.pool.as_ref().and_then(|pool| pool.reserved_by)),
        pinned_agent_id: Set(number.pool.as_ref().and_then(|pool| pool.pinned_agent_id)),
    }
}

#[async_trait]
impl Kept for PhoneNumber {
    type Id = PhoneNumberId;
    const MACHINE: &'static str = "phone-number";
    const NOUN: &'static str = "phone number";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: PhoneNumberId) -> Result<Option<Self>> {
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

/// What a list of numbers is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only numbers of this account.
    pub account_id: Option<AccountId>,
    /// Only numbers assigned to this agent.
    pub agent_id: Option<AgentId>,
    /// Only numbers assigned to this plan.
    pub route_plan_id: Option<RoutePlanId>,
    /// Only this state.
    pub state: Option<State>,
    /// Only this state of the webhooks.
    pub webhooks_state: Option<WebhooksState>,
    /// Only numbers nobody answers.
    pub unassigned: bool,
    /// Only backup numbers in this state.
    pub pool_state: Option<PoolState>,
    /// Only backup numbers.
    pub pool: bool,
}

/// Adds new numbers.
pub async fn insert(txn: &DatabaseTransaction, numbers: &[PhoneNumber]) -> Result<()> {
    Entity::insert_many(numbers.iter().map(row)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one by its id.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: PhoneNumberId) -> Result<Option<PhoneNumber>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(PhoneNumber::try_from).transpose()
}

/// Reads one by the number itself.
pub async fn by_e164<C: ConnectionTrait>(scope: &Scope<'_, C>, e164: &E164) -> Result<Option<PhoneNumber>> {
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::E164.eq(e164.as_str()));
    found.one(scope.db).await.map_err(failed)?.map(PhoneNumber::try_from).transpose()
}

/// Which of these numbers some workspace already has. Across workspaces: a number has one owner.
pub async fn taken<C: ConnectionTrait>(db: &C, numbers: &[E164]) -> Result<Vec<String>> {
    let numbers: Vec<&str> = numbers.iter().map(E164::as_str).collect();
    let found = Entity::find().select_only().column(Column::E164).filter(Column::E164.is_in(numbers));
    found.into_tuple().all(db).await.map_err(failed)
}

/// Those among `numbers` that exist, of whatever workspace: the hot path's one read.
pub async fn among<C: ConnectionTrait>(db: &C, numbers: Vec<String>) -> Result<Vec<PhoneNumber>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::E164.is_in(many::padded(numbers)));
    found.all(db).await.map_err(failed)?.into_iter().map(PhoneNumber::try_from).collect()
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<PhoneNumberId>,
) -> Result<Page<PhoneNumber, PhoneNumberId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(account) = filter.account_id {
        select = select.filter(Column::AccountId.eq(account));
    }
    if let Some(agent) = filter.agent_id {
        select = select.filter(Column::AgentId.eq(agent));
    }
    if let Some(plan) = filter.route_plan_id {
        select = select.filter(Column::RoutePlanId.eq(plan));
    }
    if let Some(state) = filter.state {
        select = select.filter(Column::State.eq(state.as_str()));
    }
    if let Some(state) = filter.webhooks_state {
        select = select.filter(Column::WebhooksState.eq(state.as_str()));
    }
    if filter.unassigned {
        select = select.filter(Column::AgentId.is_null()).filter(Column::RoutePlanId.is_null());
    }
    if let Some(state) = filter.pool_state {
        select = select.filter(Column::PoolState.eq(state.as_str()));
    }
    if filter.pool {
        select = select.filter(Column::PoolState.is_not_null());
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let numbers = rows.into_iter().map(PhoneNumber::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(numbers, |number| number.id))
}

/// The numbers that lead to an agent, the oldest first.
pub async fn leading_to<C: ConnectionTrait>(scope: &Scope<'_, C>, agent: AgentId) -> Result<Vec<OwnNumber>> {
    let found = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::AgentId.eq(agent))
        .order_by_asc(Column::Id);
    let found: Vec<(AccountId, PhoneNumberId)> = found.into_tuple().all(scope.db).await.map_err(failed)?;
    Ok(found.into_iter().map(|(account_id, phone_number_id)| OwnNumber { account_id, phone_number_id }).collect())
}

/// All of an account, in the order of their ids.
pub async fn of_account<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<PhoneNumber>> {
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::AccountId.eq(account));
    let rows = found.order_by_asc(Column::Id).all(scope.db).await.map_err(failed)?;
    rows.into_iter().map(PhoneNumber::try_from).collect()
}

/// All that are or were to be at ElevenLabs, in the order of their ids.
pub async fn attached<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Vec<PhoneNumber>> {
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let found = found.filter(Column::AttachmentState.is_not_null()).order_by_asc(Column::Id);
    found.all(scope.db).await.map_err(failed)?.into_iter().map(PhoneNumber::try_from).collect()
}

/// Forgets it.
pub async fn delete(txn: &DatabaseTransaction, id: PhoneNumberId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, PhoneNumberId, Timestamp)>> {
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

/// A chunk of all numbers of all workspaces, for the edges' snapshot.
pub async fn everywhere<C: ConnectionTrait>(
    db: &C,
    after: Option<PhoneNumberId>,
    limit: u64,
) -> Result<Vec<PhoneNumber>> {
    let mut select = Entity::find().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    select.all(db).await.map_err(failed)?.into_iter().map(PhoneNumber::try_from).collect()
}

/// Numbers by their ids, of whatever workspace: for the edges.
pub async fn any_of<C: ConnectionTrait>(db: &C, ids: Vec<PhoneNumberId>) -> Result<Vec<PhoneNumber>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::Id.is_in(ids));
    found.all(db).await.map_err(failed)?.into_iter().map(PhoneNumber::try_from).collect()
}
