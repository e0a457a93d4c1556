//! What is remembered, and the only place where SQL lives. One file a noun; queries take a `Scope`, so that a read of
//! another workspace is hard to write by accident.

pub mod account;
pub mod agent;
pub mod attempt;
pub mod audit;
pub mod calendar_feed;
pub mod call;
pub mod call_event;
pub mod checklist;
pub mod consent;
pub mod contact;
pub mod database;
pub mod dnc;
pub mod effect;
pub mod entity;
pub mod event;
pub mod failover;
pub mod failure;
pub mod heartbeat;
pub mod incident;
pub mod kept;
pub mod many;
pub mod meeting;
pub mod message;
pub mod monitor;
pub mod monitor_policy;
pub mod notification;
pub mod number_look;
pub mod outbound;
pub mod page;
pub mod phone_number;
pub mod policy;
pub mod pool;
pub mod probe;
pub mod reconciliation;
pub mod recording;
pub mod replay;
pub mod route_plan;
pub mod secret;
pub mod stream_token;
pub mod token;
pub mod traffic;
pub mod value;
pub mod voicemail;
pub mod workspace;

pub use database::Store;
pub use failure::{PATIENCE, failed, in_time};
pub use kept::Kept;

use std::str::FromStr;

use crate::domain::{
    error::{Error, Result},
    id::WorkspaceId,
};

/// A connection and the workspace it may see.
#[derive(Clone, Copy)]
pub struct Scope<'c, C> {
    /// The connection or transaction.
    pub db: &'c C,
    /// The tenant.
    pub workspace: WorkspaceId,
}

impl<'c, C> Scope<'c, C> {
    /// Ties a connection to a workspace.
    pub fn new(db: &'c C, workspace: WorkspaceId) -> Self {
        Self { db, workspace }
    }
}

/// Reads a stored word. A row that does not read back is our fault and says where.
pub fn word<T: FromStr<Err = Error>>(column: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|error: Error| Error::internal(format!("column {column}: {error}")))
}

/// Reads a stored word that may be absent.
pub fn word_or_none<T: FromStr<Err = Error>>(column: &'static str, text: Option<&String>) -> Result<Option<T>> {
    text.map(|text| word(column, text)).transpose()
}
