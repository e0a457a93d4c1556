//! Failovers across rows: a step of one, and in the same transaction whatever the new state asks for: a target to choose,
//! numbers to reserve, lines to move or to give up, history to write, people to tell. The failover is locked before its
//! moves, moves before numbers, numbers before agents, so that two transactions never wait for each other in a circle.

mod begin;
mod decide;
mod heard;
mod history;
mod moves;
mod notice;
mod orders;
mod plan;
mod rollback;
mod target;
mod wake;

pub use begin::{Wish, begin};
pub use decide::{abandon, approve, cancel, retry};
pub use heard::heard;
pub use moves::{Waiting, ahead, rest, settled};
pub use plan::{Plan, plan};
pub use wake::{probed, tick, tick_move};

use std::collections::VecDeque;

use super::Journal;
use crate::{
    domain::{
        error::Result,
        failover::{Event, Failover, Phase},
        machine::{Machine, Refusal, Step},
        pool::Shown,
    },
    store::failover::claim,
};

/// Who steps when no person does.
pub(super) const TIMER: &str = "timer";
/// The same for what a vendor answered.
pub(super) const EFFECT: &str = "effect";
/// The same for what a look at an account brought.
pub(super) const MONITOR: &str = "monitor";

// What is nested here is deep, and in a debug build as large as a stack: each level is on the heap.

/// What came of an event.
pub(super) type Stepped = std::result::Result<Failover, Refusal>;

/// Steps a locked failover, and goes on until it waits for something outside this transaction.
pub(super) async fn run(journal: &mut Journal<'_>, held: Failover, event: Event, actor: &str) -> Result<Stepped> {
    Box::pin(run_with(journal, held, event, actor, None)).await
}

/// The same, knowing which numbers the target shows.
async fn run_with(
    journal: &mut Journal<'_>,
    held: Failover,
    event: Event,
    actor: &str,
    shown: Option<&Shown>,
) -> Result<Stepped> {
    let held = match Box::pin(one(journal, held, event, actor)).await? {
        Ok(stepped) => stepped,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Box::pin(go_on(journal, held, shown)).await.map(Ok)
}

/// Does what its state asks for.
async fn go_on(
    journal: &mut Journal<'_>,
    (mut held, ended): (Failover, Vec<Event>),
    shown: Option<&Shown>,
) -> Result<Failover> {
    let mut queue = VecDeque::from(ended);
    let mut has_given_up = false;
    loop {
        let event = match queue.pop_front() {
            Some(event) => event,
            None => match &held.phase {
                Phase::Choosing { .. } => Event::Found(Box::pin(target::candidates(journal, &held)).await?),
                Phase::Reserving { candidate, .. } => {
                    Box::pin(target::reserve(journal, &held, *candidate, shown)).await?
                }
                // The rest in transactions of their own: there may be a thousand.
                Phase::Undoing { .. } if held.tally.waiting > 0 && !has_given_up => {
                    has_given_up = true;
                    Box::pin(moves::give_up(journal, &held)).await?
                }
                _ => return Ok(held),
            },
        };
        let (next, ended) = Box::pin(one(journal, held, event, EFFECT)).await??;
        held = next;
        queue.extend(ended);
    }
}

/// One step, saved, with what happened and what became of moves by it.
async fn one(
    journal: &mut Journal<'_>,
    held: Failover,
    event: Event,
    actor: &str,
) -> Result<std::result::Result<(Failover, Vec<Event>), Refusal>> {
    let step = match held.step(event, journal.now) {
        Ok(step) => step,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if step.next == held && step.effects.is_empty() && step.news.is_empty() {
        return Ok(Ok((held, Vec::new())));
    }
    let Step { next, effects, news } = step;
    let next = journal.take(held.version, held.id, Step { next, effects, news: Vec::new() }).await?;
    Box::pin(history::of_failover(journal, &next, &news, actor)).await?;
    Box::pin(notice::tell(journal, &next, &news)).await?;
    free_accounts(journal, &held, &next).await?;
    let begins = next.begins_since(&held);
    let ended = Box::pin(moves::begin(journal, &next, begins)).await?;
    if next.is_over() && !held.is_over() {
        let (kind, state) = (next.kind, next.state());
        journal.count(move |metrics| metrics.failovers.ended(kind, state));
        Box::pin(rollback::ended(journal, &next)).await?;
    }
    Ok(Ok((next, ended.into_iter().map(Event::MoveEnded).collect())))
}

/// An account that does not take part any more is free for another failover.
async fn free_accounts(journal: &Journal<'_>, before: &Failover, after: &Failover) -> Result<()> {
    if after.is_over() && !before.is_over() {
        return claim::release(journal.txn(), after.id, None).await;
    }
    match &after.phase {
        Phase::Choosing { .. } => claim::release(journal.txn(), after.id, Some(after.account_id)).await,
        _ => Ok(()),
    }
}
