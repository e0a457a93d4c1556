//! The ways in which sealed bytes fail to open. None of them says anything about the content.

use uuid::Uuid;

use crate::domain::error::Error;

/// Why sealed bytes did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Bytes are missing at the end.
    #[error("the sealed value is cut short")]
    Truncated,
    /// Sealed by a newer version, or not sealed bytes at all.
    #[error("the sealed value has the unknown version {0}")]
    UnknownVersion(u8),
    /// The master key that wrapped it is not among those configured.
    #[error("the sealed value needs master key {0}, which is not configured")]
    WrongMasterKey(String),
    /// It names another data key.
    #[error("the sealed value needs data key {needed}, not {given}")]
    WrongDataKey {
        /// The key that sealed it.
        needed: Uuid,
        /// The key that was to open it.
        given: Uuid,
    },
    /// Changed, or moved to another workspace, table, row or column.
    #[error("the sealed value was changed or moved")]
    Tampered,
    /// It opened, but holds no text.
    #[error("the sealed value is not text")]
    NotText,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::internal(fault)
    }
}
