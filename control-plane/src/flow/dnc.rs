//! What changes the do-not-call list. Adding and removing are idempotent; events name a number by its last digits.

use std::collections::BTreeSet;

use serde_json::json;

use super::Journal;
use crate::{
    domain::{
        dnc::{DncEntry, Source},
        e164::{E164, mask},
        error::{Error, Result},
        id::{DncEntryId, WorkspaceId},
    },
    store::{Scope, dnc as store},
};

/// What people call it.
pub const NOUN: &str = "do-not-call entry";

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// How many numbers are on the list since now.
    pub new: u64,
    /// How many were there before.
    pub known: u64,
}

/// Puts a number on the list: its entry, and whether it is new.
pub async fn add(journal: &mut Journal<'_>, number: &E164, source: Source, reason: String) -> Result<(DncEntry, bool)> {
    add_in(journal, journal.workspace, number, source, reason).await
}

/// The same in a workspace that is not the journal's: a batch of webhooks can touch many.
pub async fn add_in(
    journal: &mut Journal<'_>,
    workspace: WorkspaceId,
    number: &E164,
    source: Source,
    reason: String,
) -> Result<(DncEntry, bool)> {
    let entry = entry(journal, workspace, number, (source, reason));
    if store::add(journal.txn(), std::slice::from_ref(&entry)).await? == 0 {
        let listed = store::find(&Scope::new(journal.txn(), workspace), number).await?;
        let listed = listed.ok_or_else(|| Error::internal("a number is on the list and is not"))?;
        return Ok((listed, false));
    }
    tell(journal, "dnc.added", &entry);
    Ok((entry, true))
}

/// Takes a number off the list; the entry it had, if it was there.
pub async fn remove(journal: &mut Journal<'_>, number: &E164) -> Result<Option<DncEntry>> {
    remove_in(journal, journal.workspace, number).await
}

/// Takes a number off the list in a workspace that is not the journal's, if `source` put it there and nobody else did since;
/// says whether it was there for that.
pub async fn take_back_in(
    journal: &mut Journal<'_>,
    workspace: WorkspaceId,
    number: &E164,
    source: Source,
) -> Result<bool> {
    let scope = Scope::new(journal.txn(), workspace);
    let listed = store::find(&scope, number).await?;
    if listed.is_none_or(|entry| entry.source != source) {
        return Ok(false);
    }
    remove_in(journal, workspace, number).await.map(|removed| removed.is_some())
}

async fn remove_in(journal: &mut Journal<'_>, workspace: WorkspaceId, number: &E164) -> Result<Option<DncEntry>> {
    let removed = store::remove(&Scope::new(journal.txn(), workspace), number).await?;
    if let Some(entry) = &removed {
        tell(journal, "dnc.removed", entry);
    }
    Ok(removed)
}

/// Puts many numbers on the list and keeps when that was; one event tells of all of them.
pub async fn import(journal: &mut Journal<'_>, numbers: Vec<E164>, reason: &str) -> Result<Imported> {
    let numbers = BTreeSet::from_iter(numbers);
    let workspace = journal.workspace;
    let each = numbers.iter().map(|number| entry(journal, workspace, number, (Source::Import, reason.to_owned())));
    let entries: Vec<DncEntry> = each.collect();
    let new = store::add(journal.txn(), &entries).await?;
    store::imported(journal.txn(), workspace, journal.now).await?;
    let known = (entries.len() as u64).saturating_sub(new);
    journal.tell("dnc.imported", &workspace, json!({ "new": new, "known": known }));
    Ok(Imported { new, known })
}

fn entry(
    journal: &Journal<'_>,
    workspace_id: WorkspaceId,
    number: &E164,
    (source, reason): (Source, String),
) -> DncEntry {
    let id = DncEntryId::fresh(&*journal.ctx().ids);
    DncEntry { id, workspace_id, phone_number: number.clone(), reason, source, create_time: journal.now }
}

fn tell(journal: &mut Journal<'_>, kind: &'static str, entry: &DncEntry) {
    let data = json!({ "phone_number": mask(entry.phone_number.as_str()), "source": entry.source });
    journal.tell_in(entry.workspace_id, kind, &entry.id, data);
}
