//! What a move orders, done in its own transaction: the only places where a move touches numbers and agents.

use super::{
    super::{agent as agents, phone_number as numbers, pool},
    Journal,
};
use crate::{
    domain::{
        agent::OwnNumber,
        error::{Kind as ErrorKind, Result},
        failover::{
            Kind,
            moves::{Blame, Move, Order, Rest},
        },
        id::{MoveId, PhoneNumberId},
        machine::Machine,
        phone_number::{Assignment, Event, PhoneNumber},
        webhooks,
    },
    store::{self, Kept},
};

/// Does it; says what is wrong when it cannot be done at all.
pub(super) async fn carry_out(journal: &mut Journal<'_>, held: &mut Move, order: Order) -> Result<Option<Rest>> {
    match order {
        Order::Converge => converge(journal, held).await,
        Order::Flip => flip(journal, held).await.map(|()| None),
        Order::Detach if held.kind == Kind::Rollback => remove_import(journal, held.from_id).await,
        Order::Detach => detach(journal, held.from_id).await,
        Order::RemoveImport => remove_import(journal, held.to_id).await,
        // An agent whose own number it was gets the one that it had before.
        Order::GiveBack | Order::Return => release(journal, held.to_id, held.id).await.map(|()| None),
        Order::PutAside => put_aside(journal, held).await.map(|()| None),
        Order::GiveBackOld => match held.original_id {
            Some(original) => release(journal, held.from_id, original).await.map(|()| None),
            None => Ok(None),
        },
    }
}

/// The number is asked to become what it shall be, and read afterwards whatever it was before.
async fn converge(journal: &mut Journal<'_>, held: &Move) -> Result<Option<Rest>> {
    let Some(number) = number(journal, held.to_id).await? else { return Ok(wrong("the number is gone")) };
    if let Some(agent) = held.agent_id.filter(|_| held.is_native) {
        return refused(numbers::attach(journal, number.id, agent).await);
    }
    let desired = match journal.ctx().public_url() {
        Ok(url) => webhooks::desired(url),
        Err(error) => return Ok(Some(Rest::Wrong { why: error.message, blame: Blame::Surroundings })),
    };
    match number.step(Event::ConfigureRequested(desired), journal.now) {
        Ok(step) => journal.take(number.version, number.id, step).await.map(|_| None),
        Err(refusal) => Ok(wrong(refusal.message)),
    }
}

/// What is refused at once never comes to rest by itself.
fn refused(asked: Result<PhoneNumber>) -> Result<Option<Rest>> {
    match asked {
        Err(error) if matches!(error.kind, ErrorKind::FailedPrecondition | ErrorKind::NotFound) => {
            Ok(Some(Rest::Wrong { why: error.message, blame: Blame::Surroundings }))
        }
        asked => asked.map(|_| None),
    }
}

async fn detach(journal: &mut Journal<'_>, id: Option<PhoneNumberId>) -> Result<Option<Rest>> {
    match id {
        Some(id) => refused(numbers::detach(journal, id).await),
        None => Ok(Some(Rest::Right)),
    }
}

/// What was never imported needs no removal.
async fn remove_import(journal: &mut Journal<'_>, id: Option<PhoneNumberId>) -> Result<Option<Rest>> {
    let Some(number) = number(journal, id).await?.filter(|number| number.attachment.is_some()) else {
        return Ok(Some(Rest::Right));
    };
    refused(numbers::remove_import(journal, number.id).await)
}

fn wrong(why: &str) -> Option<Rest> {
    Some(Rest::Wrong { why: why.to_owned(), blame: Blame::Number })
}

/// The pivot: whoever answers is reached by the new number, and calls from it. The old number keeps its assignment, so
/// that whoever still gets through there is answered.
async fn flip(journal: &mut Journal<'_>, held: &mut Move) -> Result<()> {
    let Some(to) = held.to_id else { return Ok(()) };
    if let Some(agent) = held.agent_id {
        held.own_before = store::agent::by_id(&journal.scope(), agent).await?.and_then(|agent| agent.own_number);
    }
    match held.kind {
        Kind::Failover | Kind::Rehearsal => {
            pool::take(journal, to, held.id, held.assignment).await?;
        }
        Kind::Rollback => turn_back(journal, to, held.assignment).await?,
    }
    held.agent_version = version(journal, held.assignment).await?;
    Ok(())
}

/// The line's own number leads to it, as it did all the time where nobody said otherwise.
async fn turn_back(journal: &mut Journal<'_>, to: PhoneNumberId, assignment: Assignment) -> Result<()> {
    let Some(mut number) = number(journal, Some(to)).await? else { return Ok(()) };
    if number.assignment.is_none() {
        let step = number.step(Event::Assigned(assignment), journal.now)?;
        number = journal.take(number.version, number.id, step).await?;
    }
    if let Some(agent) = assignment.agent() {
        let own = OwnNumber { account_id: number.account_id, phone_number_id: number.id };
        agents::set_line(journal, agent, Some(own)).await?;
    }
    Ok(())
}

/// What tells whoever answers from what they were: an edit makes another one.
pub(super) async fn version(journal: &Journal<'_>, assignment: Assignment) -> Result<Option<i64>> {
    let scope = journal.scope();
    Ok(match assignment {
        Assignment::Agent(id) => store::agent::by_id(&scope, id).await?.map(|agent| agent.version),
        Assignment::RoutePlan(id) => store::route_plan::by_id(&scope, id).await?.map(|plan| plan.version),
    })
}

/// Back to the pool, or put aside. A number that is somebody else's by now, or gone, is left alone.
fn unless_gone(given_back: Result<PhoneNumber>) -> Result<()> {
    match given_back {
        Err(error) if matches!(error.kind, ErrorKind::FailedPrecondition | ErrorKind::NotFound) => Ok(()),
        given_back => given_back.map(|_| ()),
    }
}

async fn release(journal: &mut Journal<'_>, id: Option<PhoneNumberId>, by: MoveId) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    unless_gone(pool::release(journal, id, by).await)
}

async fn put_aside(journal: &mut Journal<'_>, held: &Move) -> Result<()> {
    let Some(id) = held.to_id else { return Ok(()) };
    let why = format!("it could not be made ready for {}: {}", held.failover_id, held.why());
    unless_gone(pool::quarantine(journal, id, held.id, why).await)
}

async fn number(journal: &Journal<'_>, id: Option<PhoneNumberId>) -> Result<Option<PhoneNumber>> {
    match id {
        Some(id) => PhoneNumber::load(journal.txn(), journal.workspace, id).await,
        None => Ok(None),
    }
}
