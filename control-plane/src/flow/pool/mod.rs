//! Backup numbers across rows: what an account would have to move, what is free for it, and taking numbers for many moves
//! at once. What operators do is in `membership`, what they are told in `watch`,
//! and what is found out about agents without a number in `link`.

mod link;
mod membership;
mod watch;

pub use link::link;
pub use membership::{add, pin, remove, requalify, unpin};
pub use watch::{Backup, Covered, coverage, watch_coverage};

use sea_orm::ConnectionTrait;

use super::{Journal, agent, seen};
use crate::{
    domain::{
        agent::OwnNumber,
        error::Result,
        id::{AccountId, MoveId, PhoneNumberId},
        machine::Machine,
        phone_number::{Assignment, Event, PhoneNumber, PoolEvent},
        pool::{self, Allocation, Candidate, LeftOut, Line, Shown},
    },
    store::{Scope, pool as store},
};

/// What a failover of an account would move.
pub async fn lines<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<Line>> {
    let numbers = store::answered(scope, account).await?;
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let answerers = store::answerers(scope, account).await?;
    let moved = store::moved_elsewhere(scope, account).await?;
    Ok(pool::lines(&numbers, &answerers, &moved))
}

/// The backup numbers of an account that a move may have.
pub async fn free<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<Candidate>> {
    Ok(store::free(scope, account).await?.iter().filter_map(Candidate::of).collect())
}

/// A backup number, taken for a move that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The move that holds the number from now on.
    pub move_id: MoveId,
    /// What it is to move.
    pub line: Line,
    /// The number.
    pub phone_number_id: PhoneNumberId,
}

/// Numbers taken for moves, and who gets none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    /// One a line.
    pub reserved: Vec<Reserved>,
    /// Lines without one, and why.
    pub left_out: Vec<(Line, LeftOut)>,
}

/// Takes a free number of `account` for each of these lines, all within this transaction. Whoever asks for numbers of the
/// same account meanwhile waits, and gets others. The ids of the moves are made here.
pub async fn reserve(journal: &mut Journal<'_>, account: AccountId, lines: &[Line]) -> Result<Reservation> {
    let free = store::free_for_change(&journal.scope(), account).await?;
    let candidates: Vec<Candidate> = free.iter().filter_map(Candidate::of).collect();
    let Allocation { pairs, left_out } = pool::allocate(lines, &candidates);
    let mut reserved = Vec::with_capacity(pairs.len());
    for (line, phone_number_id) in pairs {
        let move_id = MoveId::fresh(&*journal.ctx().ids);
        let number = free.iter().find(|number| number.id == phone_number_id);
        let number = number.expect("only numbers that were read are given out");
        let step = number.step(Event::Pool(PoolEvent::Reserved { by: move_id }), journal.now)?;
        journal.take::<PhoneNumber>(number.version, number.id, step).await?;
        reserved.push(Reserved { move_id, line, phone_number_id });
    }
    Ok(Reservation { reserved, left_out })
}

/// Puts aside free numbers of `account` that would not work, by what the account shows; says how many.
pub async fn set_aside(journal: &mut Journal<'_>, account: AccountId, shown: &Shown) -> Result<usize> {
    let mut free = store::free_for_change(&journal.scope(), account).await?;
    free.retain(PhoneNumber::is_free_backup);
    let mut count = 0;
    for number in free {
        let Some(why) = shown.speaks_against(&number) else { continue };
        let step = number.step(Event::Pool(PoolEvent::SetAside { why: why.to_owned() }), journal.now)?;
        journal.take::<PhoneNumber>(number.version, number.id, step).await?;
        count += 1;
    }
    Ok(count)
}

/// The flip of a move, all but the move itself: the number that it holds leads to who was moved, and becomes the own number of
/// an agent.
pub async fn take(
    journal: &mut Journal<'_>,
    number: PhoneNumberId,
    by: MoveId,
    assignment: Assignment,
) -> Result<PhoneNumber> {
    let taken = journal.step::<PhoneNumber>(number, Event::Pool(PoolEvent::Taken { by, assignment })).await?;
    if let Some(id) = assignment.agent() {
        let own_number = OwnNumber { account_id: taken.account_id, phone_number_id: taken.id };
        agent::set_line(journal, id, Some(own_number)).await?;
    }
    Ok(taken)
}

/// Gives a number back to the pool. An agent whose own number it was gets the oldest that still leads to it.
pub async fn release(journal: &mut Journal<'_>, number: PhoneNumberId, by: MoveId) -> Result<PhoneNumber> {
    give_back(journal, number, PoolEvent::Released { by }).await
}

/// Puts a number aside that did not work.
pub async fn quarantine(
    journal: &mut Journal<'_>,
    number: PhoneNumberId,
    by: MoveId,
    why: String,
) -> Result<PhoneNumber> {
    give_back(journal, number, PoolEvent::Quarantined { by, why }).await
}

async fn give_back(journal: &mut Journal<'_>, id: PhoneNumberId, event: PoolEvent) -> Result<PhoneNumber> {
    let number: PhoneNumber = seen(journal, id, "").await?;
    let answered_by = number.assignment.and_then(Assignment::agent);
    let step = number.step(Event::Pool(event), journal.now)?;
    let number = journal.take(number.version, id, step).await?;
    if let Some(id) = answered_by {
        agent::settle_line(journal, id).await?;
    }
    Ok(number)
}
