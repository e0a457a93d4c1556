//! How an account is doing: what is probed, what is concluded from it, and who hears of the conclusion. Pure; probing
//! itself is work of a worker.

mod finding;
mod machine;
mod policy;
mod probe;
pub mod reading;
mod traffic;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use finding::{Exclusion, Findings, Imports, Norm, Signal, Standing, Subject};
pub use machine::{APART, Event, Monitor, Pace, Work};
pub use policy::{OnExpiry, Policy};
pub use probe::{Cause, Kind, Outcome, Reach, Reading, Trouble};
pub use traffic::{LatelyHeard, Traffic};
pub use verdict::{Around, Memory, conclude};

use super::{
    id::{AccountId, AgentId},
    time::Timestamp,
    word::words,
};

words! {
    /// What is concluded about an account.
    Verdict, "verdict" {
        /// Too little is known.
        Unknown = "unknown",
        /// It works.
        Healthy = "healthy",
        /// A part of it does not.
        Degraded = "degraded",
        /// It cannot be used, or somebody else uses it.
        Critical = "critical",
        /// It fails as other accounts do: moving to another one would not help.
        VendorWide = "vendor-wide",
        /// We reach nobody: nothing is known of the account.
        OwnNetwork = "own-network",
    }
}

/// What a look at an account has come to, told once after every look: to whoever moves agents, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The account.
    pub account_id: AccountId,
    /// What is concluded.
    pub verdict: Verdict,
    /// This look by itself found nothing wrong. A verdict may take three of them in a row to become better.
    pub good: bool,
    /// Since when the verdict holds.
    pub since: Timestamp,
    /// Why, fit to show.
    pub why: String,
    /// Active agents that callers do not reach now.
    pub failing: Vec<AgentId>,
}
