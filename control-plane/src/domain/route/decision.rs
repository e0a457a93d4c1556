//! What routing is asked and what it answers.

use serde::{Deserialize, Serialize};

use super::plan::RoutePlan;
use crate::domain::{
    agent::{Agent, Announcement, VoicemailBox},
    country::Country,
    id::{AgentId, RoutePlanId},
    party::Party,
    word::words,
    zone::Zone,
};

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A number that this agent answers.
    Agent(AgentId),
    /// A number that this plan answers. The zone is the workspace's, for plans without one.
    Plan(&'a RoutePlan, Zone),
    /// A number that nobody answers.
    Unassigned,
    /// A number that nobody registered.
    Unknown,
}

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller<'a> {
    /// From, as sent.
    pub party: &'a Party,
    /// The country, if Twilio said; otherwise the prefix tells.
    pub country: Option<Country>,
}

/// Looks up an agent.
pub type Roster<'a> = dyn Fn(AgentId) -> Option<&'a Agent> + 'a;

/// Who or what answers now.
#[derive(Clone, Debug, PartialEq)]
pub enum Answering<'a> {
    /// This agent.
    Agent(&'a Agent),
    /// This voicemail box; `None` for the number's own.
    Voicemail(Option<VoicemailBox>),
    /// This text.
    Announcement(Announcement),
    /// The number is not in service.
    NotInService,
}

words! {
    /// Why a call went where it went.
    Reason, "reason" {
        /// The number is assigned to the agent.
        Assigned = "assigned",
        /// A rule of the plan matched.
        RuleMatched = "rule-matched",
        /// The agents meant to answer are paused; their fallback answers, or voicemail.
        AgentPaused = "agent-paused",
        /// The agent meant to answer does not exist any more.
        AgentMissing = "agent-missing",
        /// A rule matched, but nobody it names can answer; the plan's fallback does.
        NobodyAvailable = "nobody-available",
        /// No rule matched; the plan's fallback answers.
        NoRuleMatched = "no-rule-matched",
        /// Nobody answers the number.
        Unassigned = "unassigned",
        /// Nobody registered the number.
        UnknownNumber = "unknown-number",
    }
}

/// Who answers, and why. Stored with every call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The agent; `None` when nobody answers and voicemail or an announcement does.
    pub agent_id: Option<AgentId>,
    /// The plan that decided; `None` when the number is assigned directly.
    pub route_plan_id: Option<RoutePlanId>,
    /// The revision of that plan; 0 without one.
    #[serde(default)]
    pub revision: i64,
    /// The name of the rule that won; empty without one.
    #[serde(default)]
    pub rule: String,
    /// Why.
    pub reason: Reason,
    /// Why, in words fit to show.
    #[serde(default)]
    pub detail: String,
}

/// A decision with everything that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// The decision.
    pub decision: Decision,
    /// Who or what answers.
    pub answering: Answering<'a>,
    /// Every rule in order.
    pub trace: Vec<Trace>,
    /// The shares of the targets of the rule that won.
    pub shares: Vec<Share>,
}

/// One rule and why it held or did not.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The rule's name.
    pub rule: String,
    /// All its conditions held.
    pub matched: bool,
    /// Why, in words fit to show.
    pub reason: String,
}

/// One target and its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The agent.
    pub agent_id: AgentId,
    /// Its share, 0 to 1.
    pub share: f64,
    /// Why it has none; empty if it has.
    pub reason: String,
}

impl Decision {
    pub(super) fn bare(reason: Reason) -> Self {
        Self { agent_id: None, route_plan_id: None, revision: 0, rule: String::new(), reason, detail: String::new() }
    }
}

impl Answering<'_> {
    /// The agent, if one answers.
    pub fn agent_id(&self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) => Some(agent.id),
            Self::Voicemail(_) | Self::Announcement(_) | Self::NotInService => None,
        }
    }
}
