//! Accounts: rows and queries.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{
    Kept, Scope,
    entity::account::{ActiveModel, Column, Entity, Model},
    entity::phone_number,
    failed, many,
    page::{Ask, Page},
    value::Json,
    word, word_or_none,
};
use crate::domain::{
    account::{Account, Credentials, Role, Status},
    error::Result,
    id::{AccountId, WorkspaceId},
    machine::Machine,
    sid::AccountSid,
    time::Timestamp,
};

impl TryFrom<Model> for Account {
    type Error = crate::domain::error::Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            display_name: row.display_name,
            account_sid: word("account.account_sid", &row.account_sid)?,
            parent_id: row.parent_id,
            role: word("account.role", &row.role)?,
            backup_order: row.backup_order,
            region: row.region,
            edge_location: row.edge_location,
            api_base_url: row.api_base_url,
            status: word("account.status", &row.status)?,
            status_reason: row.status_reason,
            credentials: Credentials {
                auth_token_time: row.auth_token_time,
                secondary_auth_token_time: row.secondary_auth_token_time,
                api_key_sid: word_or_none("account.api_key_sid", row.api_key_sid.as_ref())?,
            },
            verify_time: row.verify_time,
            proof: row.proof.0,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(account: &Account) -> ActiveModel {
    ActiveModel {
        id: Set(account.id),
        workspace_id: Set(account.workspace_id),
        display_name: Set(account.display_name.clone()),
        account_sid: Set(account.account_sid.to_string()),
        parent_id: Set(account.parent_id),
        role: Set(account.role.to_string()),
        backup_order: Set(account.backup_order),
        region: Set(account.region.clone()),
        edge_location: Set(account.edge_location.clone()),
        api_base_url: Set(account.api_base_url.clone()),
        status: Set(account.status.to_string()),
        status_reason: Set(account.status_reason.clone()),
        api_key_sid: Set(account.credentials.api_key_sid.as_ref().map(ToString::to_string)),
        auth_token_time: Set(account.credentials.auth_token_time),
        secondary_auth_token_time: Set(account.credentials.secondary_auth_token_time),
        verify_time: Set(account.verify_time),
        proof: Set(Json(account.proof.clone())),
        wake_time: Set(account.deadline()),
        version: Set(account.version),
        create_time: Set(account.create_time),
        update_time: Set(account.update_time),
    }
}

#[async_trait]
impl Kept for Account {
    type Id = AccountId;
    const MACHINE: &'static str = "account";
    const NOUN: &'static str = "account";

    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: AccountId) -> Result<Option<Self>> {
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

/// What a list of accounts is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this role.
    pub role: Option<Role>,
    /// Only this SID.
    pub account_sid: Option<AccountSid>,
    /// Only subaccounts of this account.
    pub parent_id: Option<AccountId>,
}

/// Adds new accounts.
pub async fn insert(txn: &DatabaseTransaction, accounts: &[Account]) -> Result<()> {
    Entity::insert_many(accounts.iter().map(row)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AccountId) -> Result<Option<Account>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(Account::try_from).transpose()
}

/// Reads those of `ids` that exist here.
pub async fn by_ids<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<AccountId>) -> Result<Vec<Account>> {
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::Id.is_in(ids));
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Account::try_from).collect()
}

/// Which of these SIDs some workspace already has. Across workspaces: a SID has one owner.
pub async fn taken_sids<C: ConnectionTrait>(db: &C, sids: &[AccountSid]) -> Result<Vec<String>> {
    let sids: Vec<&str> = sids.iter().map(AccountSid::as_str).collect();
    let found = Entity::find().select_only().column(Column::AccountSid).filter(Column::AccountSid.is_in(sids));
    found.into_tuple().all(db).await.map_err(failed)
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<AccountId>,
) -> Result<Page<Account, AccountId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(status) = filter.status {
        select = select.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(role) = filter.role {
        select = select.filter(Column::Role.eq(role.as_str()));
    }
    if let Some(sid) = &filter.account_sid {
        select = select.filter(Column::AccountSid.eq(sid.as_str()));
    }
    if let Some(parent) = filter.parent_id {
        select = select.filter(Column::ParentId.eq(parent));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let accounts = rows.into_iter().map(Account::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(accounts, |account| account.id))
}

/// The primary account, if there is one.
pub async fn primary<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Option<Account>> {
    let found =
        Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::Role.eq(Role::Primary.as_str()));
    found.one(scope.db).await.map_err(failed)?.map(Account::try_from).transpose()
}

/// The backup accounts that have backup numbers, in the order in which they are tried. Every account but one has the role,
/// such as thousands of customers' subaccounts.
pub async fn backups<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Vec<Account>> {
    let stocked = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::AccountId)
        .filter(phone_number::Column::WorkspaceId.eq(scope.workspace))
        .filter(phone_number::Column::PoolState.is_not_null());
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Role.eq(Role::Backup.as_str()))
        .filter(Column::Id.in_subquery(stocked.into_query()))
        .order_by_asc(Column::BackupOrder)
        .order_by_asc(Column::Id);
    found.all(scope.db).await.map_err(failed)?.into_iter().map(Account::try_from).collect()
}

/// How many subaccounts it has here.
pub async fn count_children<C: ConnectionTrait>(scope: &Scope<'_, C>, id: AccountId) -> Result<u64> {
    Entity::find().filter(Column::ParentId.eq(id)).count(scope.db).await.map_err(failed)
}

/// How many numbers each of these accounts has.
pub async fn count_numbers<C: ConnectionTrait>(db: &C, ids: &[AccountId]) -> Result<Vec<(AccountId, i64)>> {
    let counted = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::AccountId)
        .column_as(phone_number::Column::Id.count(), "numbers")
        .filter(phone_number::Column::AccountId.is_in(ids.iter().copied()))
        .group_by(phone_number::Column::AccountId);
    counted.into_tuple().all(db).await.map_err(failed)
}

/// Deletes it.
pub async fn delete(txn: &DatabaseTransaction, id: AccountId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Those that want to be woken by `now`, the most overdue first.
pub async fn due<C: ConnectionTrait>(
    db: &C,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<(WorkspaceId, AccountId, Timestamp)>> {
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

/// A chunk of all accounts of all workspaces, for the edges' snapshot.
pub async fn everywhere<C: ConnectionTrait>(db: &C, after: Option<AccountId>, limit: u64) -> Result<Vec<Account>> {
    let mut select = Entity::find().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    select.all(db).await.map_err(failed)?.into_iter().map(Account::try_from).collect()
}

/// Which account and workspace each of these SIDs stands for: the hot path's way from a signature to a tenant.
pub async fn signers<C: ConnectionTrait>(db: &C, sids: Vec<String>) -> Result<Vec<(String, AccountId, WorkspaceId)>> {
    let found = Entity::find()
        .select_only()
        .column(Column::AccountSid)
        .column(Column::Id)
        .column(Column::WorkspaceId)
        .filter(Column::AccountSid.is_in(many::padded(sids)));
    found.into_tuple().all(db).await.map_err(failed)
}

/// Accounts by their ids, of whatever workspace: for the edges.
pub async fn any_of<C: ConnectionTrait>(db: &C, ids: Vec<AccountId>) -> Result<Vec<Account>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::Id.is_in(ids));
    found.all(db).await.map_err(failed)?.into_iter().map(Account::try_from).collect()
}
