//! An account, its credentials and the proof of them. How it changes is in `machine`.

mod machine;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, WorkspaceId},
    outcome::Outcome,
    sid::{AccountSid, ApiKeySid},
    telephony::AccountSeen,
    time::Timestamp,
    word::words,
};

words! {
    /// What an account is for.
    Role, "account role" {
        /// Used first; exactly one a workspace.
        Primary = "primary",
        /// Takes over when the primary fails.
        Backup = "backup",
    }
}

words! {
    /// What we know of an account.
    Status, "account status" {
        /// Its credentials have not been proved yet.
        Unverified = "unverified",
        /// Twilio confirmed them and calls it active.
        Active = "active",
        /// Twilio suspended it.
        Suspended = "suspended",
        /// Closed for good.
        Closed = "closed",
        /// Twilio refused the credentials.
        Refused = "refused",
        /// They belong to another region.
        WrongRegion = "wrong-region",
        /// Nothing to ask Twilio with.
        VerifyOnly = "verify-only",
    }
}

/// Which credentials are stored; their values are sealed elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// When the primary auth token was set.
    pub auth_token_time: Option<Timestamp>,
    /// When the secondary one was.
    pub secondary_auth_token_time: Option<Timestamp>,
    /// The API key.
    pub api_key_sid: Option<ApiKeySid>,
}

impl Credentials {
    /// Whether Twilio can be asked anything.
    pub fn reach_twilio(&self) -> bool {
        self.auth_token_time.is_some() || self.api_key_sid.is_some()
    }

    /// Whether a webhook can be verified: an API key never signs one.
    pub fn verify_webhooks(&self) -> bool {
        self.auth_token_time.is_some() || self.secondary_auth_token_time.is_some()
    }
}

/// Where the proof of the credentials stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Proof {
    /// Nothing is asked.
    #[default]
    Idle,
    /// Twilio is being asked.
    Asked { round: u32, attempt: u32 },
    /// Twilio could not be asked; asked again at `until`.
    Waiting { round: u32, attempt: u32, until: Timestamp },
}

impl Proof {
    fn next_round(&self, last: u32) -> u32 {
        match self {
            Self::Idle => last + 1,
            Self::Asked { round, .. } | Self::Waiting { round, .. } => last.max(*round) + 1,
        }
    }
}

/// A Twilio account or subaccount.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Ours.
    pub id: AccountId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What people call it.
    pub display_name: String,
    /// Twilio's.
    pub account_sid: AccountSid,
    /// The account it is a subaccount of.
    pub parent_id: Option<AccountId>,
    /// What it is for.
    pub role: Role,
    /// Which backup comes first.
    pub backup_order: i64,
    /// The Twilio region; empty for `us1`.
    pub region: String,
    /// The Twilio edge; empty for the region's own.
    pub edge_location: String,
    /// Another address for the REST API; empty for Twilio's.
    pub api_base_url: String,
    /// What we know of it.
    pub status: Status,
    /// Why it is not active.
    pub status_reason: String,
    /// Which credentials are stored.
    pub credentials: Credentials,
    /// When Twilio last confirmed them.
    pub verify_time: Option<Timestamp>,
    /// Where the proof stands.
    pub proof: Proof,
    /// How often the row changed; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// New values of what an operator may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// Which backup comes first.
    pub backup_order: Option<i64>,
    /// The region.
    pub region: Option<String>,
    /// The edge.
    pub edge_location: Option<String>,
    /// The address of the REST API.
    pub api_base_url: Option<String>,
}

/// What can happen to an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It is new.
    Created,
    /// An operator changed it.
    Changed(Patch),
    /// Other credentials are stored.
    CredentialsChanged(Credentials),
    /// An operator wants proof.
    VerifyRequested,
    /// It becomes the primary, or a backup.
    RoleChanged(Role),
    /// Twilio answered, or did not.
    Read { round: u32, outcome: Outcome<AccountSeen> },
    /// The time it asked for has come.
    Tick,
}
