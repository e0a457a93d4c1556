//! Which accounts could take over, and taking what is needed of the one that does.

use super::{super::pool, Journal, history, moves, plan, rollback};
use crate::{
    domain::{
        account::{Account, Role, Status},
        error::Result,
        failover::{Candidate, Event, Failover, Kind, Passing},
        id::{AccountId, FailoverId},
        phone_number::Assignment,
        pool::{Line, Shown},
    },
    store::{self, failover::claim},
};

/// The accounts that could take over, in their order.
pub(super) async fn candidates(journal: &Journal<'_>, held: &Failover) -> Result<Vec<Candidate>> {
    let accounts = match held.target_id.filter(|_| held.target_is_fixed) {
        Some(target) => store::account::by_ids(&journal.scope(), vec![target]).await?,
        None => store::account::backups(&journal.scope()).await?,
    };
    let ids = accounts.iter().map(|account| account.id).collect();
    let busy = claim::holders(journal.txn(), ids).await?;
    let others = accounts.into_iter().filter(|account| account.id != held.account_id);
    Ok(others.map(|account| candidate(&account, held.kind, busy_with(&busy, account.id, held.id))).collect())
}

fn busy_with(busy: &[(AccountId, FailoverId)], account: AccountId, held: FailoverId) -> Option<FailoverId> {
    busy.iter().find(|(id, holder)| *id == account && *holder != held).map(|(_, holder)| *holder)
}

/// What speaks against an account before anybody asks Twilio.
pub(super) fn candidate(account: &Account, kind: Kind, busy: Option<FailoverId>) -> Candidate {
    let lasting = |why: &str| Some(Passing { why: why.to_owned(), passes: false });
    let refusal = if account.role != Role::Backup && kind != Kind::Rollback {
        lasting("it is not a backup account")
    } else if !account.credentials.reach_twilio() {
        lasting("it has no credentials to ask Twilio with")
    } else if !account.credentials.verify_webhooks() {
        lasting("it has no auth token, so its webhooks cannot be verified")
    } else if account.status == Status::Closed {
        lasting("it is closed")
    } else if let (Some(other), true) = (busy, kind != Kind::Rehearsal) {
        Some(Passing { why: format!("it takes part in {other}"), passes: true })
    } else {
        None
    };
    Candidate { account_id: account.id, refusal }
}

/// Takes the candidate's numbers for every line there is, in this transaction. A number that its account does not show, or
/// that takes no calls any more, is put aside first, so that another one stands in for it.
pub(super) async fn reserve(
    journal: &mut Journal<'_>,
    held: &Failover,
    candidate: AccountId,
    shown: Option<&Shown>,
) -> Result<Event> {
    // A drill holds no account back from a failover.
    if held.kind != Kind::Rehearsal && !claim::take(journal.txn(), candidate, held.id).await? {
        return Ok(Event::NothingFits { why: "it takes part in another failover".to_owned(), passes: true });
    }
    if held.kind == Kind::Rollback {
        return rollback::reserve(journal, held).await;
    }
    if let Some(shown) = shown {
        let put_aside = pool::set_aside(journal, candidate, shown).await?;
        history::of_numbers(journal, held, put_aside).await?;
    }
    let lines = lines(journal, held, candidate).await?;
    let taken = pool::reserve(journal, candidate, &lines).await?;
    if taken.reserved.is_empty() {
        return Ok(Event::NothingFits { why: "it has no free backup number that fits".to_owned(), passes: false });
    }
    let (planned, left_out) = (taken.reserved.len(), taken.left_out.len());
    let moves = moves::planned(journal, held, taken).await?;
    store::failover::moves::insert(journal.txn(), &moves).await?;
    history::of_plan(journal, held, &moves).await?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Event::Reserved { planned: count(planned), left_out: count(left_out) })
}

async fn lines(journal: &Journal<'_>, held: &Failover, candidate: AccountId) -> Result<Vec<Line>> {
    match held.agent_id.filter(|_| held.kind == Kind::Rehearsal) {
        None => pool::lines(&journal.scope(), held.account_id).await,
        Some(agent) => {
            let free = pool::free(&journal.scope(), candidate).await?;
            let agent = store::agent::by_id(&journal.scope(), agent).await?;
            let drill = agent.and_then(|agent| plan::drill(&agent, Assignment::Agent(agent.id), &free));
            Ok(drill.into_iter().collect())
        }
    }
}
