//! Sealed values and the wrapped keys that open them: rows and queries. Nothing here can open anything.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    Scope,
    entity::{data_key, key_check, secret},
    failed,
};
use crate::domain::{error::Result, id::WorkspaceId, time::Timestamp};

/// Stores a sealed value, in place of one that was there.
pub async fn put(txn: &DatabaseTransaction, row: secret::Model) -> Result<()> {
    let row = secret::ActiveModel {
        id: Set(row.id),
        workspace_id: Set(row.workspace_id),
        owner_table: Set(row.owner_table),
        owner_id: Set(row.owner_id),
        owner_column: Set(row.owner_column),
        data_key_id: Set(row.data_key_id),
        sealed: Set(row.sealed),
        set_time: Set(row.set_time),
    };
    let replace = OnConflict::columns([secret::Column::OwnerId, secret::Column::OwnerColumn])
        .update_columns([secret::Column::DataKeyId, secret::Column::Sealed, secret::Column::SetTime])
        .to_owned();
    secret::Entity::insert(row).on_conflict(replace).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Adds many sealed values that are all new.
pub async fn put_many(txn: &DatabaseTransaction, rows: Vec<secret::Model>) -> Result<()> {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    secret::Entity::insert_many(rows).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// The sealed values of these owners.
pub async fn of_owners<C: ConnectionTrait>(db: &C, owners: Vec<Uuid>) -> Result<Vec<secret::Model>> {
    let found = secret::Entity::find().filter(secret::Column::OwnerId.is_in(owners));
    found.all(db).await.map_err(failed)
}

/// Forgets one value.
pub async fn forget(txn: &DatabaseTransaction, owner: Uuid, column: &str) -> Result<()> {
    let delete = secret::Entity::delete_many()
        .filter(secret::Column::OwnerId.eq(owner))
        .filter(secret::Column::OwnerColumn.eq(column));
    delete.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Forgets every value of an owner.
pub async fn forget_all(txn: &DatabaseTransaction, owner: Uuid) -> Result<()> {
    secret::Entity::delete_many().filter(secret::Column::OwnerId.eq(owner)).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Adds a wrapped data key.
pub async fn add_data_key(txn: &DatabaseTransaction, key: data_key::Model) -> Result<()> {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    let row = key.into_active_model().reset_all();
    data_key::Entity::insert(row).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// The data keys of a workspace, the active one first.
pub async fn data_keys<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Vec<data_key::Model>> {
    let found = data_key::Entity::find()
        .filter(data_key::Column::WorkspaceId.eq(scope.workspace))
        .order_by_desc(data_key::Column::Active)
        .order_by_desc(data_key::Column::Id);
    found.all(scope.db).await.map_err(failed)
}

/// Data keys by their ids.
pub async fn data_keys_by_ids<C: ConnectionTrait>(db: &C, ids: Vec<Uuid>) -> Result<Vec<data_key::Model>> {
    data_key::Entity::find().filter(data_key::Column::Id.is_in(ids)).all(db).await.map_err(failed)
}

/// Workspaces whose active data key is wrapped by another master key than this one.
pub async fn behind<C: ConnectionTrait>(db: &C, master_key_id: &str, limit: u64) -> Result<Vec<WorkspaceId>> {
    let found = data_key::Entity::find()
        .select_only()
        .column(data_key::Column::WorkspaceId)
        .filter(data_key::Column::Active.eq(true))
        .filter(data_key::Column::MasterKeyId.ne(master_key_id))
        .order_by_asc(data_key::Column::WorkspaceId)
        .limit(limit);
    found.into_tuple().all(db).await.map_err(failed)
}

/// Takes the active mark off the data keys of a workspace.
pub async fn retire_data_keys(txn: &DatabaseTransaction, workspace: WorkspaceId) -> Result<()> {
    let update = data_key::Entity::update_many()
        .set(data_key::ActiveModel { active: Set(false), ..Default::default() })
        .filter(data_key::Column::WorkspaceId.eq(workspace));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Values that a retired data key still seals, a chunk of them, locked.
pub async fn under_retired_keys(txn: &DatabaseTransaction, limit: u64) -> Result<Vec<secret::Model>> {
    let retired =
        data_key::Entity::find().select_only().column(data_key::Column::Id).filter(data_key::Column::Active.eq(false));
    let retired: Vec<Uuid> = retired.into_tuple().all(txn).await.map_err(failed)?;
    let found = secret::Entity::find().filter(secret::Column::DataKeyId.is_in(retired)).limit(limit).lock_exclusive();
    found.all(txn).await.map_err(failed)
}

/// Forgets retired data keys that seal nothing any more; says how many.
pub async fn drop_unused_data_keys(txn: &DatabaseTransaction) -> Result<u64> {
    use sea_orm::sea_query::Query;
    let used = Query::select().column(secret::Column::DataKeyId).from(secret::Entity).to_owned();
    let delete = data_key::Entity::delete_many()
        .filter(data_key::Column::Active.eq(false))
        .filter(data_key::Column::Id.not_in_subquery(used));
    Ok(delete.exec(txn).await.map_err(failed)?.rows_affected)
}

/// The stored key checks.
pub async fn key_checks<C: ConnectionTrait>(db: &C) -> Result<Vec<key_check::Model>> {
    key_check::Entity::find().all(db).await.map_err(failed)
}

/// Stores the check of a master key, unless it is there.
pub async fn add_key_check(
    txn: &DatabaseTransaction,
    master_key_id: &str,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Result<()> {
    let row = key_check::ActiveModel {
        master_key_id: Set(master_key_id.to_owned()),
        sealed: Set(sealed),
        create_time: Set(now),
    };
    let conflict = OnConflict::column(key_check::Column::MasterKeyId).do_nothing().to_owned();
    key_check::Entity::insert(row).on_conflict(conflict).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// How many data keys and how many values still need another master key than this one.
pub async fn left_behind<C: ConnectionTrait>(db: &C, master_key_id: &str) -> Result<(u64, u64)> {
    use sea_orm::PaginatorTrait;
    let behind: Vec<Uuid> = data_key::Entity::find()
        .select_only()
        .column(data_key::Column::Id)
        .filter(data_key::Column::MasterKeyId.ne(master_key_id))
        .into_tuple()
        .all(db)
        .await
        .map_err(failed)?;
    let keys = u64::try_from(behind.len()).unwrap_or(u64::MAX);
    let values =
        secret::Entity::find().filter(secret::Column::DataKeyId.is_in(behind)).count(db).await.map_err(failed)?;
    Ok((keys, values))
}

/// Forgets the checks of master keys that wrap nothing any more, so that they may leave the setting.
pub async fn forget_key_checks(txn: &DatabaseTransaction, master_key_id: &str) -> Result<()> {
    use sea_orm::sea_query::Query;
    let used = Query::select().column(data_key::Column::MasterKeyId).from(data_key::Entity).to_owned();
    let delete = key_check::Entity::delete_many()
        .filter(key_check::Column::MasterKeyId.ne(master_key_id))
        .filter(key_check::Column::MasterKeyId.not_in_subquery(used));
    delete.exec(txn).await.map_err(failed)?;
    Ok(())
}
