//! One line that is moved to another number. It never talks to a vendor: it asks a number to become what it shall be, waits
//! for it to come to rest, turns the routing, and asks for a last look. How it goes on is in `machine`.

mod machine;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::domain::{
    agent::OwnNumber,
    id::{AgentId, FailoverId, MoveId, PhoneNumberId, WorkspaceId},
    phone_number::Assignment,
    time::Timestamp,
    word::words,
};

use super::Kind;

words! {
    /// Where it stands, in a word.
    State, "move state" {
        /// Its number is reserved; its turn has not come.
        Waiting = "waiting",
        /// The number is being made what it shall be.
        Preparing = "preparing",
        /// The agent is reached by the new number, which is looked at once more.
        Verifying = "verifying",
        /// ElevenLabs is told to let go of the old number.
        Detaching = "detaching",
        /// What was prepared at the vendor is taken back.
        Unwinding = "unwinding",
        /// Done.
        Moved = "moved",
        /// Not begun, or given up before anything was turned.
        Undone = "undone",
        /// The number could not be made what it shall be; nothing was turned.
        Failed = "failed",
        /// There was no number for it.
        LeftOut = "left-out",
        /// Somebody edited it meanwhile.
        Skipped = "skipped",
        /// Turned, and not verified.
        Stuck = "stuck",
    }
}

impl State {
    /// Nothing more happens by itself.
    pub fn is_at_rest(self) -> bool {
        match self {
            Self::Waiting | Self::Preparing | Self::Verifying | Self::Detaching | Self::Unwinding => false,
            Self::Moved | Self::Undone | Self::Failed | Self::LeftOut | Self::Skipped | Self::Stuck => true,
        }
    }
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Its turn has not come.
    Waiting,
    /// The number is asked to become what it shall be, until then.
    Preparing { until: Timestamp },
    /// Turned; the number is asked once more.
    Verifying { until: Timestamp, tries: u32 },
    /// The old number is asked to let go.
    Detaching { until: Timestamp },
    /// The new number is asked to become what it was.
    Unwinding { until: Timestamp, why: String, then: Unwound },
    /// Done; `note` says what is not as it should be.
    Moved { note: String },
    /// Not begun.
    Undone { why: String },
    /// Not possible.
    Failed { why: String, blame: Blame },
    /// No number.
    LeftOut { why: String },
    /// Edited meanwhile.
    Skipped { why: String },
    /// Turned, not verified.
    Stuck { why: String },
}

/// What a move is that took back what it had prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unwound {
    /// Its number could not be made ready.
    Failed(Blame),
    /// It was given up.
    Undone,
    /// The line was edited.
    Skipped,
}

/// How it came to rest, for the failover that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Moved and verified.
    Moved,
    /// Could not be moved, because of this.
    Failed(Blame),
    /// Given up before anything was turned.
    Undone,
    /// Edited meanwhile.
    Skipped,
    /// Turned, not verified.
    Stuck,
}

/// A line that is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Ours.
    pub id: MoveId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Whose move it is.
    pub failover_id: FailoverId,
    /// What that failover is: there, back, or a drill.
    pub kind: Kind,
    /// Which comes first; the lowest is the canary.
    pub place: i64,
    /// Who answers the line.
    pub assignment: Assignment,
    /// What people call whoever answers.
    pub display_name: String,
    /// The agent whose own number it is; none for a route plan.
    pub agent_id: Option<AgentId>,
    /// The number it leaves; none in a drill.
    pub from_id: Option<PhoneNumberId>,
    /// The number it goes to; none when there was none.
    pub to_id: Option<PhoneNumberId>,
    /// The move that a rollback takes back.
    pub original_id: Option<MoveId>,
    /// The new number belongs to ElevenLabs.
    pub is_native: bool,
    /// The old number belongs to ElevenLabs, which must let go of it.
    pub detaches: bool,
    /// The agent's own number before.
    pub own_before: Option<OwnNumber>,
    /// The version of the agent after the turn: another one was edited since.
    pub agent_version: Option<i64>,
    /// Where it stands.
    pub work: Work,
    /// When its turn came.
    pub begin_time: Option<Timestamp>,
    /// When the routing was turned.
    pub flip_time: Option<Timestamp>,
    /// When it came to rest.
    pub end_time: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
    /// When it was planned.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// How a number came to rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It is what it shall be, by the vendor's own word.
    Right,
    /// It could not be made so.
    Wrong { why: String, blame: Blame },
}

/// What is to blame for a number that cannot be made ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The number: nobody else should get it either.
    Number,
    /// Its account, the vendor, or us: the number may be as good as any.
    Surroundings,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its turn has come; it has until then to make its number ready.
    Began { until: Timestamp },
    /// Somebody edited the line since it was planned.
    Edited { why: String },
    /// The number it waits for came to rest.
    Settled(Rest),
    /// The time it asked for has come; `seen` is what its number says of itself.
    Tick { seen: String },
    /// It is given up, if nothing was turned.
    Dropped { why: String },
    /// Looked at once more.
    Retried,
    /// A person takes it as it is.
    Accepted { actor: String },
}

/// What is to be done in the same transaction, because of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The new number is asked to become what it shall be, or to be looked at.
    Converge,
    /// The agent is reached by the new number: the pivot.
    Flip,
    /// ElevenLabs is told to let go of the old number.
    Detach,
    /// What was prepared at the vendor is taken back.
    RemoveImport,
    /// The new number goes back to the pool.
    GiveBack,
    /// The new number is put aside until a person has looked at it.
    PutAside,
    /// The backup number that is left goes back to the pool.
    GiveBackOld,
    /// The drill is over: the number goes back to the pool, the agent to where it was.
    Return,
}
