//! What limits whatever goes out: the workspace's policy, how often somebody was rung, and when an account may call again.

use chrono::{DateTime, Duration};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use super::{
    Scope,
    entity::{account_pace as pace, call_slot as slot, outbound_policy as policy},
    failed,
    value::Json,
};
use crate::domain::{
    attempt::Lane,
    error::Result,
    id::{AccountId, AttemptId},
    outbound::Policy,
    time::Timestamp,
};

impl From<policy::Model> for Policy {
    fn from(row: policy::Model) -> Self {
        Self {
            workspace_id: row.workspace_id,
            stopped: row.stopped,
            stop_reason: row.stop_reason,
            stop_time: row.stop_time,
            limits: row.limits.0,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        }
    }
}

fn row(held: &Policy) -> policy::ActiveModel {
    policy::ActiveModel {
        workspace_id: Set(held.workspace_id),
        stopped: Set(held.stopped),
        stop_reason: Set(held.stop_reason.clone()),
        stop_time: Set(held.stop_time),
        limits: Set(Json(held.limits.clone())),
        version: Set(held.version),
        create_time: Set(held.create_time),
        update_time: Set(held.update_time),
    }
}

/// The policy of a workspace, or the defaults.
pub async fn policy<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Policy> {
    let row = policy::Entity::find_by_id(scope.workspace).one(scope.db).await.map_err(failed)?;
    // The defaults were never stored, so they have no time of their own.
    Ok(row.map_or_else(|| Policy::new(scope.workspace, DateTime::UNIX_EPOCH), Policy::from))
}

/// The same for change: whoever else wants to change it waits until the transaction ends.
pub async fn lock(scope: &Scope<'_, DatabaseTransaction>, now: Timestamp) -> Result<Policy> {
    let defaults = Policy::new(scope.workspace, now);
    let there = OnConflict::column(policy::Column::WorkspaceId).do_nothing().to_owned();
    let insert = policy::Entity::insert_many([row(&defaults)]).on_conflict(there);
    insert.exec_without_returning(scope.db).await.map_err(failed)?;
    let found = policy::Entity::find_by_id(scope.workspace).lock(LockType::NoKeyUpdate);
    Ok(found.one(scope.db).await.map_err(failed)?.map_or(defaults, Policy::from))
}

/// Saves it; it is locked by whoever does.
pub async fn save(txn: &DatabaseTransaction, held: &Policy) -> Result<()> {
    let update = policy::Entity::update_many().set(row(held));
    update.filter(policy::Column::WorkspaceId.eq(held.workspace_id)).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// How often this person was rung about this event, or may have been.
pub async fn calls_made<C: ConnectionTrait>(scope: &Scope<'_, C>, event: &str, person: &str) -> Result<u32> {
    let made = slot::Entity::find()
        .filter(slot::Column::WorkspaceId.eq(scope.workspace))
        .filter(slot::Column::EventKey.eq(event))
        .filter(slot::Column::PersonKey.eq(person));
    Ok(u32::try_from(made.count(scope.db).await.map_err(failed)?).unwrap_or(u32::MAX))
}

/// Counts one more ring; `false` when somebody else took that place.
pub async fn take_slot(
    scope: &Scope<'_, DatabaseTransaction>,
    id: Uuid,
    (event, person, number): (&str, &str, u32),
    attempt: AttemptId,
) -> Result<bool> {
    let row = slot::ActiveModel {
        id: Set(id),
        workspace_id: Set(scope.workspace),
        event_key: Set(event.to_owned()),
        person_key: Set(person.to_owned()),
        slot: Set(number.into()),
        attempt_id: Set(attempt),
    };
    let columns = [slot::Column::WorkspaceId, slot::Column::EventKey, slot::Column::PersonKey, slot::Column::Slot];
    let taken = OnConflict::columns(columns).do_nothing().to_owned();
    let insert = slot::Entity::insert_many([row]).on_conflict(taken);
    Ok(insert.exec_without_returning(scope.db).await.map_err(failed)? == 1)
}

/// The first moment at which an account may begin a call of this lane, and takes it if that is now. Who must be reached
/// waits behind its like alone; others wait behind everybody, so that they give way within one call's time.
pub async fn take_turn(
    txn: &DatabaseTransaction,
    account: AccountId,
    (lane, per_second): (Lane, u32),
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let apart = Duration::milliseconds(1_000 / i64::from(per_second.max(1)));
    let mut turns = lock_turns(txn, account, now).await?;
    let turn = match lane {
        _ if turns.free_time <= now => {
            turns.free_time = now + apart;
            None
        }
        Lane::Escalation => {
            let turn = turns.free_time.max(turns.urgent_time);
            turns.urgent_time = turn + apart;
            Some(turn)
        }
        Lane::Normal => {
            let turn = turns.free_time.max(turns.urgent_time).max(turns.normal_time);
            turns.normal_time = turn + apart;
            Some(turn)
        }
    };
    let update = pace::Entity::update_many().set(pace::ActiveModel {
        account_id: Set(account),
        free_time: Set(turns.free_time),
        urgent_time: Set(turns.urgent_time),
        normal_time: Set(turns.normal_time),
    });
    update.filter(pace::Column::AccountId.eq(account)).exec(txn).await.map_err(failed)?;
    Ok(turn)
}

async fn lock_turns(txn: &DatabaseTransaction, account: AccountId, now: Timestamp) -> Result<pace::Model> {
    let fresh = pace::Model { account_id: account, free_time: now, urgent_time: now, normal_time: now };
    let there = OnConflict::column(pace::Column::AccountId).do_nothing().to_owned();
    let insert = pace::Entity::insert_many([pace::ActiveModel::from(fresh.clone()).reset_all()]).on_conflict(there);
    insert.exec_without_returning(txn).await.map_err(failed)?;
    let found = pace::Entity::find_by_id(account).lock(LockType::NoKeyUpdate).one(txn).await.map_err(failed)?;
    Ok(found.unwrap_or(fresh))
}
