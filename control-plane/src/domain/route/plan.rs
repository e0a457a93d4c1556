//! Route plans as they are kept, and what makes one acceptable.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};

use super::window::{LocalTime, TimeWindow};
use crate::domain::{
    agent::{Announcement, VoicemailBox},
    country::Country,
    error::{Error, Result, Violation},
    id::{AgentId, RoutePlanId, WorkspaceId},
    time::Timestamp,
    zone::Zone,
};

/// Which agent answers, by time, caller and weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutePlan {
    /// The id.
    pub id: RoutePlanId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// What happens when no rule matches or nobody it names can answer; `None` for the number's voicemail.
    pub fallback: Option<Fallback>,
    /// The time zone of its rules; `None` for the workspace's.
    pub time_zone: Option<Zone>,
    /// Counts changes of what it decides; stored with every call it decided.
    pub revision: i64,
    /// Counts all changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// One rule. All conditions that are set must hold; without any it always matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What people call it.
    pub display_name: String,
    /// Holds inside any of these.
    #[serde(default)]
    pub windows: Vec<TimeWindow>,
    /// Holds when the caller's number starts with any of these.
    #[serde(default)]
    pub caller_prefixes: Vec<Prefix>,
    /// Holds when the caller is from any of these.
    #[serde(default)]
    pub caller_countries: Vec<Country>,
    /// Who answers, by weight.
    pub targets: Vec<Target>,
    /// Skips the rule.
    #[serde(default)]
    pub disabled: bool,
}

/// An agent and its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The agent.
    pub agent_id: AgentId,
    /// Its share among the targets of the rule; 0 means 1.
    #[serde(default)]
    pub weight: u32,
}

/// What happens when no rule decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fallback {
    /// This agent.
    Agent {
        /// The agent.
        agent_id: AgentId,
    },
    /// A voicemail box.
    Voicemail(VoicemailBox),
    /// A spoken text.
    Announcement(Announcement),
}

/// The first digits of a number: `+` and 1 to 15 digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many digits it has.
    pub fn digits(&self) -> usize {
        self.0.len() - 1
    }
}

impl Target {
    /// Its share, as a number of tickets.
    pub fn tickets(&self) -> u64 {
        u64::from(self.weight.max(1))
    }
}

impl RoutePlan {
    /// Everything that its types cannot rule out, each with its path. That the agents exist is the caller's to check.
    pub fn check(&self) -> Result<()> {
        let mut violations = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(&format!("rules[{index}]"), &mut violations);
        }
        match violations.is_empty() {
            true => Ok(()),
            false => Err(Error::violations(violations)),
        }
    }

    /// Every agent it names, once, so that they can be looked up and deleted agents be refused.
    pub fn agent_ids(&self) -> BTreeSet<AgentId> {
        let mut ids: BTreeSet<_> =
            self.rules.iter().flat_map(|rule| &rule.targets).map(|target| target.agent_id).collect();
        if let Some(Fallback::Agent { agent_id }) = &self.fallback {
            ids.insert(*agent_id);
        }
        ids
    }
}

impl Rule {
    fn check(&self, path: &str, violations: &mut Vec<Violation>) {
        let mut blame = |field: String, description: &str| {
            violations.push(Violation { field: format!("{path}.{field}"), description: description.to_owned() });
        };
        if self.display_name.trim().is_empty() {
            blame("display_name".to_owned(), "expected a name; it is stored with every call the rule decides");
        }
        if self.targets.is_empty() {
            blame("targets".to_owned(), "expected at least one agent");
        }
        for (index, target) in self.targets.iter().enumerate() {
            if self.targets[..index].iter().any(|earlier| earlier.agent_id == target.agent_id) {
                blame(
                    format!("targets[{index}].agent_id"),
                    "the rule names this agent already; raise its weight instead",
                );
            }
        }
        for (index, window) in self.windows.iter().enumerate() {
            if window.start == LocalTime::END_OF_DAY {
                blame(
                    format!("windows[{index}].start_time"),
                    "a window starts at 23:59 at the latest; use `00:00` of the next day",
                );
            } else if window.start == window.end {
                blame(
                    format!("windows[{index}].end_time"),
                    "expected another time than `start_time`; a whole day is `00:00` to `24:00`",
                );
            }
        }
    }
}

impl FromStr for Prefix {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.strip_prefix('+').unwrap_or("");
        if (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid("", "expected `+` and 1 to 15 digits, such as `+4930`"))
    }
}

impl TryFrom<String> for Prefix {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

#[cfg(test)]
mod tests;
