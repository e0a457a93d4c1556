//! The control plane: `domain` decides, `store` remembers, `flow` ties the two in one transaction, `rpc` listens,
//! `provider` and `worker` act.

pub mod clock;
pub mod command;
pub mod domain;
pub mod flow;
pub mod metrics;
pub mod provider;
pub mod rpc;
pub mod secret;
pub mod server;
pub mod settings;
pub mod store;
pub mod token;
pub mod worker;
