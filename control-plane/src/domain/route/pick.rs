//! Picking an agent by weight. The same call always picks the same agent, on every machine and after every restart.

use sha2::{Digest, Sha256};

use super::{
    decision::{Roster, Share},
    plan::Target,
};
use crate::domain::{agent::Agent, id::AgentId};

/// Where `seed` (the CallSid) falls among `total` tickets: the first 64 bits of its SHA-256, read as a big-endian fraction
/// of 1, times `total`. Spread evenly to within 2^-32 for any sum of weights that a rule can have.
fn ticket(seed: &str, total: u64) -> u64 {
    let hash = Sha256::digest(seed.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    let scaled = u128::from(u64::from_be_bytes(first)) * u128::from(total);
    u64::try_from(scaled >> 64).expect("less than total")
}

/// The one of `targets` whose tickets hold the ticket of `seed`; `None` when nobody has any.
pub(super) fn pick(targets: &[(AgentId, u64)], seed: &str) -> Option<AgentId> {
    let total = targets.iter().map(|(_, weight)| weight).sum();
    let mut ticket = ticket(seed, total);
    for (agent_id, weight) in targets {
        if ticket < *weight {
            return Some(*agent_id);
        }
        ticket -= weight;
    }
    None
}

/// Each target with its tickets; who does not take calls has none.
pub(super) fn tickets(targets: &[Target], roster: &Roster<'_>) -> Vec<(AgentId, u64)> {
    let weight = |target: &Target| match roster(target.agent_id).is_some_and(Agent::takes_calls) {
        true => target.tickets(),
        false => 0,
    };
    targets.iter().map(|target| (target.agent_id, weight(target))).collect()
}

/// The tickets as shares of 1, and why somebody has none.
pub(super) fn shares(targets: &[Target], roster: &Roster<'_>) -> Vec<Share> {
    let tickets = tickets(targets, roster);
    let total: u64 = tickets.iter().map(|(_, weight)| weight).sum();
    let share = |(agent_id, weight): (AgentId, u64)| Share {
        agent_id,
        share: if total == 0 { 0.0 } else { weight as f64 / total as f64 },
        reason: why_none(roster(agent_id)).to_owned(),
    };
    tickets.into_iter().map(share).collect()
}

fn why_none(agent: Option<&Agent>) -> &'static str {
    match agent {
        None => "it does not exist any more",
        Some(agent) if !agent.takes_calls() => "it is paused",
        Some(_) => "",
    }
}
