//! Workspaces: the tenants.

use super::{id::WorkspaceId, time::Timestamp};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Ours.
    pub id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// The IANA time zone of rules that name none.
    pub time_zone: String,
    /// How often the row changed; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// Where what belongs to no workspace is audited: operators' tokens, new workspaces.
pub fn system() -> WorkspaceId {
    WorkspaceId::from_uuid(uuid::Uuid::nil())
}
