//! Who asks, and what their credentials reach.

use super::Result;
use super::errors::TwilioError;
use crate::exchange::Request;
use crate::state::AccountStatus;
use crate::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    Primary,
    Secondary,
    MainKey,
    StandardKey,
}

impl Credential {
    pub fn name(self) -> &'static str {
        match self {
            Credential::Primary => "auth_token",
            Credential::Secondary => "secondary_auth_token",
            Credential::MainKey => "main_key",
            Credential::StandardKey => "standard_key",
        }
    }

    pub fn is_token(self) -> bool {
        matches!(self, Credential::Primary | Credential::Secondary)
    }
}

#[derive(Clone, Debug)]
pub struct Caller {
    pub account_sid: String,
    pub credential: Credential,
}

/// Checks the credentials alone. Everything wrong about them is the same 20003.
pub fn caller(world: &World, request: &Request) -> Result<Caller> {
    let (user, password) = request.basic().ok_or_else(TwilioError::unauthenticated)?;
    let state = world.state();
    let caller = if user.starts_with("SK") {
        let key =
            state.keys.get(&user).filter(|key| key.secret == password).ok_or_else(TwilioError::unauthenticated)?;
        let credential = if key.main { Credential::MainKey } else { Credential::StandardKey };
        Caller { account_sid: key.account_sid.clone(), credential }
    } else {
        let account = state.accounts.get(&user).ok_or_else(TwilioError::unauthenticated)?;
        let credential = match () {
            () if account.auth_token == password => Credential::Primary,
            () if account.secondary_auth_token.as_deref() == Some(&password) => Credential::Secondary,
            () => return Err(TwilioError::unauthenticated()),
        };
        Caller { account_sid: user, credential }
    };
    // Suspended and closed accounts cannot be told from a wrong token by their own credentials.
    match state.effective_status(&caller.account_sid) {
        Some(AccountStatus::Active) => Ok(caller),
        _ => Err(TwilioError::unauthenticated()),
    }
}

/// Whether this caller may do this to this account.
pub fn allow(world: &World, caller: &Caller, account_sid: &str, resource: &str, method: &str) -> Result<()> {
    let state = world.state();
    let own = caller.account_sid == account_sid;
    let parent = state.accounts.get(account_sid).and_then(|account| account.parent_sid.clone());
    let child = parent.as_deref() == Some(&caller.account_sid) && caller.credential.is_token();
    if !own && !child {
        return Err(TwilioError::unauthenticated());
    }
    if caller.credential == Credential::StandardKey && matches!(resource, "Accounts" | "Keys") {
        return Err(TwilioError::unauthenticated());
    }
    // The parent can still read, move numbers and change the status of an account that is down.
    let acts = method == "POST" && matches!(resource, "Calls" | "Messages");
    match state.effective_status(account_sid) {
        Some(AccountStatus::Active) => Ok(()),
        _ if acts => Err(TwilioError::inactive()),
        _ => Ok(()),
    }
}
