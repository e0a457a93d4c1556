//! What people are told by mail: once each, and visible when it could not be. How it goes on is in `machine`, what it says
//! in `text`.

mod machine;
mod text;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    email::EmailAddress,
    id::{NotificationId, WorkspaceId},
    outcome::Outcome,
    time::Timestamp,
    word::words,
};
pub use text::{LeftOut, Notice};

words! {
    /// What it tells of.
    Kind, "notification kind" {
        /// Somebody wants to see that mail arrives.
        Test = "test",
        /// An account does not work; a failover begins or waits for approval.
        Detected = "failover-detected",
        /// Everybody was moved.
        Completed = "failover-completed",
        /// Some were moved, and some were not.
        PartiallyCompleted = "failover-partially-completed",
        /// Nothing is moved.
        Cancelled = "failover-cancelled",
        /// Nothing could be moved.
        Failed = "failover-failed",
        /// It does not go on without a person.
        Stuck = "failover-stuck",
        /// Everybody was moved back.
        RolledBack = "failover-rolled-back",
        /// Every step of a ladder was tried, and nobody answered.
        NotReached = "incident-not-reached",
    }
}

words! {
    /// Where it stands, in a word.
    State, "notification state" {
        /// On its way, or waiting to be sent again.
        Pending = "pending",
        /// The mail vendor took it.
        Sent = "sent",
        /// The mail vendor may have taken it.
        Unknown = "unknown",
        /// It was not sent and will not be by itself.
        Failed = "failed",
        /// No mail vendor or no address is configured.
        NotConfigured = "not-configured",
    }
}

/// Where the work stands. `doubts` counts the attempts of which nobody knows whether they came through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// The mail vendor is being told.
    Sending { doubts: u32 },
    /// The mail vendor could not be told; told again at `until`.
    Waiting { doubts: u32, until: Timestamp },
    /// The mail vendor may have been told; told again at `until`, because twice is better than never.
    Doubtful { doubts: u32, until: Timestamp },
    /// The mail vendor took it.
    Sent,
    /// Given up.
    Failed,
    /// Given up without knowing whether the mail vendor took it.
    Unknown,
    /// Nobody to send it, or nobody to send it to.
    NotConfigured,
}

/// A mail to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Ours; the mail carries it, so that two copies can be told from two events.
    pub id: NotificationId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What it tells of.
    pub kind: Kind,
    /// The id of what it is about, such as `fov_…`. There is one of a kind for each.
    pub resource: String,
    /// To whom.
    pub recipients: Vec<EmailAddress>,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Where the work stands.
    pub work: Work,
    /// How often a mail vendor was told. Names a round: an outcome of an earlier one is late.
    pub attempt: u32,
    /// Why the last attempt did not work.
    pub last_error: String,
    /// The vendor's name for it; empty when it gives none.
    pub vendor_message_id: String,
    /// Nobody got it: test mode.
    pub simulated: bool,
    /// When the mail vendor took it.
    pub send_time: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// What a mail vendor says of a mail that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The vendor's name for it; empty when it gives none.
    pub message_id: String,
    /// Nobody gets it: test mode.
    pub simulated: bool,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is new, and this is what there is to send it with.
    Told(Means),
    /// The mail vendor took it, or did not.
    Answered { round: u32, outcome: Outcome<Taken> },
    /// An operator wants it sent again.
    ResendRequested(Means),
    /// The time it asked for has come.
    Tick,
}

/// What there is to send mail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A mail vendor.
    Vendor,
    /// The server has none.
    None,
}

impl Notification {
    /// Where it stands, in a word.
    pub fn state(&self) -> State {
        match self.work {
            Work::Sending { .. } | Work::Waiting { .. } => State::Pending,
            Work::Doubtful { .. } | Work::Unknown => State::Unknown,
            Work::Sent => State::Sent,
            Work::Failed => State::Failed,
            Work::NotConfigured => State::NotConfigured,
        }
    }
}
