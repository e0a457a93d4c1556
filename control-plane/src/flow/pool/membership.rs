//! What operators do with backup numbers. The lock on the workspace keeps an account from becoming the primary, an agent from being
//! deleted and a second number from being pinned to it between the look and the commit.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Journal, seen};
use crate::{
    domain::{
        account::Role,
        error::{Error, Kind, Result},
        id::{AccountId, AgentId, PhoneNumberId},
        machine::Machine,
        phone_number::{Event, PhoneNumber, PoolEvent},
    },
    store::{Kept, account, agent, pool as store, workspace},
};

/// Numbers by their ids.
pub type Changed = BTreeMap<PhoneNumberId, PhoneNumber>;

/// Makes numbers of backup accounts backup numbers, all or none.
pub async fn add(journal: &mut Journal<'_>, ids: Vec<PhoneNumberId>) -> Result<Changed> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let numbers = step_each(journal, ids, PoolEvent::Pooled).await?;
    let owners: BTreeSet<AccountId> = numbers.values().map(|number| number.account_id).collect();
    for owner in account::by_ids(&journal.scope(), owners.into_iter().collect()).await? {
        if owner.role != Role::Backup {
            return Err(Error::new(
                Kind::FailedPrecondition,
                "ACCOUNT_NOT_BACKUP",
                "the number belongs to the primary account, and would fail with it; a backup number belongs to a backup \
                 account",
            ));
        }
    }
    Ok(numbers)
}

/// Takes numbers out of the pool, all or none.
pub async fn remove(journal: &mut Journal<'_>, ids: Vec<PhoneNumberId>) -> Result<Changed> {
    step_each(journal, ids, PoolEvent::Unpooled).await
}

/// In one order for everybody, so that two batches wait for one another instead of each holding what the other needs.
async fn step_each(journal: &mut Journal<'_>, ids: Vec<PhoneNumberId>, event: PoolEvent) -> Result<Changed> {
    let mut numbers = Changed::new();
    for id in ids.into_iter().collect::<BTreeSet<_>>() {
        numbers.insert(id, journal.step::<PhoneNumber>(id, Event::Pool(event.clone())).await?);
    }
    Ok(numbers)
}

/// Keeps a backup number for one agent, which has one such number in each account.
pub async fn pin(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str, to: AgentId) -> Result<PhoneNumber> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let number: PhoneNumber = seen(journal, id, etag).await?;
    if agent::by_id(&journal.scope(), to).await?.is_none() {
        return Err(Error::not_found("agent"));
    }
    match store::pinned_to(&journal.scope(), number.account_id, to).await? {
        Some(pinned) if pinned == id => Ok(number),
        Some(_) => Err(Error::new(
            Kind::FailedPrecondition,
            "AGENT_PINNED",
            "another number of this account is pinned to the agent; unpin that one first (`callplane number list --pool \
             -o wide` shows it)",
        )),
        None => take(journal, number, PoolEvent::Pinned(to)).await,
    }
}

/// Keeps a backup number for nobody in particular.
pub async fn unpin(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str) -> Result<PhoneNumber> {
    let number = seen(journal, id, etag).await?;
    take(journal, number, PoolEvent::Unpinned).await
}

/// Puts a quarantined number back among the free ones.
pub async fn requalify(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str) -> Result<PhoneNumber> {
    let number = seen(journal, id, etag).await?;
    take(journal, number, PoolEvent::Requalified).await
}

async fn take(journal: &mut Journal<'_>, number: PhoneNumber, event: PoolEvent) -> Result<PhoneNumber> {
    let step = number.step(Event::Pool(event), journal.now)?;
    journal.take(number.version(), number.id, step).await
}
