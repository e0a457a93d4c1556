//! An escalation policy: a ladder with a name. Incidents keep the version of the ladder they began with.

use super::{
    id::{PolicyId, WorkspaceId},
    ladder::Ladder,
    time::Timestamp,
};

/// A ladder that people edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Ours.
    pub id: PolicyId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// What it does.
    pub ladder: Ladder,
    /// Counts its changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}
