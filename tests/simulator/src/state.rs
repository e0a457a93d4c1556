//! The rows of the simulated vendors. Nothing here answers a request or makes a call.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::call::control::CallControl;
use crate::call::transcript::Transcript;
use crate::clock::Timestamp;
use crate::elevenlabs::rows::Workspaces;
use crate::script::{Callee, MessageFate};
use crate::table::Table;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    #[default]
    Active,
    Suspended,
    Closed,
}

impl AccountStatus {
    pub fn name(self) -> &'static str {
        match self {
            AccountStatus::Active => "active",
            AccountStatus::Suspended => "suspended",
            AccountStatus::Closed => "closed",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Closed].into_iter().find(|status| status.name() == text)
    }
}

#[derive(Clone, Debug)]
pub struct Account {
    pub sid: String,
    pub parent_sid: Option<String>,
    pub friendly_name: String,
    pub status: AccountStatus,
    pub trial: bool,
    pub auth_token: String,
    pub secondary_auth_token: Option<String>,
    pub balance: String,
    /// Numbers that may be called from (and, on trial, called) without being owned.
    pub verified_numbers: Vec<String>,
    pub calls_per_second: u32,
    pub pricing: Pricing,
    /// When the queue of outbound calls lets the next one go.
    pub next_call_at: Option<Timestamp>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// What Twilio bills, and when it shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pricing {
    /// Of a call that was answered, as Twilio writes it: a charge is below zero.
    pub call: String,
    /// Of a message that was sent.
    pub message: String,
    pub unit: String,
    /// Shown so long after the end of a call, or after a message was sent.
    pub after_seconds: u32,
}

impl Default for Pricing {
    fn default() -> Self {
        Self { call: "-0.02000".to_owned(), message: "-0.00750".to_owned(), unit: "USD".to_owned(), after_seconds: 180 }
    }
}

impl Pricing {
    /// Whether what was over at `end` has its price by `now`.
    pub fn due(&self, end: Option<Timestamp>, now: Timestamp) -> Option<()> {
        let shown = end? + chrono::TimeDelta::seconds(i64::from(self.after_seconds));
        (shown <= now).then_some(())
    }
}

#[derive(Clone, Debug)]
pub struct ApiKey {
    pub sid: String,
    pub account_sid: String,
    pub secret: String,
    /// A main key reads its account and makes keys; a standard key does neither.
    pub main: bool,
    pub friendly_name: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Number {
    pub sid: String,
    pub account_sid: String,
    pub phone_number: String,
    pub friendly_name: String,
    /// The other settable fields by their REST name (`VoiceUrl`, …); absent is the default.
    pub settings: BTreeMap<String, String>,
    /// Calls and messages to it never arrive.
    pub dead: bool,
    pub address_requirements: String,
    pub capabilities: Capabilities,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl Number {
    /// A setting, or nothing when it is empty: Twilio writes `""` for a URL that is not set.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn method(&self, name: &str) -> &str {
        self.setting(name).unwrap_or("POST")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capabilities {
    pub voice: bool,
    pub sms: bool,
    pub mms: bool,
    pub fax: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { voice: true, sms: true, mms: true, fax: false }
    }
}

#[derive(Clone, Debug)]
pub struct Call {
    pub sid: String,
    pub account_sid: String,
    pub parent_sid: Option<String>,
    pub number_sid: Option<String>,
    pub from: String,
    pub to: String,
    pub direction: String,
    pub status: String,
    pub answered_by: Option<String>,
    pub created: Timestamp,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub queue_ms: i64,
    pub control: CallControl,
    pub transcript: Transcript,
}

impl Call {
    pub fn is_over(&self) -> bool {
        is_terminal(&self.status)
    }
}

pub fn is_terminal(status: &str) -> bool {
    matches!(status, "completed" | "busy" | "no-answer" | "failed" | "canceled")
}

#[derive(Clone, Debug)]
pub struct Message {
    pub sid: String,
    pub account_sid: String,
    pub messaging_service_sid: Option<String>,
    pub from: String,
    pub to: String,
    pub body: String,
    pub media: Vec<String>,
    pub direction: String,
    pub status: String,
    pub error_code: Option<u32>,
    pub created: Timestamp,
    pub sent: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct Recording {
    pub sid: String,
    pub account_sid: String,
    pub call_sid: String,
    pub seconds: u32,
    pub channels: u32,
    pub source: String,
    pub track: Option<String>,
    pub status: String,
    pub started: Timestamp,
    pub created: Timestamp,
}

/// Something Twilio complains of.
#[derive(Clone, Debug)]
pub struct Alert {
    pub sid: String,
    pub account_sid: String,
    pub error_code: u32,
    pub log_level: String,
    pub created: Timestamp,
}

#[derive(Debug, Default)]
pub struct State {
    pub accounts: Table<Account>,
    pub keys: Table<ApiKey>,
    /// Added and removed through `add_number` and `remove_number`, which keep `owners` in step.
    pub numbers: Table<Number>,
    /// E.164 → SID.
    owners: HashMap<String, String>,
    pub calls: Table<Call>,
    pub messages: Table<Message>,
    pub recordings: Table<Recording>,
    /// The oldest first.
    pub alerts: Vec<Alert>,
    pub elevenlabs: Workspaces,
    /// What people do when they are rung or written to.
    pub callees: BTreeMap<String, Callee>,
    pub message_fates: BTreeMap<String, MessageFate>,
}

impl State {
    /// An account is down when it or its main account is.
    pub fn effective_status(&self, sid: &str) -> Option<AccountStatus> {
        let account = self.accounts.get(sid)?;
        let parent = account.parent_sid.as_deref().and_then(|parent| self.accounts.get(parent));
        Some(match (account.status, parent.map(|parent| parent.status)) {
            (AccountStatus::Active, Some(status)) => status,
            (status, _) => status,
        })
    }

    pub fn number(&self, phone_number: &str) -> Option<&Number> {
        self.owners.get(phone_number).and_then(|sid| self.numbers.get(sid))
    }

    pub fn add_number(&mut self, number: Number) {
        self.owners.insert(number.phone_number.clone(), number.sid.clone());
        self.numbers.put(&number.sid.clone(), number);
    }

    pub fn remove_number(&mut self, sid: &str) {
        if let Some(number) = self.numbers.remove(sid) {
            self.owners.remove(&number.phone_number);
        }
    }

    /// Whether the account may call or write from this number.
    pub fn may_use(&self, account_sid: &str, from: &str) -> bool {
        let owned = self.number(from).is_some_and(|number| number.account_sid == account_sid);
        owned
            || self.accounts.get(account_sid).is_some_and(|account| account.verified_numbers.iter().any(|n| n == from))
    }

    pub fn callee(&self, number: &str) -> Callee {
        let found = self.callees.get(number).or_else(|| self.callees.get("*"));
        found.cloned().unwrap_or_default()
    }

    pub fn message_fate(&self, number: &str) -> MessageFate {
        let found = self.message_fates.get(number).or_else(|| self.message_fates.get("*"));
        found.cloned().unwrap_or_default()
    }
}
