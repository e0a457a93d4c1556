//! Routing: who answers a call, by time, caller and weight, and why.

pub mod decision;
pub mod plan;
pub mod window;

pub use decision::{Answering, Caller, Decision, Explanation, Reason, Roster, Share, Subject, Trace};
pub use plan::{Fallback, Prefix, RoutePlan, Rule, Target};
pub use window::{Day, LocalTime, TimeWindow};
