//! Which accounts take part in an open failover.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};

use crate::{
    domain::{
        error::Result,
        id::{AccountId, FailoverId},
    },
    store::{
        entity::failover_claim::{ActiveModel, Column, Entity},
        failed,
    },
};

/// Takes an account for a failover; says whether it is theirs now.
pub async fn take(txn: &DatabaseTransaction, account: AccountId, failover: FailoverId) -> Result<bool> {
    let row = ActiveModel { account_id: Set(account), failover_id: Set(failover) };
    let taken = OnConflict::column(Column::AccountId).do_nothing().to_owned();
    Entity::insert_many([row]).on_conflict(taken).exec_without_returning(txn).await.map_err(failed)?;
    Ok(holder(txn, account).await? == Some(failover))
}

/// The open failover that an account takes part in.
pub async fn holder<C: ConnectionTrait>(db: &C, account: AccountId) -> Result<Option<FailoverId>> {
    let found = Entity::find_by_id(account).one(db).await.map_err(failed)?;
    Ok(found.map(|claim| claim.failover_id))
}

/// The open failovers that these accounts take part in.
pub async fn holders<C: ConnectionTrait>(db: &C, accounts: Vec<AccountId>) -> Result<Vec<(AccountId, FailoverId)>> {
    let found = Entity::find().filter(Column::AccountId.is_in(accounts)).all(db).await.map_err(failed)?;
    Ok(found.into_iter().map(|claim| (claim.account_id, claim.failover_id)).collect())
}

/// Lets go of what a failover has, `except` one account.
pub async fn release(txn: &DatabaseTransaction, failover: FailoverId, except: Option<AccountId>) -> Result<()> {
    let mut delete = Entity::delete_many().filter(Column::FailoverId.eq(failover));
    if let Some(account) = except {
        delete = delete.filter(Column::AccountId.ne(account));
    }
    delete.exec(txn).await.map_err(failed)?;
    Ok(())
}
