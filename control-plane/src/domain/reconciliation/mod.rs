//! A look through an account's list of calls at Twilio: it finds the calls that no webhook told of and the ends that got
//! lost. One row an account; how it goes on is in `machine`, what was looked for in `window`.

mod machine;
mod rhythm;
mod window;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, WorkspaceId},
    outcome::Outcome,
    telephony::Cursor,
    time::Timestamp,
    word::words,
};
pub use rhythm::Rhythm;
pub use window::Window;

words! {
    /// Where it stands, in a word.
    State, "reconciliation state" {
        /// Nothing is under way.
        Idle = "idle",
        /// It waits for its turn.
        Wanted = "wanted",
        /// Twilio is being asked.
        Listing = "listing",
        /// Twilio could not be asked; asked again soon.
        Waiting = "waiting",
        /// Looked through once; looked through again when Twilio's list has caught up.
        Settling = "settling",
        /// Twilio refuses, and somebody must do something about it.
        Refused = "refused",
    }
}

/// One look through the list, from the newest call back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// What is looked for.
    pub window: Window,
    /// When it began: whatever is heard of a call from then on is fresh.
    pub begin_time: Timestamp,
    /// Something was missed for certain: open calls are asked about one by one as well.
    pub urgent: bool,
    /// The page to read next; none for the first.
    pub cursor: Option<Cursor>,
    /// Pages read.
    pub pages: u32,
    /// What came of it so far.
    pub tally: Tally,
}

/// What a look has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Calls that Twilio listed.
    pub listed: u32,
    /// Calls among them that nobody had told us of.
    pub found: u32,
    /// Calls among them of which we knew too little.
    pub repaired: u32,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            listed: self.listed.saturating_add(other.listed),
            found: self.found.saturating_add(other.found),
            repaired: self.repaired.saturating_add(other.repaired),
        }
    }
}

/// How often in a row it did not work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Twilio could not be asked, or its answer is not known.
    pub failed: u32,
    /// Twilio refused in a way that does not pass by itself.
    pub refused: u32,
}

/// Where the work at Twilio stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Nothing is under way; the next regular look is due at `next_time`.
    Idle { next_time: Timestamp },
    /// Twilio is asked for a page.
    Listing { round: u32, tries: Tries, look: Look },
    /// It did not work, and `why`; tried again at `until`.
    Waiting { tries: Tries, look: Look, until: Timestamp, why: String },
    /// Twilio's list may have been behind; looked through again at `until`.
    Settling { window: Window, tally: Tally, until: Timestamp },
}

/// How the last look ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub time: Timestamp,
    /// What came of it.
    pub tally: Tally,
    /// What was left out; empty for nothing.
    pub problem: String,
}

/// The reconciliation of an account's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// The account, and its own name: there is one for each.
    pub account_id: AccountId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What is to be looked for at its next turn. Several wishes become one.
    pub wanted: Option<Window>,
    /// Where the work at Twilio stands.
    pub work: Work,
    /// Every call that began before it was in a list we have looked through.
    pub covered_until: Timestamp,
    /// How many looks in a row listed no call.
    pub quiet: u32,
    /// When it last had calls: of several accounts whose turn it is, the one with the latest comes first.
    pub active_time: Timestamp,
    /// How the last look ended.
    pub last: Option<Ended>,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// What a page brought, once its calls are in their rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What came of it.
    pub tally: Tally,
    /// Where the list goes on.
    pub next: Option<Cursor>,
    /// Every call on it began before what is looked for, and the list goes from new to old.
    pub is_past: bool,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Calls were missed, or somebody asks.
    Wanted(Window),
    /// It is its turn.
    Tick(Rhythm),
    /// Twilio showed a page, or did not.
    Listed { round: u32, outcome: Outcome<Listed>, rhythm: Rhythm },
}
