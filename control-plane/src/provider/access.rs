//! With what and where an account is reached. Never shows a secret.

use secrecy::SecretString;

use crate::domain::sid::{AccountSid, ApiKeySid};

/// What it takes to act on one account.
#[derive(Clone, Debug)]
pub struct Access {
    /// The account acted on.
    pub account_sid: AccountSid,
    /// Whose name and word we give.
    pub credential: Credential,
    /// The region the account's data is in, such as `ie1`; none is `us1`.
    pub region: Option<String>,
    /// The edge location we enter by, such as `dublin`.
    pub edge_location: Option<String>,
    /// Replaces the vendor's address, for a proxy, a fake or the simulator.
    pub api_base_url: Option<String>,
    /// The main account, if we know it: only it can still read a subaccount that is suspended.
    pub parent: Option<Box<Access>>,
}

impl Access {
    /// Access to an account in the default region.
    pub fn new(account_sid: AccountSid, credential: Credential) -> Self {
        Self { account_sid, credential, region: None, edge_location: None, api_base_url: None, parent: None }
    }
}

/// Whose name and word we give. `SecretString` keeps the word out of `Debug`.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The account's own auth token.
    AuthToken(SecretString),
    /// An API key of the account. It reads and writes, and can neither verify webhooks nor reach subaccounts.
    ApiKey {
        /// The key's name.
        sid: ApiKeySid,
        /// Its secret.
        secret: SecretString,
    },
    /// The main account's auth token, for a subaccount whose own we do not have.
    ParentAuthToken {
        /// The main account.
        account_sid: AccountSid,
        /// Its auth token.
        token: SecretString,
    },
}
