//! The do-not-call list: rows and queries. One entry a number, which the database enforces.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{
    Scope,
    entity::{
        dnc_entry::{ActiveModel, Column, Entity, Model},
        dnc_list,
    },
    failed, many,
    page::{Ask, Page},
    word,
};
use crate::domain::{
    dnc::{DncEntry, Source},
    e164::E164,
    error::{Error, Result},
    id::{DncEntryId, WorkspaceId},
    time::Timestamp,
};

/// SQLite takes 32,766 values a statement; a row has six.
const ROWS_AT_ONCE: usize = 2_000;

impl TryFrom<Model> for DncEntry {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            phone_number: word("dnc_entry.phone_number", &row.phone_number)?,
            reason: row.reason,
            source: word("dnc_entry.source", &row.source)?,
            create_time: row.create_time,
        })
    }
}

fn row(entry: &DncEntry) -> ActiveModel {
    ActiveModel {
        id: Set(entry.id),
        workspace_id: Set(entry.workspace_id),
        phone_number: Set(entry.phone_number.as_str().to_owned()),
        reason: Set(entry.reason.clone()),
        source: Set(entry.source.to_string()),
        create_time: Set(entry.create_time),
    }
}

/// Adds entries and says how many were new; a number that is on the list keeps the entry it has, which what its owner wrote
/// ends only as long as nobody else wants it there. Numbers come in order, so that two who add many at once wait for each
/// other instead of locking each other out.
pub async fn add(txn: &DatabaseTransaction, entries: &[DncEntry]) -> Result<u64> {
    let mut added = 0;
    for some in entries.chunks(ROWS_AT_ONCE) {
        hold(txn, some).await?;
        let listed = OnConflict::columns([Column::WorkspaceId, Column::PhoneNumber]).do_nothing().to_owned();
        added += many::insert(txn, some.iter().map(row).collect(), Some(listed)).await?;
    }
    Ok(added)
}

/// What is there because of a STOP is there for another reason as well from now on. The entries are one list's.
async fn hold(txn: &DatabaseTransaction, entries: &[DncEntry]) -> Result<()> {
    let Some(DncEntry { workspace_id, source, .. }) = entries.first() else { return Ok(()) };
    if *source == Source::SmsStop {
        return Ok(());
    }
    let numbers = entries.iter().map(|entry| entry.phone_number.as_str());
    let update = Entity::update_many()
        .col_expr(Column::Source, Expr::value(source.as_str()))
        .filter(Column::WorkspaceId.eq(*workspace_id))
        .filter(Column::Source.eq(Source::SmsStop.as_str()))
        .filter(Column::PhoneNumber.is_in(numbers));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Takes a number off the list; the entry it had, if it was there.
pub async fn remove(scope: &Scope<'_, DatabaseTransaction>, number: &E164) -> Result<Option<DncEntry>> {
    let Some(entry) = find(scope, number).await? else { return Ok(None) };
    let gone = Entity::delete_by_id(entry.id).exec(scope.db).await.map_err(failed)?;
    // Whoever else removed it meanwhile has said so.
    Ok((gone.rows_affected == 1).then_some(entry))
}

/// The entry of a number, if it is on the list: one probe of one index.
pub async fn find<C: ConnectionTrait>(scope: &Scope<'_, C>, number: &E164) -> Result<Option<DncEntry>> {
    let found =
        Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::PhoneNumber.eq(number.as_str()));
    found.one(scope.db).await.map_err(failed)?.map(DncEntry::try_from).transpose()
}

/// A page, the newest first, of one source or of all.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    source: Option<Source>,
    ask: &Ask<DncEntryId>,
) -> Result<Page<DncEntry, DncEntryId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(source) = source {
        select = select.filter(Column::Source.eq(source.as_str()));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let entries = rows.into_iter().map(DncEntry::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(entries, |entry| entry.id))
}

/// Keeps that numbers were imported, whether or not one of them was new.
pub async fn imported(txn: &DatabaseTransaction, workspace: WorkspaceId, now: Timestamp) -> Result<()> {
    let row = dnc_list::ActiveModel { workspace_id: Set(workspace), last_import_time: Set(now) };
    let again =
        OnConflict::column(dnc_list::Column::WorkspaceId).update_column(dnc_list::Column::LastImportTime).to_owned();
    dnc_list::Entity::insert(row).on_conflict(again).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// When numbers were last imported.
pub async fn last_import<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<Option<Timestamp>> {
    let list = dnc_list::Entity::find_by_id(scope.workspace).one(scope.db).await.map_err(failed)?;
    Ok(list.map(|list| list.last_import_time))
}
