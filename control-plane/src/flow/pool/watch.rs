//! How well the backup accounts cover an account, and telling people when that changes.

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{super::Journal, free, lines};
use crate::{
    domain::{
        account::{Account, Status},
        error::Result,
        id::AccountId,
        pool::{Coverage, coverage as covered_by},
    },
    store::{Scope, account as accounts, pool as store},
};

/// How well one backup account covers another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The backup account.
    pub account_id: AccountId,
    /// Twilio confirmed its credentials and calls it active.
    pub usable: bool,
    /// What it could do.
    pub coverage: Coverage,
}

/// How well an account is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// What would have to move.
    pub lines: usize,
    /// The backup accounts that have backup numbers, in the order in which they are tried.
    pub backups: Vec<Backup>,
    /// What the best of the usable ones could do, or an account without any number.
    pub best: Coverage,
}

/// How well an account is covered now. All lines move to the same backup account, so numbers of two do not add up.
pub async fn coverage<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Covered> {
    let lines = lines(scope, account).await?;
    let mut backups = Vec::new();
    for Account { id, status, .. } in accounts::backups(scope).await? {
        if id != account {
            let coverage = covered_by(&lines, &free(scope, id).await?);
            backups.push(Backup { account_id: id, usable: status == Status::Active, coverage });
        }
    }
    let usable = backups.iter().filter(|backup| backup.usable).map(|backup| &backup.coverage);
    // The first of those that leave out the fewest.
    let best = usable.min_by_key(|coverage| coverage.left_out.len()).cloned();
    Ok(Covered { lines: lines.len(), backups, best: best.unwrap_or_else(|| covered_by(&lines, &[])) })
}

/// Looks whether an account is covered, and tells watchers when somebody would be left out who was not before, or nobody any
/// more. Called with every look at the account.
pub async fn watch_coverage(journal: &mut Journal<'_>, account: AccountId) -> Result<()> {
    let Covered { lines, best, .. } = coverage(&journal.scope(), account).await?;
    let left_out = best.left_out.len();
    let before = store::left_out_before(&journal.scope(), account).await?;
    if before.is_none() && left_out == 0 {
        return Ok(());
    }
    let before = before.unwrap_or_default();
    if before == (lines, left_out) {
        return Ok(());
    }
    store::keep_left_out(&journal.scope(), account, (lines, left_out), journal.now).await?;
    let data = json!({ "lines": lines, "left_out": left_out });
    match (before.1, left_out) {
        (1.., 0) => journal.tell("pool.covered", &account, data),
        (before, now) if now > before => journal.tell("pool.shortfall", &account, data),
        (_, _) => {}
    }
    Ok(())
}
