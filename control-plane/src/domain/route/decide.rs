//! Who answers, and why. Deciding and explaining are one computation, so that they cannot disagree.

use super::{
    decision::{Answering, Caller, Decision, Explanation, Reason, Roster, Subject, Trace},
    pick,
    plan::{Fallback, RoutePlan, Rule, Target},
    rule::{Circumstances, Verdict, winner},
};
use crate::domain::{agent::Agent, country::Country, id::AgentId, time::Timestamp, zone::Zone};

/// Decides who answers. `seed` is the CallSid: the same call gets the same answer again.
pub fn decide<'a>(
    subject: Subject<'a>,
    caller: &Caller<'_>,
    at: Timestamp,
    seed: &str,
    roster: &Roster<'a>,
) -> (Decision, Answering<'a>) {
    let Routed { decision, answering, .. } = route(subject, caller, at, seed, roster);
    (decision, answering)
}

/// Decides, and tells everything that led to it.
pub fn explain<'a>(
    subject: Subject<'a>,
    caller: &Caller<'_>,
    at: Timestamp,
    seed: &str,
    roster: &Roster<'a>,
) -> Explanation<'a> {
    let Routed { decision, answering, verdicts, targets } = route(subject, caller, at, seed, roster);
    let rules: &[Rule] = match subject {
        Subject::Plan(plan, _) => &plan.rules,
        Subject::Agent(_) | Subject::Unassigned | Subject::Unknown => &[],
    };
    let trace = rules.iter().zip(&verdicts).map(|(rule, verdict)| Trace {
        rule: rule.display_name.clone(),
        matched: verdict.digits().is_some(),
        reason: verdict.in_words(),
    });
    Explanation { decision, answering, trace: trace.collect(), shares: pick::shares(&targets, roster) }
}

/// Who answers by a decision made before: Twilio asks again when our answer was lost, and must get the same one even if
/// the plan or the time has moved on since.
pub fn recall<'a>(decision: &Decision, plan: Option<&RoutePlan>, roster: &Roster<'a>) -> Answering<'a> {
    if let Some(agent) = decision.agent_id.and_then(roster) {
        return Answering::Agent(agent);
    }
    let fallback = plan.filter(|plan| Some(plan.id) == decision.route_plan_id).and_then(|plan| plan.fallback.as_ref());
    match (decision.reason, fallback) {
        (Reason::UnknownNumber, _) => Answering::NotInService,
        (_, Some(Fallback::Voicemail(own))) => Answering::Voicemail(Some(own.clone())),
        (_, Some(Fallback::Announcement(announcement))) => Answering::Announcement(announcement.clone()),
        (_, Some(Fallback::Agent { .. }) | None) => Answering::Voicemail(None),
    }
}

struct Routed<'a> {
    decision: Decision,
    answering: Answering<'a>,
    /// One for each rule of the plan.
    verdicts: Vec<Verdict>,
    /// Among whom it was picked.
    targets: Vec<Target>,
}

fn route<'a>(subject: Subject<'a>, caller: &Caller<'_>, at: Timestamp, seed: &str, roster: &Roster<'a>) -> Routed<'a> {
    let nobody = |reason, detail: &str, answering| Routed {
        decision: Decision { detail: detail.to_owned(), ..Decision::bare(reason) },
        answering,
        verdicts: Vec::new(),
        targets: Vec::new(),
    };
    match subject {
        Subject::Unknown => nobody(Reason::UnknownNumber, "nobody registered the number", Answering::NotInService),
        Subject::Unassigned => {
            nobody(Reason::Unassigned, "no agent and no route plan is assigned", Answering::Voicemail(None))
        }
        Subject::Agent(agent_id) => assigned(agent_id, roster),
        Subject::Plan(plan, zone) => by_plan(plan, zone, caller, at, seed, roster),
    }
}

fn assigned<'a>(agent_id: AgentId, roster: &Roster<'a>) -> Routed<'a> {
    let target = Target { agent_id, weight: 1 };
    let (reason, detail, answering) = match stand_in(agent_id, roster) {
        StandIn::Itself(agent) => {
            (Reason::Assigned, format!("the number is assigned to {}", agent.display_name), Answering::Agent(agent))
        }
        other => other.told(),
    };
    let decision = Decision { agent_id: answering.agent_id(), detail, ..Decision::bare(reason) };
    Routed { decision, answering, verdicts: Vec::new(), targets: vec![target] }
}

fn by_plan<'a>(
    plan: &'a RoutePlan,
    workspace_zone: Zone,
    caller: &Caller<'_>,
    at: Timestamp,
    seed: &str,
    roster: &Roster<'a>,
) -> Routed<'a> {
    let number = caller.party.e164();
    let country = caller.country.or_else(|| Country::of(number.as_ref()?));
    let around = Circumstances { number, country, at, zone: plan.time_zone.unwrap_or(workspace_zone) };
    let verdicts: Vec<_> = plan.rules.iter().map(|rule| Verdict::of(rule, &around)).collect();
    let rule = winner(&verdicts).map(|index| &plan.rules[index]);
    let (reason, detail, answering) = match rule {
        None => plan_fallback(plan, Reason::NoRuleMatched, "no rule matched", roster),
        Some(rule) => by_rule(rule, seed, roster).unwrap_or_else(|| {
            let why = format!("rule {} matched, but nobody it names takes calls", rule.display_name);
            plan_fallback(plan, Reason::NobodyAvailable, &why, roster)
        }),
    };
    let decision = Decision {
        agent_id: answering.agent_id(),
        route_plan_id: Some(plan.id),
        revision: plan.revision,
        rule: rule.map(|rule| rule.display_name.clone()).unwrap_or_default(),
        reason,
        detail,
    };
    Routed { decision, answering, verdicts, targets: rule.map(|rule| rule.targets.clone()).unwrap_or_default() }
}

type Told<'a> = (Reason, String, Answering<'a>);

/// One of the rule's agents by weight; only when none takes calls, the stand-in of one of them.
fn by_rule<'a>(rule: &Rule, seed: &str, roster: &Roster<'a>) -> Option<Told<'a>> {
    if let Some(agent) = pick::pick(&pick::tickets(&rule.targets, roster), seed).and_then(roster) {
        let detail = format!("rule {} matched and picked {}", rule.display_name, agent.display_name);
        return Some((Reason::RuleMatched, detail, Answering::Agent(agent)));
    }
    // Their load is shared out by the same weights as if they took calls.
    let all: Vec<_> = rule.targets.iter().map(|target| (target.agent_id, target.tickets())).collect();
    let first = pick::pick(&all, seed);
    let in_turn = first.into_iter().chain(rule.targets.iter().map(|target| target.agent_id));
    let told = in_turn.map(|id| stand_in(id, roster)).find(|found| matches!(found, StandIn::Another { .. }))?.told();
    Some((told.0, format!("rule {} matched; {}", rule.display_name, told.1), told.2))
}

fn plan_fallback<'a>(plan: &RoutePlan, reason: Reason, why: &str, roster: &Roster<'a>) -> Told<'a> {
    let (what, answering) = match &plan.fallback {
        None => ("voicemail answers".to_owned(), Answering::Voicemail(None)),
        Some(Fallback::Voicemail(own)) => {
            ("the plan's voicemail answers".to_owned(), Answering::Voicemail(Some(own.clone())))
        }
        Some(Fallback::Announcement(announcement)) => {
            ("the plan's announcement answers".to_owned(), Answering::Announcement(announcement.clone()))
        }
        Some(Fallback::Agent { agent_id }) => match stand_in(*agent_id, roster) {
            StandIn::Itself(agent) => (format!("{} answers", agent.display_name), Answering::Agent(agent)),
            other => {
                let (_, detail, answering) = other.told();
                (detail, answering)
            }
        },
    };
    (reason, format!("{why}; {what}"), answering)
}

/// Who answers for an agent.
enum StandIn<'a> {
    /// It takes calls.
    Itself(&'a Agent),
    /// The first in its chain of fallbacks who does.
    Another { paused: &'a Agent, answers: &'a Agent },
    /// Nobody does.
    Nobody { paused: &'a Agent },
    /// It does not exist.
    Missing,
}

fn stand_in<'a>(agent_id: AgentId, roster: &Roster<'a>) -> StandIn<'a> {
    let Some(agent) = roster(agent_id) else { return StandIn::Missing };
    if agent.takes_calls() {
        return StandIn::Itself(agent);
    }
    let mut seen = vec![agent.id];
    let mut next = agent.fallback_agent_id;
    while let Some(other) = next.filter(|id| !seen.contains(id)).and_then(roster) {
        if other.takes_calls() {
            return StandIn::Another { paused: agent, answers: other };
        }
        seen.push(other.id);
        next = other.fallback_agent_id;
    }
    StandIn::Nobody { paused: agent }
}

impl<'a> StandIn<'a> {
    fn told(self) -> Told<'a> {
        match self {
            Self::Itself(agent) => {
                (Reason::Assigned, format!("{} takes calls", agent.display_name), Answering::Agent(agent))
            }
            Self::Another { paused, answers } => {
                let detail = format!("{} is paused; {} answers for it", paused.display_name, answers.display_name);
                (Reason::AgentPaused, detail, Answering::Agent(answers))
            }
            Self::Nobody { paused } => {
                let detail = format!("{} is paused and nobody answers for it; voicemail does", paused.display_name);
                (Reason::AgentPaused, detail, Answering::Voicemail(None))
            }
            Self::Missing => {
                let detail = "the agent does not exist any more; voicemail answers".to_owned();
                (Reason::AgentMissing, detail, Answering::Voicemail(None))
            }
        }
    }
}

#[cfg(test)]
mod tests;
