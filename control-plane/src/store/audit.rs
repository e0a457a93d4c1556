//! The audit chain of each workspace: every entry holds the hash of the one before.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use super::{
    Scope,
    entity::{
        audit::{ActiveModel, Column, Entity, Model},
        audit_head,
    },
    failed,
    page::{Ask, Page},
};
use crate::domain::{
    error::{Error, Result},
    id::{AuditId, WorkspaceId},
    time::Timestamp,
};

/// The hash before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

/// An entry, not yet chained.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: AuditId,
    /// Who.
    pub actor: String,
    /// What was called.
    pub method: String,
    /// What it changed.
    pub resource: String,
    /// What was asked; no secret, numbers masked.
    pub request: serde_json::Value,
}

/// Chains and adds entries, in the transaction they describe. The head row is locked until it ends.
pub async fn append(
    txn: &DatabaseTransaction,
    workspace: WorkspaceId,
    entries: Vec<Entry>,
    now: Timestamp,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let head = locked_head(txn, workspace).await?;
    let (mut sequence, mut hash) = (head.sequence, head.hash);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        sequence += 1;
        let mut row = Model {
            id: entry.id,
            workspace_id: workspace,
            sequence,
            create_time: now,
            actor: entry.actor,
            method: entry.method,
            resource_id: entry.resource,
            request: entry.request.to_string(),
            previous_hash: hash,
            hash: Vec::new(),
        };
        row.hash = digest(&row);
        hash = row.hash.clone();
        rows.push(ActiveModel::from(row));
    }
    // `From<Model>` marks columns as unchanged; an insert writes them only once they are set.
    let rows = rows.into_iter().map(sea_orm::IntoActiveModel::into_active_model).map(reset);
    Entity::insert_many(rows).exec_without_returning(txn).await.map_err(failed)?;
    let moved = audit_head::ActiveModel { sequence: Set(sequence), hash: Set(hash), ..Default::default() };
    let update = audit_head::Entity::update_many().set(moved).filter(audit_head::Column::WorkspaceId.eq(workspace));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}

fn reset(row: ActiveModel) -> ActiveModel {
    use sea_orm::ActiveModelTrait;
    row.reset_all()
}

async fn locked_head(txn: &DatabaseTransaction, workspace: WorkspaceId) -> Result<audit_head::Model> {
    let first = audit_head::ActiveModel { workspace_id: Set(workspace), sequence: Set(0), hash: Set(GENESIS.to_vec()) };
    let conflict = OnConflict::column(audit_head::Column::WorkspaceId).do_nothing().to_owned();
    audit_head::Entity::insert(first).on_conflict(conflict).exec_without_returning(txn).await.map_err(failed)?;
    let head = audit_head::Entity::find_by_id(workspace).lock_exclusive().one(txn).await.map_err(failed)?;
    head.ok_or_else(|| Error::internal("the head of the audit chain vanished"))
}

/// SHA-256 over every field, each with its length, so that no two entries can share a text.
pub fn digest(row: &Model) -> Vec<u8> {
    let mut hasher = Sha256::new();
    let sequence = row.sequence.to_string();
    let time = row.create_time.timestamp_micros().to_string();
    let workspace = row.workspace_id.to_string();
    let fields = [
        workspace.as_bytes(),
        sequence.as_bytes(),
        time.as_bytes(),
        row.actor.as_bytes(),
        row.method.as_bytes(),
        row.resource_id.as_bytes(),
        row.request.as_bytes(),
        &row.previous_hash,
    ];
    for field in fields {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().to_vec()
}

/// Entries after a number, in order: for the check of the chain.
pub async fn after<C: ConnectionTrait>(scope: &Scope<'_, C>, after: i64, limit: u64) -> Result<Vec<Model>> {
    let select = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Sequence.gt(after))
        .order_by_asc(Column::Sequence)
        .limit(limit);
    select.all(scope.db).await.map_err(failed)
}

/// The end of the chain as it was last written.
pub async fn head<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Option<audit_head::Model>> {
    audit_head::Entity::find_by_id(scope.workspace).one(scope.db).await.map_err(failed)
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    resource: Option<&str>,
    actor: Option<&str>,
    ask: &Ask<i64>,
) -> Result<Page<Model, i64>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Sequence);
    if let Some(after) = ask.after {
        select = select.filter(Column::Sequence.lt(after));
    }
    if let Some(resource) = resource {
        select = select.filter(Column::ResourceId.eq(resource));
    }
    if let Some(actor) = actor {
        select = select.filter(Column::Actor.eq(actor));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows, |entry| entry.sequence))
}
