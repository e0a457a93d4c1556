//! Routing: who answers a call, by time, caller and weight, and why.

pub mod decide;
pub mod decision;
mod pick;
pub mod plan;
mod rule;
pub mod window;

pub use decide::{decide, explain, recall};
pub use decision::{Answering, Caller, Decision, Explanation, Reason, Roster, Share, Subject, Trace};
pub use plan::{Fallback, Prefix, RoutePlan, Rule, Target};
pub use window::{Day, LocalTime, TimeWindow};
