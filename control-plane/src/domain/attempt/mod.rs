//! Attempts: one try to reach one person by a call, a message or a mail. A vendor is asked once; what nobody knows is looked
//! up, and asked again only when it is proved that nothing happened. Whether it may begin is in `guard`.

mod checking;
mod ending;
mod hearing;
mod machine;
mod placing;
mod pricing;
mod strays;
#[cfg(test)]
mod tests;
mod withdrawal;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    call,
    e164::{E164, mask},
    guard::Verdict,
    id::{AccountId, AttemptId, CallId, ContactId, IncidentId, MessageId, PhoneNumberId, WorkspaceId},
    instruction::Instructions,
    ladder::Channel,
    machine::Machine as _,
    message::MessageStatus,
    outcome::Outcome,
    seconds::Seconds,
    time::Timestamp,
    word::words,
};
pub use checking::{Said, UNCHECKED};
pub use ending::{Ending, Heard};
pub use pricing::{Price, Pricing};
pub use strays::Stray;

/// Why an attempt was taken back that an operator did not want any more.
pub const CANCELLED: &str = "cancelled";
/// Why one was taken back that somebody ended at the vendor, and not we.
pub const WITHDRAWN: &str = "withdrawn";

/// Where somebody is reached: a number or a mail address. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Address {
    /// As a vendor needs it. Never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Fit to show.
    pub fn masked(&self) -> String {
        match self.0.rsplit_once('@') {
            Some((_, domain)) => format!("****@{domain}"),
            None => mask(&self.0),
        }
    }

    /// The number, if it is one.
    pub fn e164(&self) -> Option<E164> {
        self.0.parse().ok()
    }
}

impl From<&E164> for Address {
    fn from(number: &E164) -> Self {
        Self(number.as_str().to_owned())
    }
}

words! {
    /// Who goes first when an account's calls have to wait.
    Lane, "lane" {
        /// Somebody must be reached in time.
        Escalation = "escalation",
        /// Whatever a service asked for.
        Normal = "normal",
    }
}

/// What is said or written. Never logged: it is what people tell each other.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// What the called person gets: a question with keys, spoken.
    Talk(Talk),
    /// Instructions somebody else made.
    Instructions(Instructions),
    /// A text message.
    Text(String),
    /// A mail.
    Mail { subject: String, text: String },
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Talk(_) => "Talk(…)",
            Self::Instructions(_) => "Instructions(…)",
            Self::Text(_) => "Text(…)",
            Self::Mail { .. } => "Mail(…)",
        })
    }
}

/// What is said to somebody who answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Talk {
    /// The message.
    pub text: String,
    /// Which key means what; empty for the usual words of the language.
    pub menu: String,
    /// The language, such as `de-DE`.
    pub language: String,
    /// The voice; empty for the account's.
    pub voice: String,
    /// A key is asked for.
    pub asks: bool,
    /// A key ends all further calls.
    pub offers_opt_out: bool,
}

/// What a call may cost in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// It rings so long.
    pub ring_timeout: Seconds,
    /// It lasts so long at most.
    pub time_limit: Seconds,
    /// Twilio tells people from machines.
    pub machine_detection: bool,
    /// The wall: it does not begin at or after this, and what still rings then is taken back.
    pub not_after: Option<Timestamp>,
}

impl Default for Limits {
    fn default() -> Self {
        let (ring_timeout, time_limit) = (Seconds(45), Seconds(600));
        Self { ring_timeout, time_limit, machine_detection: true, not_after: None }
    }
}

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Waits for the guards, not before `until`.
    Waiting { until: Timestamp },
    /// The vendor is being asked.
    Creating,
    /// The vendor may have taken it; looked up at `until`. Of the looks so far, `absent` saw that it is not there.
    Doubtful {
        looks: u32,
        #[serde(default)]
        absent: u32,
        until: Timestamp,
    },
    /// It is being looked up.
    Looking {
        looks: u32,
        #[serde(default)]
        absent: u32,
    },
    /// The vendor has it. `watch` is when somebody must look after it; `None` while the vendor is asked how it stands.
    Placed { watch: Option<Timestamp> },
    /// The vendor is being asked to take it back.
    Ending { tries: u32, again: Option<Timestamp> },
    /// It is over.
    Over,
}

words! {
    /// Where an attempt stands, in a word.
    State, "attempt state" {
        /// Waits for the guards or for its turn.
        Waiting = "waiting",
        /// The vendor is being asked.
        Creating = "creating",
        /// The vendor may have taken it; it is looked up.
        Doubtful = "doubtful",
        /// The vendor has it.
        Placed = "placed",
        /// It is being taken back.
        Ending = "ending",
        /// It is over.
        Over = "over",
    }
}

/// One try to reach one person. Stored as a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Ours; the tag in the paths that Twilio calls back.
    pub id: AttemptId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// How.
    pub channel: Channel,
    /// Where.
    pub to: Address,
    /// Who, if we know them.
    pub contact_id: Option<ContactId>,
    /// The incident and the number of its step that it belongs to.
    pub step: Option<(IncidentId, u32)>,
    /// The event it is about and who is meant: calls are counted by both. Empty for neither.
    pub event_key: String,
    /// Who is meant: a contact's id or whatever name a service has for them.
    pub person_key: String,
    /// Who goes first.
    pub lane: Lane,
    /// What is said.
    pub content: Content,
    /// What it may cost in time.
    pub limits: Limits,
    /// The account it is made with; `None` until the guards let it through.
    pub account_id: Option<AccountId>,
    /// Our number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// What the called person sees.
    pub from: Option<E164>,
    /// Accounts that refused it as not theirs to make.
    pub avoided: Vec<AccountId>,
    /// What the guards said last.
    pub verdict: Verdict,
    /// Where it stands.
    pub work: Work,
    /// Names a round: an outcome of an earlier one is late.
    pub round: u32,
    /// How often a vendor was asked to make it.
    pub tries: u32,
    /// The next try counts as one more ring: it is the first, or the one before may have rung.
    pub owes_slot: bool,
    /// What the vendor calls it; empty until it took it.
    pub vendor_sid: String,
    /// The call it became.
    pub call_id: Option<CallId>,
    /// The message it became.
    pub message_id: Option<MessageId>,
    /// Other calls of it that turned up and are ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<Stray>,
    /// What was heard of it so far.
    pub heard: Heard,
    /// How often keys were asked for.
    pub menus: u32,
    /// It is to be taken back, for this reason; empty when not.
    pub withdrawn: String,
    /// How it ended.
    pub ending: Option<Ending>,
    /// A stable word for why it did not come through; empty when it did.
    pub reason: String,
    /// The same for people.
    pub error: String,
    /// The vendor's code; 0 for none.
    pub error_code: i32,
    /// Nobody was reached: test mode or mock.
    pub simulated: bool,
    /// What it costs, in millionths: an estimate until the vendor tells its price.
    pub cost_micros: i64,
    /// Whether the price is known.
    #[serde(default, skip_serializing_if = "Pricing::is_estimated")]
    pub pricing: Pricing,
    /// When the vendor was asked for the first time.
    pub begin_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was asked for.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// Through which account and from which number an attempt is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The account; `None` for mail.
    pub account_id: Option<AccountId>,
    /// Our number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// What the called person sees.
    pub from: Option<E164>,
}

/// What a vendor says of what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name for it; a mail vendor may give none.
    pub sid: String,
    /// Where it stands.
    pub heard: Heard,
    /// Nobody is reached: test mode or mock.
    pub simulated: bool,
}

/// What can happen to an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The guards let it through.
    Admitted { route: Route, verdict: Verdict, cost_micros: i64 },
    /// The guards did not.
    Denied { verdict: Verdict, reason: &'static str, error: String },
    /// The line is taken until then.
    Held { until: Timestamp },
    /// The time it asked for has come.
    Tick,
    /// The vendor was asked to make it.
    Created { round: u32, outcome: Outcome<Taken> },
    /// It was looked up.
    Found { round: u32, outcome: Outcome<Option<Taken>> },
    /// The vendor was asked to take it back, or how it stands.
    Answered { round: u32, outcome: Outcome<Heard> },
    /// Somebody told how it stands: a webhook, or a look at the call.
    Told { sid: String, heard: Heard },
    /// Another call of it turned up.
    Strayed { sid: String, account_id: AccountId, heard: Heard },
    /// The vendor was asked to end that one.
    StrayAnswered { sid: String, outcome: Outcome<Heard> },
    /// Keys were asked for once more.
    MenuRepeated,
    /// It is not wanted any more.
    Withdrawn { why: &'static str },
    /// It is not made at all: an emergency stop came in between.
    Stopped { round: u32, reason: &'static str, error: String },
    /// The do-not-call checker was asked whether it may be made.
    Checked { round: u32, said: Said },
    /// It is time to ask what it cost.
    PriceDue,
    /// The vendor was asked what it cost.
    Priced { looks: u32, outcome: Outcome<Price> },
}

impl Event {
    /// How the vendor call behind it ended; none when there was none.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::Created { outcome, .. } => Some(outcome.word()),
            Self::Found { outcome, .. } => Some(outcome.word()),
            Self::Answered { outcome, .. } | Self::StrayAnswered { outcome, .. } => Some(outcome.word()),
            Self::Priced { outcome, .. } => Some(outcome.word()),
            Self::Admitted { .. }
            | Self::Denied { .. }
            | Self::Held { .. }
            | Self::Tick
            | Self::Told { .. }
            | Self::Strayed { .. }
            | Self::MenuRepeated
            | Self::Withdrawn { .. }
            | Self::Stopped { .. }
            | Self::Checked { .. }
            | Self::PriceDue => None,
        }
    }
}

impl Attempt {
    /// Where it stands, in a word.
    pub fn state(&self) -> State {
        match self.work {
            Work::Waiting { .. } => State::Waiting,
            Work::Creating => State::Creating,
            Work::Doubtful { .. } | Work::Looking { .. } => State::Doubtful,
            Work::Placed { .. } => State::Placed,
            Work::Ending { .. } => State::Ending,
            Work::Over => State::Over,
        }
    }

    /// The time it asked for has come.
    pub fn deadline_passed(&self, now: Timestamp) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// It waits for the guards.
    pub fn waits(&self) -> bool {
        matches!(self.work, Work::Waiting { .. })
    }
}

/// What a webhook or a vendor's record says of a call.
pub fn of_call(status: Option<call::Status>, answered_by: &str) -> Heard {
    Heard { call: status, answered_by: answered_by.to_owned(), ..Heard::default() }
}

/// What a webhook or a vendor's record says of a message.
pub fn of_message(status: Option<MessageStatus>, error_code: i32) -> Heard {
    Heard { message: status, error_code, ..Heard::default() }
}
