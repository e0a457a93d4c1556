//! Escalation policies: made, changed, deleted. Incidents keep the ladder they began with, so nothing else changes.

use super::{Journal, seen::unchanged};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::PolicyId,
        ladder::{self, Ladder},
        policy::Policy,
    },
    store::policy as store,
};

/// What people call it.
pub const NOUN: &str = "escalation policy";

/// Makes one.
pub async fn create(journal: &mut Journal<'_>, display_name: String, ladder: Ladder) -> Result<Policy> {
    ladder::check(&ladder)?;
    let policy = Policy {
        id: PolicyId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        display_name,
        ladder,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    store::insert(journal.txn(), &policy).await?;
    journal.tell("policy.created", &policy.id, serde_json::json!({}));
    Ok(policy)
}

/// Changes one.
pub async fn update(
    journal: &mut Journal<'_>,
    id: PolicyId,
    etag: &str,
    patch: impl FnOnce(Policy) -> Result<Policy>,
) -> Result<Policy> {
    let held = store::lock(&journal.scope(), id).await?.ok_or_else(|| Error::not_found(NOUN))?;
    unchanged(NOUN, etag, held.version)?;
    let seen = held.version;
    let next = Policy { version: seen + 1, update_time: journal.now, ..patch(held)? };
    ladder::check(&next.ladder)?;
    if !store::save(journal.txn(), &next, seen).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "the policy was changed meanwhile; try again"));
    }
    journal.tell("policy.updated", &id, serde_json::json!({}));
    Ok(next)
}

/// Deletes one.
pub async fn delete(journal: &mut Journal<'_>, id: PolicyId, etag: &str) -> Result<()> {
    let held = store::lock(&journal.scope(), id).await?.ok_or_else(|| Error::not_found(NOUN))?;
    unchanged(NOUN, etag, held.version)?;
    store::delete(journal.txn(), id).await?;
    journal.tell("policy.deleted", &id, serde_json::json!({}));
    Ok(())
}
