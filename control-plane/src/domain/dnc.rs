//! The do-not-call list: numbers that must not be called or written to, one entry a number.

use std::fmt;

use super::{
    e164::E164,
    id::{DncEntryId, WorkspaceId},
    time::Timestamp,
    word::words,
};

words! {
    /// Who put a number on the list.
    Source, "source" {
        /// An operator.
        Operator = "operator",
        /// Its owner, by an SMS such as `STOP`.
        SmsStop = "sms-stop",
        /// Its owner, by a key or a word during a call.
        Key = "key",
        /// A list that was imported.
        Import = "import",
    }
}

words! {
    /// What becomes of a call or message when the operator's do-not-call checker does not answer.
    Unanswered, "rule" {
        /// It is given up: who sets up a checker does so because the law asks for it.
        Refuse = "refuse",
        /// It goes out.
        Allow = "allow",
    }
}

/// What the operator's do-not-call checker says of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is on none of its lists.
    Clear,
    /// It is listed, for this reason, which may be empty.
    Listed(String),
}

/// A number that must not be called.
#[derive(Clone, PartialEq, Eq)]
pub struct DncEntry {
    /// The id.
    pub id: DncEntryId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The number.
    pub phone_number: E164,
    /// Why, in somebody's words.
    pub reason: String,
    /// Who put it there.
    pub source: Source,
    /// Since when.
    pub create_time: Timestamp,
}

impl fmt::Debug for DncEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DncEntry");
        shown.field("id", &self.id).field("phone_number", &self.phone_number);
        shown.field("source", &self.source).field("create_time", &self.create_time).finish_non_exhaustive()
    }
}
