//! The lines of failovers: rows and queries.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use crate::{
    domain::{
        agent::OwnNumber,
        error::{Error, Result},
        failover::moves::{Move, State},
        id::{FailoverId, MoveId, PhoneNumberId, WorkspaceId},
        machine::Machine,
        phone_number::Assignment,
        time::Timestamp,
    },
    store::{
        Kept, Scope,
        entity::{
            failover_move::{ActiveModel, Column, Entity, Model},
            phone_number,
        },
        failed, many,
        page::{Ask, Page},
        value::Json,
        word,
    },
};

impl TryFrom<Model> for Move {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let plan = row.route_plan_id.map(Assignment::RoutePlan);
        let assignment = plan.or(row.agent_id.map(Assignment::Agent));
        let own = row.own_account_id.zip(row.own_phone_number_id);
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            failover_id: row.failover_id,
            kind: word("failover_move.kind", &row.kind)?,
            place: row.place,
            assignment: assignment.ok_or_else(|| Error::internal("a move of nobody's line"))?,
            display_name: row.display_name,
            agent_id: row.agent_id,
            from_id: row.from_id,
            to_id: row.to_id,
            original_id: row.original_id,
            is_native: row.is_native,
            detaches: row.detaches,
            own_before: own.map(|(account_id, phone_number_id)| OwnNumber { account_id, phone_number_id }),
            agent_version: row.agent_version,
            work: row.work.0,
            begin_time: row.begin_time,
            flip_time: row.flip_time,
            end_time: row.end_time,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(held: &Move) -> ActiveModel {
    let route_plan_id = match held.assignment {
        Assignment::Agent(_) => None,
        Assignment::RoutePlan(plan) => Some(plan),
    };
    ActiveModel {
        id: Set(held.id),
        workspace_id: Set(held.workspace_id),
        failover_id: Set(held.failover_id),
        kind: Set(held.kind.to_string()),
        place: Set(held.place),
        state: Set(held.state().to_string()),
        agent_id: Set(held.agent_id),
        route_plan_id: Set(route_plan_id),
        display_name: Set(held.display_name.clone()),
        from_id: Set(held.from_id),
        to_id: Set(held.to_id),
        original_id: Set(held.original_id),
        is_native: Set(held.is_native),
        detaches: Set(held.detaches),
        own_account_id: Set(held.own_before.map(|own| own.account_id)),
        own_phone_number_id: Set(held.own_before.map(|own| own.phone_number_id)),
        agent_version: Set(held.agent_version),
        work: Set(Json(held.work.clone())),
        begin_time: Set(held.begin_time),
        flip_time: Set(held.flip_time),
        end_time: Set(held.end_time),
        wake_time: Set(held.deadline()),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

#[async_trait]
impl Kept for Move {
    type Id = MoveId;
    const MACHINE: &'static str = "move";
    const NOUN: &'static str = "move";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: MoveId) -> Result<Option<Self>> {
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

/// Adds many.
pub async fn insert(txn: &DatabaseTransaction, moves: &[Move]) -> Result<()> {
    many::insert(txn, moves.iter().map(row).collect(), None).await?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: MoveId) -> Result<Option<Move>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Move::try_from).transpose()
}

/// A page of a failover's, in the order they are moved.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    failover: FailoverId,
    states: &[State],
    ask: &Ask<i64>,
) -> Result<Page<Move, i64>> {
    let mut select = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::FailoverId.eq(failover))
        .order_by_asc(Column::Place);
    if let Some(after) = ask.after {
        select = select.filter(Column::Place.gt(after));
    }
    if !states.is_empty() {
        select = select.filter(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let moves = rows.into_iter().map(Move::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(moves, |held| held.place))
}

/// Those in a state, in their order. The failover is locked, so nobody else changes them.
pub async fn in_state<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    failover: FailoverId,
    state: State,
    limit: u64,
) -> Result<Vec<Move>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::FailoverId.eq(failover))
        .filter(Column::State.eq(state.as_str()))
        .order_by_asc(Column::Place)
        .limit(limit);
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Move::try_from).collect()
}

/// The place after the last.
pub async fn next_place<C: ConnectionTrait>(scope: &Scope<'_, C>, failover: FailoverId) -> Result<i64> {
    let last =
        Entity::find().select_only().column_as(Column::Place.max(), "last").filter(Column::FailoverId.eq(failover));
    let last: Option<Option<i64>> = last.into_tuple().one(scope.db).await.map_err(failed)?;
    Ok(last.flatten().map_or(0, |last| last + 1))
}

/// The failover and the move that a number waits for or is waited for by, if any.
pub async fn of_number<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    number: PhoneNumberId,
) -> Result<Option<(FailoverId, MoveId)>> {
    let open = [State::Preparing, State::Verifying, State::Detaching, State::Unwinding].map(State::as_str);
    let found = Entity::find()
        .select_only()
        .column(Column::FailoverId)
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::WakeTime.is_not_null())
        .filter(Column::State.is_in(open))
        .filter(Condition::any().add(Column::ToId.eq(number)).add(Column::FromId.eq(number)));
    found.into_tuple().one(scope.db).await.map_err(failed)
}

/// The moves of a failover that are moved and whose backup number still answers for them: what can be taken back.
pub async fn in_use<C: ConnectionTrait>(scope: &Scope<'_, C>, failover: FailoverId) -> Result<Vec<Move>> {
    let held = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::ReservedBy)
        .filter(phone_number::Column::WorkspaceId.eq(scope.workspace))
        .filter(phone_number::Column::ReservedBy.is_not_null());
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::FailoverId.eq(failover))
        .filter(Column::State.eq(State::Moved.as_str()))
        .filter(Column::Id.in_subquery(held.into_query()))
        .order_by_asc(Column::Place);
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Move::try_from).collect()
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, MoveId, Timestamp)>> {
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
