//! What is to be done outside, as data. A worker performs it; its outcome comes back as an event.

use serde::{Deserialize, Serialize};

use super::{
    e164::E164,
    id::{AccountId, AgentId, AttemptId, CalendarFeedId, CallId, FailoverId, NotificationId, PhoneNumberId},
    phone_number::attachment::Deed,
    sid::CallSid,
    telephony::{Cursor, NumberSeen, Webhooks},
    time::Timestamp,
};

/// Something to do outside. `round` comes back with the outcome, so that a late one is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Effect {
    /// Reads an account at Twilio with its own credentials: the proof of the credentials.
    ReadAccount { account_id: AccountId, round: u32 },
    /// Looks a number up in the account that should own it.
    FindNumber { account_id: AccountId, phone_number_id: PhoneNumberId, e164: E164, round: u32 },
    /// Turns a number's webhooks from what was seen into what is wanted.
    WriteWebhooks {
        account_id: AccountId,
        phone_number_id: PhoneNumberId,
        seen: Box<NumberSeen>,
        wanted: Webhooks,
        round: u32,
    },
    /// Does something about a number at ElevenLabs, with the key of this agent.
    ManageImport { account_id: AccountId, phone_number_id: PhoneNumberId, agent_id: AgentId, deed: Deed, round: u32 },
    /// Reads a call that went quiet.
    ReadCall { account_id: AccountId, call_id: CallId, call_sid: CallSid },
    /// Lists an account's calls that began since then, one page.
    ListCalls { account_id: AccountId, since: Timestamp, cursor: Option<Cursor>, round: u32 },
    /// Hands a notification to the mail vendor.
    SendMail { notification_id: NotificationId, round: u32 },
    /// Asks a vendor to make an attempt: to call, to write, to mail.
    MakeAttempt { account_id: Option<AccountId>, attempt_id: AttemptId, round: u32 },
    /// Looks for an attempt that a vendor may have taken.
    FindAttempt { account_id: AccountId, attempt_id: AttemptId, round: u32 },
    /// Reads how an attempt stands.
    ReadAttempt { account_id: AccountId, attempt_id: AttemptId, round: u32 },
    /// Takes back a call that waits or rings.
    EndAttempt { account_id: AccountId, attempt_id: AttemptId, round: u32 },
    /// Reads the account that shall take over: proof that it works, before anything is moved there.
    ProbeTarget { account_id: AccountId, failover_id: FailoverId, round: u32 },
    /// Ends another call of an attempt, made because nobody knew of the first; who answered it meanwhile is not cut off.
    EndStray { account_id: AccountId, attempt_id: AttemptId, call_sid: String },
    /// Asks what a call or message of ours cost.
    PriceAttempt { account_id: AccountId, attempt_id: AttemptId, looks: u32 },
    /// Looks at everything an account is watched for.
    ProbeAccount { account_id: AccountId, round: u32 },
    /// Reads a calendar, and takes up what it says.
    FetchCalendar { calendar_feed_id: CalendarFeedId, round: u32 },
}

/// Who performs an effect. What only looks at vendors has workers of its own: a vendor that hangs holds up neither calls
/// nor whoever wants to know that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// What has consequences.
    Work,
    /// Probes, and other looks at what may not answer.
    Probes,
    /// Calls, messages and mails to people: whoever must be reached in time does not wait behind anything else.
    Attempts,
}

impl Queue {
    /// The kinds of effects that are probes, or take as long as one.
    pub const PROBES: &[&str] = &["probe-account", "fetch-calendar", "price-attempt"];
    /// The kinds of effects that reach people.
    pub const ATTEMPTS: &[&str] = &["make-attempt", "find-attempt", "read-attempt", "end-attempt", "end-stray"];
}

impl Effect {
    /// A stable word, for lists and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ReadAccount { .. } => "read-account",
            Self::FindNumber { .. } => "find-number",
            Self::WriteWebhooks { .. } => "write-webhooks",
            Self::ManageImport { deed, .. } => deed.kind(),
            Self::ReadCall { .. } => "read-call",
            Self::ListCalls { .. } => "list-calls",
            Self::SendMail { .. } => "send-mail",
            Self::MakeAttempt { .. } => "make-attempt",
            Self::FindAttempt { .. } => "find-attempt",
            Self::ReadAttempt { .. } => "read-attempt",
            Self::EndAttempt { .. } => "end-attempt",
            Self::EndStray { .. } => "end-stray",
            Self::PriceAttempt { .. } => "price-attempt",
            Self::ProbeTarget { .. } => "probe-target",
            Self::ProbeAccount { .. } => "probe-account",
            Self::FetchCalendar { .. } => "fetch-calendar",
        }
    }

    /// Doing it again changes nothing: after a crash in the middle it is simply done again. Everything else comes back
    /// as `Unknown`, and its machine decides.
    pub fn is_read(&self) -> bool {
        match self {
            Self::ReadAccount { .. }
            | Self::FindNumber { .. }
            | Self::ReadCall { .. }
            | Self::ListCalls { .. }
            | Self::FindAttempt { .. }
            | Self::ReadAttempt { .. }
            // Whoever is hung up on stays hung up on.
            | Self::EndAttempt { .. }
            | Self::EndStray { .. }
            | Self::PriceAttempt { .. }
            | Self::ProbeTarget { .. }
            | Self::ProbeAccount { .. }
            // Taking up again what was taken up changes nothing.
            | Self::FetchCalendar { .. } => true,
            Self::ManageImport { deed, .. } => deed.is_read(),
            Self::WriteWebhooks { .. } | Self::SendMail { .. } | Self::MakeAttempt { .. } => false,
        }
    }

    /// The account whose credentials it needs; none when it needs none.
    pub fn account_id(&self) -> Option<AccountId> {
        match self {
            Self::ReadAccount { account_id, .. }
            | Self::FindNumber { account_id, .. }
            | Self::WriteWebhooks { account_id, .. }
            | Self::ManageImport { account_id, deed: Deed::Import { .. }, .. }
            | Self::ReadCall { account_id, .. }
            | Self::ListCalls { account_id, .. }
            | Self::FindAttempt { account_id, .. }
            | Self::ReadAttempt { account_id, .. }
            | Self::EndAttempt { account_id, .. }
            | Self::EndStray { account_id, .. }
            | Self::PriceAttempt { account_id, .. }
            | Self::ProbeTarget { account_id, .. }
            | Self::ProbeAccount { account_id, .. } => Some(*account_id),
            Self::MakeAttempt { account_id, .. } => *account_id,
            // ElevenLabs is asked with a key of its own; only an import hands over the account's.
            Self::ManageImport { .. } | Self::SendMail { .. } | Self::FetchCalendar { .. } => None,
        }
    }
}
