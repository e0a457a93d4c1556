//! The whole system as real processes under load while it is killed, frozen and cut apart, and a judge of what came of it.
//!
//! `schedule` says from a seed what is done, `nemesis` does it to the `fleet`; `load`, `chores` and `reach` keep it busy, `history`
//! notes what was answered; `gather` fetches the evidence and `judge` names the rules that were broken. `make soak` and
//! the tests of faults run the same.

pub mod caller;
pub mod chores;
pub mod dice;
pub mod evidence;
pub mod fleet;
pub mod furnish;
pub mod gather;
pub mod history;
pub mod judge;
pub mod link;
pub mod load;
pub mod memory;
pub mod nemesis;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod reach;
pub mod report;
pub mod run;
pub mod schedule;
pub mod seat;
pub mod turncoat;
pub mod wire;

/// What keeps a run from being judged, fit to show.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
