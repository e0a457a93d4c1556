//! Policies of workspaces: rows and queries. A workspace without a row has the defaults.

use chrono::DateTime;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};

use super::{
    Scope,
    entity::monitor_policy::{ActiveModel, Column, Entity, Model},
    failed,
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    money::Money,
    monitor::Policy,
    seconds::Seconds,
    time::Timestamp,
};

impl TryFrom<Model> for Policy {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            workspace_id: row.workspace_id,
            cadence: seconds(row.cadence_seconds)?,
            balance_floor: Money {
                currency: word("balance_floor_currency", &row.balance_floor_currency)?,
                micros: row.balance_floor_micros,
            },
            approval_window: seconds(row.approval_window_seconds)?,
            on_expiry: word("on_expiry", &row.on_expiry)?,
            automatic: row.automatic,
            second_approver: row.second_approver,
            repair_drift: row.repair_drift,
            recipients: row.recipients.0,
            allowed_countries: row.allowed_countries.0,
            blocked_countries: row.blocked_countries.0,
            probes_kept: seconds(row.probes_kept_seconds)?,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn seconds(stored: i64) -> Result<Seconds> {
    u32::try_from(stored).map(Seconds).map_err(Error::internal)
}

fn row(policy: &Policy) -> ActiveModel {
    let seconds = |seconds: Seconds| Set(i64::from(seconds.get()));
    ActiveModel {
        workspace_id: Set(policy.workspace_id),
        cadence_seconds: seconds(policy.cadence),
        balance_floor_currency: Set(policy.balance_floor.currency.to_string()),
        balance_floor_micros: Set(policy.balance_floor.micros),
        approval_window_seconds: seconds(policy.approval_window),
        on_expiry: Set(policy.on_expiry.to_string()),
        automatic: Set(policy.automatic),
        second_approver: Set(policy.second_approver),
        repair_drift: Set(policy.repair_drift),
        recipients: Set(Json(policy.recipients.clone())),
        allowed_countries: Set(Json(policy.allowed_countries.clone())),
        blocked_countries: Set(Json(policy.blocked_countries.clone())),
        probes_kept_seconds: seconds(policy.probes_kept),
        version: Set(policy.version),
        create_time: Set(policy.create_time),
        update_time: Set(policy.update_time),
    }
}

/// The policy of a workspace, or the defaults.
pub async fn of<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Policy> {
    let row = Entity::find_by_id(scope.workspace).one(scope.db).await.map_err(failed)?;
    // The defaults were never stored, so they have no time of their own.
    row.map_or_else(|| Ok(Policy::new(scope.workspace, DateTime::UNIX_EPOCH)), Policy::try_from)
}

/// The same for change: whoever else wants to change it waits until the transaction ends.
pub async fn lock(scope: &Scope<'_, DatabaseTransaction>, now: Timestamp) -> Result<Policy> {
    let defaults = Policy::new(scope.workspace, now);
    let there = OnConflict::column(Column::WorkspaceId).do_nothing().to_owned();
    Entity::insert(row(&defaults)).on_conflict(there).exec_without_returning(scope.db).await.map_err(failed)?;
    let row = Entity::find_by_id(scope.workspace).lock_exclusive().one(scope.db).await.map_err(failed)?;
    row.map_or(Ok(defaults), Policy::try_from)
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, policy: &Policy, seen: i64) -> Result<bool> {
    let update = Entity::update_many()
        .set(row(policy))
        .filter(Column::WorkspaceId.eq(policy.workspace_id))
        .filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}
