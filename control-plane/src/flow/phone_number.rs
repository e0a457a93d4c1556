//! What changes numbers across rows: adding many, assigning many to what must exist, forgetting one.

mod native;
mod observed;
pub mod reconcile;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Journal, agent as agent_flow, seen};
use crate::{
    domain::{
        e164::E164,
        error::{Error, Kind, Result},
        id::{AccountId, AgentId, PhoneNumberId},
        machine::Machine,
        phone_number::{Assignment, Event, PhoneNumber, State},
    },
    store::{Kept, account, agent, phone_number as store, route_plan},
};

pub use native::{attach, attachment, detach, remove_import};
pub use observed::{Look, imports_observed, observed};

/// Adds numbers, by hand or to be looked up at Twilio, and says who answers them.
pub async fn add(
    journal: &mut Journal<'_>,
    new: Vec<PhoneNumber>,
    assignment: Option<Assignment>,
) -> Result<Vec<PhoneNumber>> {
    refuse_unfit_accounts(journal, &new).await?;
    refuse_taken(journal, &new).await?;
    if let Some(assignment) = assignment {
        must_exist(journal, assignment).await?;
    }
    let mut numbers = Vec::with_capacity(new.len());
    let mut told = Vec::with_capacity(new.len());
    for number in new {
        let event = if number.state == State::Pending { Event::Imported } else { Event::Registered };
        let mut step = number.step(event, journal.now)?;
        if let Some(assignment) = assignment {
            let assigned = step.next.step(Event::Assigned(assignment), journal.now)?;
            step.next = assigned.next;
            step.effects.extend(assigned.effects);
            step.news.extend(assigned.news);
        }
        numbers.push(step.next.stamped(1, journal.now));
        told.push((step.effects, step.news));
    }
    store::insert(journal.txn(), &numbers).await?;
    for (number, (effects, news)) in numbers.iter().zip(told) {
        journal.publish(number, number.id, effects, news).await?;
    }
    settle_lines(journal, [assignment]).await?;
    Ok(numbers)
}

async fn refuse_unfit_accounts(journal: &Journal<'_>, new: &[PhoneNumber]) -> Result<()> {
    let mut wanted: Vec<AccountId> = new.iter().map(|number| number.account_id).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = account::by_ids(&journal.scope(), wanted).await?;
    for number in new {
        let owner = found.iter().find(|account| account.id == number.account_id);
        let owner = owner.ok_or_else(|| Error::not_found("account"))?;
        if number.state == State::Pending && !owner.credentials.reach_twilio() {
            return Err(verify_only());
        }
    }
    Ok(())
}

fn verify_only() -> Error {
    let message = "the account has no credentials to ask Twilio with; set some, or register the number by hand with \
                   RegisterPhoneNumber and enter its webhooks in the Twilio console";
    Error::new(Kind::FailedPrecondition, "ACCOUNT_VERIFY_ONLY", message)
}

/// Says neither which of the numbers is taken nor whose it is: both would tell one tenant about another.
async fn refuse_taken(journal: &Journal<'_>, new: &[PhoneNumber]) -> Result<()> {
    let wanted: Vec<E164> = new.iter().map(|number| number.e164.clone()).collect();
    let mut unique = wanted.clone();
    unique.sort_unstable();
    unique.dedup();
    if unique.len() < wanted.len() {
        return Err(Error::invalid("phone_numbers", "the same number is given twice"));
    }
    if store::taken(journal.txn(), &unique).await?.is_empty() {
        return Ok(());
    }
    let message = if wanted.len() == 1 { "the number is taken" } else { "one of the numbers is taken" };
    Err(Error::new(Kind::AlreadyExists, "NUMBER_TAKEN", message))
}

async fn must_exist(journal: &Journal<'_>, assignment: Assignment) -> Result<()> {
    let scope = journal.scope();
    let (found, noun) = match assignment {
        Assignment::Agent(id) => (agent::by_id(&scope, id).await?.is_some(), "agent"),
        Assignment::RoutePlan(id) => (route_plan::by_id(&scope, id).await?.is_some(), "route plan"),
    };
    if found { Ok(()) } else { Err(Error::not_found(noun)) }
}

/// A number after its assignment was moved, and who answered it before.
pub type Moved = (PhoneNumber, Option<Assignment>);

/// Says who answers a number.
pub async fn assign(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str, assignment: Assignment) -> Result<Moved> {
    must_exist(journal, assignment).await?;
    moved(journal, id, etag, Event::Assigned(assignment)).await
}

/// Leaves a number without anybody who answers it.
pub async fn unassign(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str) -> Result<Moved> {
    moved(journal, id, etag, Event::Unassigned).await
}

async fn moved(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str, event: Event) -> Result<Moved> {
    let number: PhoneNumber = seen(journal, id, etag).await?;
    let before = number.assignment;
    let step = number.step(event, journal.now)?;
    let number = journal.take(number.version, id, step).await?;
    settle_lines(journal, [before, number.assignment]).await?;
    Ok((number, before))
}

/// The agents among those who answered or answer now may have got or lost their own number. In one order for everybody.
async fn settle_lines(
    journal: &mut Journal<'_>,
    assignments: impl IntoIterator<Item = Option<Assignment>>,
) -> Result<()> {
    let mut agents: Vec<AgentId> = assignments.into_iter().flatten().filter_map(Assignment::agent).collect();
    agents.sort_unstable();
    agents.dedup();
    for id in agents {
        agent_flow::settle_line(journal, id).await?;
    }
    Ok(())
}

/// Says who answers many numbers.
pub async fn assign_many(
    journal: &mut Journal<'_>,
    ids: Vec<PhoneNumberId>,
    assignment: Assignment,
) -> Result<BTreeMap<PhoneNumberId, PhoneNumber>> {
    must_exist(journal, assignment).await?;
    // In one order for everybody, so that two batches wait for one another instead of each holding what the other needs.
    let ids: BTreeSet<PhoneNumberId> = ids.into_iter().collect();
    let mut numbers = BTreeMap::new();
    let mut answering = vec![Some(assignment)];
    for id in ids {
        let number: PhoneNumber = seen(journal, id, "").await?;
        answering.push(number.assignment);
        let step = number.step(Event::Assigned(assignment), journal.now)?;
        numbers.insert(id, journal.take(number.version, id, step).await?);
    }
    settle_lines(journal, answering).await?;
    Ok(numbers)
}

/// Wants the webhooks of a number as they should be at Twilio.
pub async fn configure(journal: &mut Journal<'_>, id: PhoneNumberId) -> Result<PhoneNumber> {
    let desired = crate::domain::webhooks::desired(journal.ctx().public_url()?);
    let number: PhoneNumber = seen(journal, id, "").await?;
    let step = number.step(Event::ConfigureRequested(desired), journal.now)?;
    let owner = account::by_id(&journal.scope(), number.account_id).await?;
    if !owner.is_some_and(|account| account.credentials.reach_twilio()) {
        return Err(Error::new(
            Kind::FailedPrecondition,
            "ACCOUNT_VERIFY_ONLY",
            "the account has no credentials to tell Twilio with; set some, or ask for the webhook instructions and enter \
             them in the Twilio console",
        ));
    }
    journal.take(number.version, id, step).await
}

/// Forgets a number. The edges learn it from the event: they know numbers by their digits.
pub async fn delete(journal: &mut Journal<'_>, id: PhoneNumberId, etag: &str) -> Result<()> {
    let number: PhoneNumber = seen(journal, id, etag).await?;
    number.refuse_held_by_a_move()?;
    store::delete(journal.txn(), id).await?;
    settle_lines(journal, [number.assignment]).await?;
    journal.tell("number.deleted", &id, json!({ "e164": number.e164.as_str() }));
    Ok(())
}
