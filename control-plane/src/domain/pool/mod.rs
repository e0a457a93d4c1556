//! What a failover would move, and what it would move it to. Who gets which number is in `allocate`, what an operator is
//! told of it beforehand in `coverage`, and whether its numbers still work in `shown`.

mod allocate;
mod area;
mod coverage;
mod shown;

#[cfg(test)]
mod tests;

pub use allocate::{Allocation, LeftOut, allocate};
pub use area::Area;
pub use coverage::{AreaCoverage, Coverage, coverage};
pub use shown::Shown;

use std::collections::HashSet;

use super::{
    e164::E164,
    id::{AccountId, AgentId, PhoneNumberId},
    phone_number::{Assignment, IntegrationMode, PhoneNumber, PoolState, State},
    telephony::Capabilities,
};

/// One thing to move: an agent or a route plan that callers reach in an account, once however many numbers lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who answers.
    pub assignment: Assignment,
    /// What people call the agent or the plan.
    pub display_name: String,
    /// The agent, if it is one: what pins go by.
    pub agent_id: Option<AgentId>,
    /// Its number in the account: its own, or else the oldest that leads to it.
    pub phone_number_id: PhoneNumberId,
    /// That number.
    pub e164: E164,
    /// What that number can do, and the next one should.
    pub capabilities: Capabilities,
    /// Who owns that number's voice URL.
    pub integration_mode: IntegrationMode,
}

impl Line {
    /// Where its callers are.
    pub fn area(&self) -> Area {
        Area::of(&self.e164)
    }
}

/// A free backup number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The number.
    pub phone_number_id: PhoneNumberId,
    /// The backup account that owns it.
    pub account_id: AccountId,
    /// The digits.
    pub e164: E164,
    /// What it can do.
    pub capabilities: Capabilities,
    /// The only agent it may be given to.
    pub pinned_agent_id: Option<AgentId>,
}

impl Candidate {
    /// Where its callers are.
    pub fn area(&self) -> Area {
        Area::of(&self.e164)
    }

    /// A number that a move may have.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        let pool = number.pool.as_ref().filter(|_| number.is_free_backup())?;
        Some(Self {
            phone_number_id: number.id,
            account_id: number.account_id,
            e164: number.e164.clone(),
            capabilities: number.capabilities,
            pinned_agent_id: pool.pinned_agent_id,
        })
    }
}

/// Who may answer, as lines need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// The agent or the plan.
    pub assignment: Assignment,
    /// What people call it.
    pub display_name: String,
    /// It takes calls: an active agent, or a plan that names one.
    pub takes_calls: bool,
    /// Its own number, if it has one.
    pub own_number: Option<PhoneNumberId>,
}

/// The lines of an account, by its numbers and whoever answers them. Who takes no calls is none (a paused agent has
/// nobody to lose), nor who was moved to a backup number of another account: `moved` says who that is.
pub fn lines(numbers: &[PhoneNumber], answerers: &[Answerer], moved: &HashSet<Assignment>) -> Vec<Line> {
    let mut numbers: Vec<&PhoneNumber> = numbers.iter().filter(|number| leads_to_somebody(number)).collect();
    numbers.sort_unstable_by_key(|number| number.id);
    let mut answerers: Vec<&Answerer> = answerers.iter().filter(|who| who.takes_calls).collect();
    answerers.retain(|who| !moved.contains(&who.assignment));
    answerers.sort_unstable_by_key(|who| who.assignment);
    answerers.dedup_by_key(|who| who.assignment);
    answerers.into_iter().filter_map(|who| line(who, &numbers)).collect()
}

fn leads_to_somebody(number: &PhoneNumber) -> bool {
    let settled = matches!(number.state, State::Active | State::VerifyOnly);
    let in_service = number.pool.as_ref().is_none_or(|pool| pool.state == PoolState::InUse);
    settled && in_service && number.capabilities.voice && number.assignment.is_some()
}

fn line(who: &Answerer, numbers: &[&PhoneNumber]) -> Option<Line> {
    let leading = || numbers.iter().filter(|number| number.assignment == Some(who.assignment));
    let own = leading().find(|number| Some(number.id) == who.own_number);
    let number = own.or_else(|| leading().next())?;
    Some(Line {
        assignment: who.assignment,
        display_name: who.display_name.clone(),
        agent_id: who.assignment.agent(),
        phone_number_id: number.id,
        e164: number.e164.clone(),
        capabilities: number.capabilities,
        integration_mode: number.integration_mode,
    })
}
