//! What the rest of the control plane may ask of vendors: two ports, each answering with an `Outcome`.
//! No request handler uses them; workers do, and the answer path asks `VoiceAgents` under its own deadline.

pub mod access;
mod breaker;
pub mod calendar;
pub mod dnc_checker;
pub mod elevenlabs;
mod lanes;
pub mod line;
pub mod mail;
pub mod mock;
pub mod sent;
pub mod test_mode;
pub mod twilio;
pub mod written;

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::access::{Access, Credential};
use crate::domain::{
    e164::E164,
    money::Money,
    outcome::Outcome,
    party::Party,
    phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    sid::{CallSid, MessageSid, PhoneNumberSid},
    telephony::{
        AccountSeen, AlertSeen, CallFilter, CallOrder, CallSeen, Cursor, EndCall, MessageFilter, MessageOrder,
        MessageSeen, NumberSeen, Page, Webhooks,
    },
    time::Timestamp,
};

/// A telephony vendor. Every call has its own deadline, and none is repeated here: that is the caller's decision.
#[async_trait]
pub trait Telephony: Send + Sync {
    /// Writes are not real: whoever stores a result marks it `simulated`.
    fn is_simulated(&self) -> bool;

    /// The account itself. Proves the credentials, and says why they fail as far as it can be known.
    async fn read_account(&self, access: &Access) -> Outcome<AccountSeen>;

    /// The account and its subaccounts.
    async fn list_accounts(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<AccountSeen>>;

    /// The account's numbers.
    async fn list_numbers(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<NumberSeen>>;

    /// A number by what people dial; `None` if the account does not own it.
    async fn find_number(&self, access: &Access, e164: &E164) -> Outcome<Option<NumberSeen>>;

    /// A number by its SID.
    async fn read_number(&self, access: &Access, sid: &PhoneNumberSid) -> Outcome<NumberSeen>;

    /// Turns the number from what was `seen` into what is `wanted`, naming only what differs; answers with what the
    /// vendor says it is now. If nothing differs nothing is sent.
    async fn write_webhooks(&self, access: &Access, seen: &NumberSeen, wanted: &Webhooks) -> Outcome<NumberSeen>;

    /// What is left to spend. Only a main account has a balance.
    async fn read_balance(&self, access: &Access) -> Outcome<Money>;

    /// The SIDs of the account's API keys.
    async fn list_keys(&self, access: &Access, after: Option<&Cursor>) -> Outcome<Page<String>>;

    /// What the vendor complained of since then, the newest first; the first page says enough.
    async fn list_alerts(&self, access: &Access, since: Timestamp) -> Outcome<Vec<AlertSeen>>;

    /// One call.
    async fn read_call(&self, access: &Access, sid: &CallSid) -> Outcome<CallSeen>;

    /// Calls, newest first.
    async fn list_calls(&self, access: &Access, filter: &CallFilter, after: Option<&Cursor>)
    -> Outcome<Page<CallSeen>>;

    /// Places a call. Asked twice it rings twice: after `Unknown`, look for it by To and From first.
    async fn create_call(&self, access: &Access, order: &CallOrder) -> Outcome<CallSeen>;

    /// Ends a call. One that is past the point where it could be ended so is `Done` too, with what it is now; and the vendor
    /// may show a call it has just ended as it was before.
    async fn end_call(&self, access: &Access, sid: &CallSid, how: EndCall) -> Outcome<CallSeen>;

    /// Sends a message. Asked twice it arrives twice: after `Unknown`, look for it by To and From first.
    async fn send_message(&self, access: &Access, order: &MessageOrder) -> Outcome<MessageSeen>;

    /// One message.
    async fn read_message(&self, access: &Access, sid: &MessageSid) -> Outcome<MessageSeen>;

    /// Messages, newest first.
    async fn list_messages(
        &self,
        access: &Access,
        filter: &MessageFilter,
        after: Option<&Cursor>,
    ) -> Outcome<Page<MessageSeen>>;
}

/// A vendor of voice agents that takes a call over from our TwiML.
#[async_trait]
pub trait VoiceAgents: Send + Sync {
    /// See `Telephony::is_simulated`.
    fn is_simulated(&self) -> bool;

    /// Announces a call and returns the TwiML that connects it. Good for this one call only.
    async fn register_call(&self, key: &AgentKey, call: &RegisterCall, deadline: Duration) -> Outcome<String>;

    /// An agent, to see that it exists and speaks telephone audio.
    async fn get_agent(&self, key: &AgentKey, agent_id: &str) -> Outcome<AgentSeen>;

    /// The agents of the key's workspace: one question for a hundred of them.
    async fn list_agents(&self, key: &AgentKey, after: Option<&Cursor>) -> Outcome<Page<AgentListed>>;

    /// Every number of the key's workspace. The vendor has no pages for them and no filter by number.
    async fn list_imports(&self, key: &AgentKey) -> Outcome<Vec<ImportSeen>>;

    /// One number.
    async fn read_import(&self, key: &AgentKey, id: &ImportId) -> Outcome<ImportSeen>;

    /// Imports a number out of its Twilio account, for which the vendor gets that account's auth token, and takes over its
    /// voice URL. Nothing keeps the vendor from doing it twice: look first.
    async fn import_number(&self, key: &AgentKey, access: &Access, order: &ImportOrder) -> Outcome<ImportId>;

    /// Says which agent answers a number; `None` for nobody.
    async fn assign_import(&self, key: &AgentKey, id: &ImportId, agent_id: Option<&str>) -> Outcome<ImportSeen>;

    /// Forgets a number. Whether its voice URL is put back is not known.
    async fn delete_import(&self, key: &AgentKey, id: &ImportId) -> Outcome<()>;
}

/// What it takes to use the agent vendor.
#[derive(Clone, Debug)]
pub struct AgentKey {
    /// The API key.
    pub api_key: SecretString,
    /// Replaces the configured address, for a residency region or a fake.
    pub api_base_url: Option<String>,
}

/// A call to hand over to an agent.
#[derive(Clone)]
pub struct RegisterCall {
    /// The agent, in the vendor's words.
    pub agent_id: String,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// Whether they called us or we them.
    pub direction: AgentCallDirection,
    /// What the agent may know about the call.
    pub dynamic_variables: BTreeMap<String, String>,
}

/// Shows the names of the variables only: they say who calls and why.
impl fmt::Debug for RegisterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterCall")
            .field("agent_id", &self.agent_id)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("direction", &self.direction)
            .field("dynamic_variables", &self.dynamic_variables.keys())
            .finish()
    }
}

/// Whether they called us or we them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentCallDirection {
    /// They called us.
    Inbound,
    /// We called them.
    Outbound,
}

/// An agent in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentListed {
    /// In the vendor's words.
    pub agent_id: String,
    /// Put away: it takes no calls.
    pub archived: bool,
}

/// An agent as the vendor shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSeen {
    /// In the vendor's words.
    pub agent_id: String,
    /// What people call it.
    pub name: String,
    /// It hears and speaks `ulaw_8000`; with anything else callers hear noise.
    pub telephone_audio: bool,
    /// Put away: it takes no calls.
    pub archived: bool,
    /// The numbers it answers.
    pub imports: Vec<ImportSeen>,
}
