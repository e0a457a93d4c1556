//! The one path by which state changes: load, decide, and write state, effects, events and audit in one transaction.
//! RPCs, webhooks, timers and effect results all come through here. Nobody here calls a vendor.

pub mod account;
pub mod agent;
pub mod attempt;
pub mod calendar_feed;
pub mod consent;
pub mod contact;
pub mod context;
pub mod dispatch;
pub mod dnc;
pub mod failover;
pub mod heartbeat;
pub mod incident;
pub mod ingest;
pub mod journal;
pub mod meeting;
pub mod monitor;
pub mod notification;
pub mod outbound;
pub mod outbound_call;
pub mod phone_number;
pub mod policy;
pub mod pool;
pub mod reconciliation;
pub mod registrar;
pub mod route_plan;
pub mod seen;
pub mod token;
pub mod vault;
pub mod wake;
pub mod workspace;

pub use context::{Context, Facts};
pub use dispatch::{again, dispatch};
pub use ingest::Inbox;
pub use journal::{Audited, Journal, Once};
pub use registrar::Registrar;
pub use seen::seen;
pub use wake::Wake;
