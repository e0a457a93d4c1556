//! Route plans as they are kept, and what makes one acceptable.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::window::TimeWindow;
use crate::domain::{
    agent::{Announcement, VoicemailBox},
    country::Country,
    error::Error,
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
}

impl FromStr for Prefix {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('+').unwrap_or("");
        if (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::invalid("", "expected `+` and 1 to 15 digits, such as `+4930`"))
    }
}

impl TryFrom<String> for Prefix {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}
