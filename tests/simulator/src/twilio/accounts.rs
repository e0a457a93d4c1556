//! Accounts and subaccounts.

use serde_json::{Value, json};

use super::auth::Credential;
use super::errors::TwilioError;
use super::paging::page;
use super::{Context, Result};
use crate::clock::rfc2822;
use crate::exchange::{Answer, Deed};
use crate::state::{Account, AccountStatus, State};

const MOST_SUBACCOUNTS: usize = 1000;

fn view(context: &Context<'_>, state: &State, account: &Account) -> Value {
    let path = format!("/2010-04-01/Accounts/{}", account.sid);
    // A key sees no token.
    let token = if context.caller.credential == Credential::MainKey { "" } else { account.auth_token.as_str() };
    let status = state.effective_status(&account.sid).unwrap_or_default();
    json!({
        "auth_token": token,
        "date_created": rfc2822(account.created),
        "date_updated": rfc2822(account.updated),
        "friendly_name": account.friendly_name,
        "owner_account_sid": account.parent_sid.as_deref().unwrap_or(&account.sid),
        "sid": account.sid,
        "status": status.name(),
        "subresource_uris": {
            "balance": format!("{path}/Balance.json"),
            "calls": format!("{path}/Calls.json"),
            "incoming_phone_numbers": format!("{path}/IncomingPhoneNumbers.json"),
            "keys": format!("{path}/Keys.json"),
            "messages": format!("{path}/Messages.json"),
            "recordings": format!("{path}/Recordings.json"),
        },
        "type": if account.trial { "Trial" } else { "Full" },
        "uri": format!("{path}.json"),
    })
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let own = &context.caller.account_sid;
    // Keys do not reach subaccounts, so they do not list them either.
    let reaches = |account: &Account| {
        account.sid == *own || (context.caller.credential.is_token() && account.parent_sid.as_ref() == Some(own))
    };
    let wanted = |account: &&Account| {
        reaches(account)
            && context.query("FriendlyName").is_none_or(|name| account.friendly_name == name)
            && context.query("Status").is_none_or(|status| account.status.name() == status)
    };
    let rows = state.accounts.newest_first().filter(wanted);
    page(context, "accounts", rows, |account| view(context, &state, account))
}

pub fn get(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let account =
        state.accounts.get(&context.account_sid).ok_or_else(|| TwilioError::not_found(&context.request.path))?;
    Ok(Answer::json(200, &view(context, &state, account)))
}

pub fn create(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let name = friendly_name(context)?;
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let parent = state.accounts.get(&context.caller.account_sid).cloned();
    let parent = parent.filter(|parent| parent.parent_sid.is_none() && context.caller.credential.is_token());
    let parent = parent
        .ok_or_else(|| TwilioError::new(403, 20403, "Only a main account's own credentials can make subaccounts"))?;
    let of_parent = |account: &&Account| account.parent_sid.as_ref() == Some(&parent.sid);
    if state.accounts.oldest_first().filter(of_parent).count() >= MOST_SUBACCOUNTS {
        return Err(TwilioError::bad(20403, "The limit of 1000 subaccounts is reached"));
    }
    let account = Account {
        sid: context.world.ids.sid("AC"),
        parent_sid: Some(parent.sid.clone()),
        friendly_name: name.unwrap_or_else(|| format!("SubAccount Created at {}", now.format("%Y-%m-%d %I:%M %p"))),
        status: AccountStatus::Active,
        auth_token: context.world.ids.token(),
        secondary_auth_token: None,
        next_call_at: None,
        created: now,
        updated: now,
        ..parent
    };
    deed.sid = account.sid.clone();
    state.accounts.put(&account.sid, account.clone());
    Ok(Answer::json(201, &view(context, &state, &account)))
}

pub fn update(context: &Context<'_>) -> Result<Answer> {
    let name = friendly_name(context)?;
    let status = context.given("Status").map(|text| {
        AccountStatus::read(text).ok_or_else(|| TwilioError::bad(20001, "Status must be active, suspended or closed"))
    });
    let status = status.transpose()?;
    let now = context.world.clock.now();
    let mut state = context.world.state();
    let account = state.accounts.get_mut(&context.account_sid);
    let account = account.ok_or_else(|| TwilioError::not_found(&context.request.path))?;
    if let Some(status) = status {
        let by_parent = account.parent_sid.as_ref() == Some(&context.caller.account_sid);
        match (by_parent, account.status) {
            (false, _) => return Err(TwilioError::new(403, 20403, "Only the parent account can change this status")),
            (true, AccountStatus::Closed) if status != AccountStatus::Closed => {
                return Err(TwilioError::bad(20403, "A closed account cannot be opened again"));
            }
            (true, _) => account.status = status,
        }
    }
    account.friendly_name = name.unwrap_or_else(|| account.friendly_name.clone());
    account.updated = now;
    let account = account.clone();
    if account.status == AccountStatus::Closed {
        release_numbers(&mut state, &account.sid);
    }
    Ok(Answer::json(200, &view(context, &state, &account)))
}

/// Closing is final: the numbers are gone.
fn release_numbers(state: &mut State, account_sid: &str) {
    let of_account = |number: &&crate::state::Number| number.account_sid == account_sid;
    let sids: Vec<String> = state.numbers.oldest_first().filter(of_account).map(|number| number.sid.clone()).collect();
    for sid in sids {
        state.remove_number(&sid);
    }
}

fn friendly_name(context: &Context<'_>) -> Result<Option<String>> {
    match context.given("FriendlyName") {
        Some(name) if name.chars().count() > 64 => {
            Err(TwilioError::bad(20001, "FriendlyName has at most 64 characters"))
        }
        name => Ok(name.map(str::to_owned)),
    }
}
