//! The queue of effects: enqueued with the state that wants them, claimed with a lease, ended with their outcome.

use callplane_telemetry::{TraceParent, current};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    Scope, Store,
    entity::effect::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    value::Json,
};
use crate::domain::{
    effect::{Effect, Queue},
    error::Result,
    id::{EffectId, WorkspaceId},
    time::Timestamp,
    word::words,
};

words! {
    /// Where an effect stands.
    State, "effect state" {
        /// Waits for its time.
        Ready = "ready",
        /// A worker is at it.
        Leased = "leased",
        /// Its outcome is known to its machine.
        Done = "done",
        /// Its machine is gone or would not hear of it.
        Dead = "dead",
    }
}

/// An effect that a worker holds. The attempt number is the fence: a stale holder cannot end it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The row.
    pub id: EffectId,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// How often it was claimed, this time included.
    pub attempt: i64,
    /// What is to be done.
    pub effect: Effect,
    /// When it was due.
    pub run_time: Timestamp,
    /// The sampled span that caused it.
    pub trace_parent: Option<TraceParent>,
}

/// Something to do for a machine, and when.
#[derive(Clone, Debug)]
pub struct New {
    /// Its id.
    pub id: EffectId,
    /// The row of the machine that hears of the outcome.
    pub machine_id: Uuid,
    /// What is to be done.
    pub effect: Effect,
    /// Not before this time.
    pub run_time: Timestamp,
}

/// Adds effects to the transaction that decided them.
pub async fn enqueue(
    txn: &DatabaseTransaction,
    (workspace, machine): (WorkspaceId, &'static str),
    effects: Vec<New>,
    now: Timestamp,
) -> Result<()> {
    let trace_parent = current().map(|scope| scope.parent().to_string());
    let rows = effects.into_iter().map(|new| ActiveModel {
        id: Set(new.id),
        workspace_id: Set(workspace),
        kind: Set(new.effect.kind().to_owned()),
        machine: Set(machine.to_owned()),
        machine_id: Set(new.machine_id),
        payload: Set(Json(new.effect)),
        state: Set(State::Ready.to_string()),
        attempt: Set(0),
        run_time: Set(new.run_time),
        lease_owner: Set(None),
        lease_until: Set(None),
        last_error: Set(String::new()),
        create_time: Set(now),
        update_time: Set(now),
        trace_parent: Set(trace_parent.clone()),
    });
    Entity::insert_many(rows).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Takes up to `limit` effects that are due, or whose worker died: sets the lease and counts the attempt before anything
/// leaves the process.
pub async fn claim(
    store: &Store,
    (owner, queue): (&str, Queue),
    limit: u64,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Claim>> {
    let txn = store.begin().await?;
    let (probes, attempts) = (Queue::PROBES.iter().copied(), Queue::ATTEMPTS.iter().copied());
    let mine = match queue {
        Queue::Work => Column::Kind.is_not_in(probes.chain(attempts)),
        Queue::Probes => Column::Kind.is_in(probes),
        Queue::Attempts => Column::Kind.is_in(attempts),
    };
    let ready = Condition::all().add(Column::State.eq(State::Ready.as_str())).add(Column::RunTime.lte(now));
    let lost = Condition::all().add(Column::State.eq(State::Leased.as_str())).add(Column::LeaseUntil.lte(now));
    let due: Vec<EffectId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Condition::any().add(ready).add(lost))
        .filter(mine)
        .order_by_asc(Column::RunTime)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&txn)
        .await
        .map_err(failed)?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Leased.as_str()))
        .col_expr(Column::LeaseOwner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(now + lease))
        .col_expr(Column::Attempt, Expr::cust("attempt + 1"))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::Id.is_in(due))
        .exec_with_returning(&txn)
        .await
        .map_err(failed)?;
    txn.commit().await.map_err(failed)?;
    Ok(claimed.into_iter().map(Claim::from).collect())
}

impl From<Model> for Claim {
    fn from(row: Model) -> Self {
        let trace_parent = row.trace_parent.and_then(|parent| parent.parse().ok());
        let (run_time, effect) = (row.run_time, row.payload.0);
        Self { id: row.id, workspace: row.workspace_id, attempt: row.attempt, effect, run_time, trace_parent }
    }
}

/// Ends a claim in the transaction that took in its outcome; `false` means that the lease was lost, and the caller must
/// roll back.
pub async fn end(
    txn: &DatabaseTransaction,
    claim: &Claim,
    state: State,
    last_error: &str,
    now: Timestamp,
) -> Result<bool> {
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::LastError, Expr::value(last_error))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .filter(Column::Id.eq(claim.id))
        .filter(Column::Attempt.eq(claim.attempt))
        .filter(Column::State.eq(State::Leased.as_str()));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

/// When the next effect is due, or the next lease ends.
pub async fn next_time(store: &Store) -> Result<Option<Timestamp>> {
    let ready = Entity::find()
        .select_only()
        .column_as(Column::RunTime.min(), "next")
        .filter(Column::State.eq(State::Ready.as_str()));
    let leased = Entity::find()
        .select_only()
        .column_as(Column::LeaseUntil.min(), "next")
        .filter(Column::State.eq(State::Leased.as_str()));
    let ready: Option<Option<Timestamp>> = ready.into_tuple().one(store.read()).await.map_err(failed)?;
    let leased: Option<Option<Timestamp>> = leased.into_tuple().one(store.read()).await.map_err(failed)?;
    Ok([ready.flatten(), leased.flatten()].into_iter().flatten().min())
}

/// How many wait for their time or are under way. Each state has its own partial index.
pub async fn open(store: &Store) -> Result<u64> {
    let in_state = async |state: State| {
        Entity::find().filter(Column::State.eq(state.as_str())).count(store.read()).await.map_err(failed)
    };
    Ok(in_state(State::Ready).await? + in_state(State::Leased).await?)
}

/// A page of the workspace's, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    state: Option<State>,
    resource: Option<Uuid>,
    ask: &Ask<EffectId>,
) -> Result<Page<Model, EffectId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(state) = state {
        select = select.filter(Column::State.eq(state.as_str()));
    }
    if let Some(resource) = resource {
        select = select.filter(Column::MachineId.eq(resource));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows, |effect| effect.id))
}

/// How long ended effects can be looked at.
const KEPT: Duration = Duration::days(30);
/// The same for pages of lists and for probes, of which there are many and each is like the other.
const PAGES_KEPT: Duration = Duration::days(1);

/// Forgets effects that ended long ago; at most `limit` rows at a time, so that nobody waits for long.
pub async fn prune<C: ConnectionTrait>(db: &C, now: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.is_in([State::Done.as_str(), State::Dead.as_str()]))
        .filter(old_enough(now))
        .limit(limit);
    let old: Vec<EffectId> = old.into_tuple().all(db).await.map_err(failed)?;
    if old.is_empty() {
        return Ok(0);
    }
    Ok(Entity::delete_many().filter(Column::Id.is_in(old)).exec(db).await.map_err(failed)?.rows_affected)
}

fn old_enough(now: Timestamp) -> Condition {
    let many = Queue::PROBES.iter().copied().chain(["list-calls"]);
    let page = Condition::all().add(Column::Kind.is_in(many)).add(Column::UpdateTime.lt(now - PAGES_KEPT));
    Condition::any().add(Column::UpdateTime.lt(now - KEPT)).add(page)
}
