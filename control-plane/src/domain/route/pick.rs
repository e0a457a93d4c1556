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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        agent::AgentState,
        sample::{agent, agent_id, call_sid},
    };

    fn counts(targets: &[(AgentId, u64)], calls: u32) -> Vec<f64> {
        let mut counts = vec![0u32; targets.len()];
        for call in 0..calls {
            // Twilio's SIDs are random; these stand for the worst that could come, a plain count.
            let picked = pick(targets, call_sid(u128::from(call)).as_str()).expect("somebody has tickets");
            counts[targets.iter().position(|(id, _)| *id == picked).expect("one of them")] += 1;
        }
        counts.into_iter().map(|count| f64::from(count) / f64::from(calls)).collect()
    }

    #[test]
    fn a_hundred_thousand_calls_spread_by_weight_within_two_percent() {
        let targets = [(agent_id(1), 1), (agent_id(2), 2), (agent_id(3), 7), (agent_id(4), 10_000 - 10)];
        for (share, (_, weight)) in counts(&targets[..3], 100_000).iter().zip(targets) {
            assert!((share - weight as f64 / 10.0).abs() < 0.02, "{share} for {weight}");
        }
        for (share, (_, weight)) in counts(&targets, 100_000).iter().zip(targets) {
            assert!((share - weight as f64 / 10_000.0).abs() < 0.02, "{share} for {weight}");
        }
    }

    #[test]
    fn the_ticket_of_a_call_is_the_same_everywhere_and_for_ever() {
        // echo -n CA00000000000000000000000000000001 | sha256sum | cut -c1-16
        assert_eq!(ticket(call_sid(1).as_str(), 1 << 32), 0xf1d4275a);
        assert_eq!(ticket("anything", 1), 0);
    }

    #[test]
    fn who_has_no_tickets_is_never_picked() {
        let targets = [(agent_id(1), 0), (agent_id(2), 1), (agent_id(3), 0)];
        assert_eq!(counts(&targets, 1_000), [0.0, 1.0, 0.0]);
        assert_eq!(pick(&[(agent_id(1), 0)], "CA"), None);
        assert_eq!(pick(&[], "CA"), None);
    }

    #[test]
    fn shares_say_why_somebody_has_none() {
        let (active, paused) = (agent(1), Agent { state: AgentState::Paused, ..agent(2) });
        let roster = |id| [&active, &paused].into_iter().find(|agent| agent.id == id);
        let targets = [(1, 0), (2, 5), (3, 5)].map(|(number, weight)| Target { agent_id: agent_id(number), weight });
        let told: Vec<_> = shares(&targets, &roster).into_iter().map(|share| (share.share, share.reason)).collect();
        let expected = [(1.0, ""), (0.0, "it is paused"), (0.0, "it does not exist any more")];
        assert_eq!(told, expected.map(|(share, why)| (share, why.to_owned())));
    }
}
