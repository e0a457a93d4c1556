//! Media stream tokens that were redeemed: each opens its call once.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    entity::stream_token::{ActiveModel, Column, Entity},
    failed,
};
use crate::domain::{error::Result, id::CallId, time::Timestamp};

/// Redeems a token; `false` when it was redeemed before.
pub async fn redeem(
    txn: &DatabaseTransaction,
    nonce: Uuid,
    call: CallId,
    expires: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let row = ActiveModel { nonce: Set(nonce), call_id: Set(call), redeem_time: Set(now), expire_time: Set(expires) };
    let known = OnConflict::column(Column::Nonce).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(known).exec_without_returning(txn).await.map_err(failed)? == 1)
}

/// Forgets those that no one could redeem any more.
pub async fn prune<C: ConnectionTrait>(db: &C, now: Timestamp) -> Result<u64> {
    let old = Entity::delete_many().filter(Column::ExpireTime.lt(now - chrono::Duration::hours(1)));
    Ok(old.exec(db).await.map_err(failed)?.rows_affected)
}
