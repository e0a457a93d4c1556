//! Sealing and opening: ties the keys of `secret` to the rows of `store`. What is opened is dropped after use; nothing
//! is cached in the clear.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Context, Journal};
use crate::{
    domain::{
        error::{Error, Result},
        id::WorkspaceId,
    },
    secret::{DataKey, Place},
    store::{Scope, entity, secret},
};

/// Where an account's credentials are sealed.
pub mod account {
    /// The primary auth token.
    pub const AUTH_TOKEN: &str = "auth_token";
    /// The secondary auth token.
    pub const SECONDARY_AUTH_TOKEN: &str = "secondary_auth_token";
    /// The API key's secret.
    pub const API_KEY_SECRET: &str = "api_key_secret";
    /// All of them.
    pub const COLUMNS: [&str; 3] = [AUTH_TOKEN, SECONDARY_AUTH_TOKEN, API_KEY_SECRET];

    /// The place of one of them.
    pub fn place(id: crate::domain::id::AccountId, column: &'static str) -> crate::secret::Place {
        crate::secret::Place { table: "account", row: id.uuid(), column }
    }
}

/// The place of an agent's own API key.
pub fn agent_api_key(id: crate::domain::id::AgentId) -> Place {
    Place { table: "agent", row: id.uuid(), column: "api_key" }
}

/// The place of a calendar's address.
pub fn calendar_url(id: crate::domain::id::CalendarFeedId) -> Place {
    Place { table: "calendar_feed", row: id.uuid(), column: "url" }
}

/// Seals a value in place of what was there.
pub async fn seal(journal: &Journal<'_>, place: Place, value: &SecretString) -> Result<()> {
    let key = active_key(journal.ctx(), journal.txn(), journal.workspace).await?;
    secret::put(journal.txn(), sealed(journal, &key, place, value)).await
}

/// Seals many new values with one look at the keys.
pub async fn seal_many(journal: &Journal<'_>, values: &[(Place, SecretString)]) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let key = active_key(journal.ctx(), journal.txn(), journal.workspace).await?;
    let rows = values.iter().map(|(place, value)| {
        sealed(journal, &key, Place { table: place.table, row: place.row, column: place.column }, value)
    });
    secret::put_many(journal.txn(), rows.collect()).await
}

fn sealed(journal: &Journal<'_>, key: &DataKey, place: Place, value: &SecretString) -> entity::secret::Model {
    entity::secret::Model {
        id: journal.ctx().ids.next(),
        workspace_id: journal.workspace,
        owner_table: place.table.to_owned(),
        owner_id: place.row,
        owner_column: place.column.to_owned(),
        data_key_id: key.id(),
        sealed: key.seal(&place, value),
        set_time: journal.now,
    }
}

/// The key that seals new values of a workspace; made on its first secret.
pub async fn active_key(ctx: &Context, txn: &DatabaseTransaction, workspace: WorkspaceId) -> Result<DataKey> {
    let stored = secret::data_keys(&Scope::new(txn, workspace)).await?;
    if let Some(row) = stored.into_iter().find(|row| row.active) {
        return unwrap(ctx, &row);
    }
    // Two replicas may both find none; the lock lets one of them make it.
    crate::store::workspace::lock(txn, workspace).await?;
    let again = secret::data_keys(&Scope::new(txn, workspace)).await?;
    match again.into_iter().find(|row| row.active) {
        Some(row) => unwrap(ctx, &row),
        None => add_key(ctx, txn, workspace).await,
    }
}

/// Adds a fresh active data key.
pub async fn add_key(ctx: &Context, txn: &DatabaseTransaction, workspace: WorkspaceId) -> Result<DataKey> {
    let key = DataKey::generate(ctx.ids.next(), workspace);
    let wrapped = ctx.keys.wrap(&key);
    let row = entity::data_key::Model {
        id: key.id(),
        workspace_id: workspace,
        master_key_id: wrapped.master_key_id,
        wrapped: wrapped.bytes,
        active: true,
        create_time: ctx.clock.now(),
    };
    secret::add_data_key(txn, row).await?;
    Ok(key)
}

fn unwrap(ctx: &Context, row: &entity::data_key::Model) -> Result<DataKey> {
    ctx.keys.unwrap(row.workspace_id, row.id, &row.wrapped).map_err(Error::internal)
}

/// The opened values of some owners.
pub struct Opened(HashMap<(Uuid, String), SecretString>);

impl Opened {
    /// Takes one of them.
    pub fn take(&mut self, place: &Place) -> Option<SecretString> {
        self.0.remove(&(place.row, place.column.to_owned()))
    }
}

/// Opens every value of these owners.
pub async fn open<C: ConnectionTrait>(ctx: &Context, db: &C, owners: Vec<Uuid>) -> Result<Opened> {
    let rows = secret::of_owners(db, owners).await?;
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.data_key_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let stored = secret::data_keys_by_ids(db, ids).await?;
    let keys = stored.iter().map(|row| Ok((row.id, unwrap(ctx, row)?))).collect::<Result<HashMap<_, _>>>()?;
    let mut opened = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = keys.get(&row.data_key_id).ok_or_else(|| Error::internal("a sealed value without its data key"))?;
        let value = open_row(key, &row)?;
        opened.insert((row.owner_id, row.owner_column), value);
    }
    Ok(Opened(opened))
}

/// Opens one row.
pub fn open_row(key: &DataKey, row: &entity::secret::Model) -> Result<SecretString> {
    key.open(&place_of(row)?, &row.sealed).map_err(Error::internal)
}

/// The place a row stands for. Closed: a place that nobody seals into is not opened.
pub fn place_of(row: &entity::secret::Model) -> Result<Place> {
    let known = [("account", account::AUTH_TOKEN), ("account", account::SECONDARY_AUTH_TOKEN)];
    let known = known.into_iter().chain([("account", account::API_KEY_SECRET), ("agent", "api_key")]);
    let known = known.chain([("calendar_feed", "url")]);
    for (table, column) in known {
        if row.owner_table == table && row.owner_column == column {
            return Ok(Place { table, row: row.owner_id, column });
        }
    }
    Err(Error::internal("a sealed value in a place we do not know"))
}
