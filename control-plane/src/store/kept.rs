//! What a machine needs to be kept in the database: one row that holds its whole state and a version.

use std::fmt::Display;

use async_trait::async_trait;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::domain::{error::Result, id::WorkspaceId, machine::Machine, time::Timestamp};

/// A machine with a row.
#[async_trait]
pub trait Kept: Machine + Send + Sync + 'static {
    /// How it is named.
    type Id: Copy + Display + Send + Sync;

    /// A stable word for the effect table.
    const MACHINE: &'static str;
    /// What people call it.
    const NOUN: &'static str;

    /// Loads it for change; other replicas wait until the transaction ends.
    async fn load(txn: &DatabaseTransaction, workspace: WorkspaceId, id: Self::Id) -> Result<Option<Self>>;

    /// Saves it, but only while the stored version is `seen`; says whether it was.
    async fn save(&self, txn: &DatabaseTransaction, seen: i64) -> Result<bool>;

    /// The UUID of the row.
    fn row(&self) -> Uuid;

    /// The version of the state.
    fn version(&self) -> i64;

    /// The state after this one, as it is about to be saved.
    #[must_use]
    fn stamped(self, version: i64, now: Timestamp) -> Self;
}
