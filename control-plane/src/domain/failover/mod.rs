//! A failover: everything an account carries is moved to a backup account, or back, or one spare agent as a drill. How it
//! goes on is in `machine`, when people decide in `approval`, where it goes in `target`; each number that is moved is one
//! of `moves`. The row stays small however many moves there are: it only counts them.

mod approval;
mod machine;
pub mod moves;
pub mod pace;
mod target;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, AgentId, FailoverId, WorkspaceId},
    monitor::{Heard, OnExpiry},
    outcome::Outcome,
    seconds::Seconds,
    telephony::AccountSeen,
    time::Timestamp,
    word::words,
};
use moves::Ended;
pub use target::{Candidate, PassedOver, Passing, TargetSeen};

words! {
    /// What is moved, and where to.
    Kind, "kind of failover" {
        /// Everything of a failing account, to a backup account.
        Failover = "failover",
        /// What a failover moved, back.
        Rollback = "rollback",
        /// One spare agent, there and back.
        Rehearsal = "rehearsal",
    }
}

words! {
    /// What began it.
    Trigger, "trigger of a failover" {
        /// A part of the account does not work.
        Degraded = "degraded",
        /// The account cannot be used.
        Critical = "critical",
        /// A person.
        Manual = "manual",
    }
}

words! {
    /// Where it stands, in a word.
    State, "failover state" {
        /// People may approve or cancel until the deadline.
        AwaitingApproval = "awaiting-approval",
        /// A backup account is chosen and probed, and its numbers are reserved.
        Preparing = "preparing",
        /// No backup account works now, which looks like trouble of the vendor: nothing is moved.
        Holding = "holding",
        /// One line is moved and verified before the others.
        Canary = "canary",
        /// The others are moved.
        Moving = "moving",
        /// What was reserved and not moved is given back.
        Undoing = "undoing",
        /// A moved line cannot be verified: a person retries or abandons.
        Stuck = "stuck",
        /// Everything is moved and verified.
        Completed = "completed",
        /// Some lines are moved, others are not.
        PartiallyCompleted = "partially-completed",
        /// Nothing was moved, because somebody or something said so.
        Cancelled = "cancelled",
        /// Nothing was moved, because it did not work.
        Failed = "failed",
        /// Everything it moved was moved back.
        RolledBack = "rolled-back",
    }
}

impl State {
    /// Nothing more happens by itself.
    pub fn is_over(self) -> bool {
        match self {
            Self::AwaitingApproval
            | Self::Preparing
            | Self::Holding
            | Self::Canary
            | Self::Moving
            | Self::Undoing
            | Self::Stuck => false,
            Self::Completed | Self::PartiallyCompleted | Self::Cancelled | Self::Failed | Self::RolledBack => true,
        }
    }
}

words! {
    /// Who or what decided whether it is carried out. The first one wins, and nobody changes it afterwards.
    DecidedBy, "decision" {
        /// A person started it; nobody else was asked.
        Start = "start",
        /// People approved it.
        Approval = "approval",
        /// A person cancelled it.
        Cancellation = "cancellation",
        /// The account recovered.
        Recovery = "recovery",
        /// The deadline passed.
        Expiry = "expiry",
        /// The account became critical.
        Critical = "critical",
    }
}

/// Whether it is carried out, and who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What decided.
    pub by: DecidedBy,
    /// A token's id, or `monitor` or `timer`.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// Carried out, or not.
    pub carried_out: bool,
}

words! {
    /// Why nothing was moved.
    CancelledBy, "cancellation" {
        /// A person did not want it.
        Person = "person",
        /// The account works again.
        Recovery = "recovery",
        /// Nobody approved in time, and the policy says that this is a no.
        Expiry = "expiry",
        /// The vendor fails everywhere: moving would not help.
        VendorWide = "vendor-wide",
        /// Our own network failed.
        OwnNetwork = "own-network",
    }
}

/// What the policy said when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// What the deadline does.
    pub on_expiry: OnExpiry,
    /// How long people have.
    pub approval_window: Seconds,
    /// How many different people approve.
    pub approvals: u32,
    /// How often the account is probed.
    pub cadence: Seconds,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Phase {
    /// People may approve or cancel. `elsewhere`: the last look found trouble that moving would not help.
    AwaitingApproval { deadline: Timestamp, approvals: Vec<String>, elsewhere: Option<CancelledBy> },
    /// A backup account is looked for, since `at`; done in the transaction that comes here.
    Choosing { at: Timestamp },
    /// The candidate is being probed.
    Probing { candidate: AccountId, round: u32, attempt: u32 },
    /// The probe said nothing; probed again at `until`.
    ProbingAgain { candidate: AccountId, attempt: u32, until: Timestamp, why: String },
    /// The candidate works; its numbers are reserved in the transaction that comes here.
    Reserving { candidate: AccountId, at: Timestamp },
    /// No candidate can be used now; looked for again at `until`, given up at `deadline`.
    Holding { until: Timestamp, deadline: Timestamp, why: String },
    /// One line is moved first.
    Canary,
    /// The others are moved.
    Moving,
    /// Lines that wait are given up, some at a time.
    Undoing { at: Timestamp, then: Then, why: String },
    /// Moved lines cannot be verified; tried again by itself at `until`.
    Stuck { until: Timestamp, why: String },
    /// All moved.
    Completed,
    /// Some moved.
    PartiallyCompleted { why: String },
    /// None moved, on purpose.
    Cancelled { by: CancelledBy, why: String },
    /// None moved.
    Failed { why: String },
    /// All moved back by that rollback.
    RolledBack { by: FailoverId },
}

/// What follows when all that waited is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Another backup account is looked for.
    NextTarget,
    /// It ends with what was moved.
    End,
}

/// How its moves stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Reserved, not begun.
    pub waiting: u32,
    /// Under way.
    pub under_way: u32,
    /// Moved and verified.
    pub moved: u32,
    /// Not moved, because they could not be.
    pub failed: u32,
    /// Not moved, because it was stopped.
    pub undone: u32,
    /// Not moved, because somebody edited them meanwhile.
    pub skipped: u32,
    /// Without a number to move to.
    pub left_out: u32,
    /// Moved, and not verified.
    pub stuck: u32,
    /// Counted as moved although nobody could verify them.
    pub unverified: u32,
    /// How many in a row could not be moved.
    pub failed_in_a_row: u32,
}

/// When it came to what. A rehearsal reports the times between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestones {
    /// It was decided that it is carried out.
    pub decide_time: Option<Timestamp>,
    /// No backup account worked, for the first time.
    pub hold_time: Option<Timestamp>,
    /// The target proved to work.
    pub probe_time: Option<Timestamp>,
    /// Numbers were reserved.
    pub reserve_time: Option<Timestamp>,
    /// The first line was verified.
    pub canary_time: Option<Timestamp>,
    /// It ended.
    pub end_time: Option<Timestamp>,
}

/// A failover, a rollback or a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// Ours.
    pub id: FailoverId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What is moved.
    pub kind: Kind,
    /// What began it.
    pub trigger: Trigger,
    /// The account that is left.
    pub account_id: AccountId,
    /// The account that takes over, once chosen. One that a person named is never exchanged for another.
    pub target_id: Option<AccountId>,
    /// A person named the target.
    pub target_is_fixed: bool,
    /// The failover that a rollback takes back.
    pub original_id: Option<FailoverId>,
    /// The spare agent of a rehearsal.
    pub agent_id: Option<AgentId>,
    /// Agents that were edited meanwhile are moved back all the same.
    pub include_edited: bool,
    /// Why it began.
    pub reason: String,
    /// Who began it: a token's id, or `monitor`.
    pub actor: String,
    /// What the policy said then.
    pub rules: Rules,
    /// How many looks in a row found nothing wrong with the account.
    pub good: u32,
    /// Where it stands.
    pub phase: Phase,
    /// Whether it is carried out.
    pub decision: Option<Decision>,
    /// Accounts that could not be used, and why.
    pub passed_over: Vec<PassedOver>,
    /// How its moves stand.
    pub tally: Tally,
    /// When it came to what.
    pub milestones: Milestones,
    /// The rollback that last took back what it could.
    pub rollback_id: Option<FailoverId>,
    /// Counts its changes.
    pub version: i64,
    /// When it began.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The account was looked at.
    Heard(Heard),
    /// A person wants it carried out.
    Approved { actor: String },
    /// A person does not want it.
    Cancelled { actor: String, why: String },
    /// The time it asked for has come.
    Tick,
    /// The backup accounts, in their order.
    Found(Vec<Candidate>),
    /// The candidate answered, or did not.
    Probed { round: u32, outcome: Outcome<AccountSeen> },
    /// Numbers of the candidate are reserved.
    Reserved { planned: u32, left_out: u32 },
    /// The candidate works, and yet nothing can be moved there.
    NothingFits { why: String, passes: bool },
    /// A move came to rest.
    MoveEnded(Ended),
    /// So many moves that waited were given up.
    Undone { count: u32 },
    /// So many moves that were stuck are verified again.
    Retried { count: u32 },
    /// A person accepts moves that cannot be verified as they are; nothing else is moved.
    Abandoned { count: u32 },
    /// A rollback of it ended; `all`: nothing is left to take back.
    RolledBack { by: FailoverId, all: bool },
}
