//! Accounts at Twilio, and why credentials fail. Twilio says 20003 for a wrong token, a closed or suspended account
//! and another region's token alike; one more question, to somebody who can see more, tells them apart.

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    client::{Ask, Twilio, Unreadable, in_account},
    page, wire,
};
use crate::{
    domain::{
        outcome::{Cause, Outcome, Refused},
        sid::AccountSid,
        telephony::{AccountSeen, AccountStatus, Cursor, Page},
    },
    provider::access::{Access, Credential},
};

/// The answer has the account's auth token too: it is never read.
#[derive(Deserialize)]
struct Account {
    sid: AccountSid,
    status: AccountStatus,
    #[serde(default)]
    owner_account_sid: Option<AccountSid>,
    #[serde(default, rename = "type", deserialize_with = "wire::text")]
    kind: Option<String>,
}

impl From<Account> for AccountSeen {
    fn from(Account { sid, status, owner_account_sid, kind }: Account) -> Self {
        let owner_account_sid = owner_account_sid.unwrap_or_else(|| sid.clone());
        Self { sid, status, owner_account_sid, trial: kind.as_deref() == Some("Trial") }
    }
}

#[derive(Deserialize)]
struct Accounts {
    accounts: Vec<Account>,
    #[serde(flatten)]
    paging: page::Paging,
}

/// Reads the account; if it is refused, finds out why.
pub(super) async fn read(twilio: &Twilio, access: &Access) -> Outcome<AccountSeen> {
    match fetch(twilio, access).await {
        Outcome::Refused(refused) if is_ambiguous(refused.cause) => {
            Outcome::Refused(explain(twilio, access, refused).await)
        }
        outcome => outcome,
    }
}

/// The account and its subaccounts.
pub(super) async fn list(twilio: &Twilio, access: &Access, after: Option<&Cursor>) -> Outcome<Page<AccountSeen>> {
    let first = ("/2010-04-01/Accounts.json".to_owned(), Vec::new());
    twilio
        .page(access, "list accounts", first, after, |body| {
            let Accounts { accounts, paging } = wire::json(body)?;
            Ok((accounts.into_iter().map(AccountSeen::from).collect(), paging))
        })
        .await
}

async fn fetch(twilio: &Twilio, access: &Access) -> Outcome<AccountSeen> {
    let ask = Ask::read("read account", in_account(&access.account_sid, ".json"), Vec::new());
    twilio.ask(access, ask, |body| own(body, &access.account_sid)).await
}

fn own(body: &[u8], asked: &AccountSid) -> Result<AccountSeen, Unreadable> {
    let account: Account = wire::json(body)?;
    match account.sid == *asked {
        true => Ok(account.into()),
        false => Err("about another account"),
    }
}

fn is_ambiguous(cause: Cause) -> bool {
    matches!(cause, Cause::Credentials | Cause::Suspended | Cause::Permission)
}

async fn explain(twilio: &Twilio, access: &Access, refused: Refused) -> Refused {
    if let Some(parents_view) = parents_view(access) {
        match fetch(twilio, &parents_view).await {
            Outcome::Done(AccountSeen { status: AccountStatus::Suspended, .. }) => {
                return because(refused, Cause::Suspended, "its main account says that this account is suspended");
            }
            Outcome::Done(AccountSeen { status: AccountStatus::Closed, .. }) => {
                return because(refused, Cause::Closed, "its main account says that this account is closed");
            }
            _ => {}
        }
    }
    if let Some(home) = home_view(twilio, access)
        && let Outcome::Done(_) = fetch(twilio, &home).await
    {
        return because(refused, Cause::WrongRegion, "these credentials belong to region us1; each region has its own");
    }
    if let Credential::ApiKey { .. } = access.credential
        && proves_itself(twilio, access).await
    {
        let message =
            "the API key is valid, but a Standard key may not read its account: use a Main key or the auth token";
        return because(refused, Cause::Permission, message);
    }
    refused
}

fn because(refused: Refused, cause: Cause, message: &str) -> Refused {
    Refused { cause, message: message.to_owned(), ..refused }
}

/// What the main account sees of this subaccount. An API key of the main account sees nothing of it.
fn parents_view(access: &Access) -> Option<Access> {
    let parent = access.parent.as_deref()?;
    let Credential::AuthToken(token) = &parent.credential else { return None };
    let token: SecretString = token.clone();
    let credential = Credential::ParentAuthToken { account_sid: parent.account_sid.clone(), token };
    Some(Access { account_sid: access.account_sid.clone(), credential, ..parent.clone() })
}

fn home_view(twilio: &Twilio, access: &Access) -> Option<Access> {
    access.region.as_deref().filter(|region| !matches!(*region, "" | "us1"))?;
    let api_base_url = Some(twilio.home(access)?);
    Some(Access { region: None, edge_location: None, api_base_url, ..access.clone() })
}

/// A key that may list the numbers is a good key.
async fn proves_itself(twilio: &Twilio, access: &Access) -> bool {
    let path = in_account(&access.account_sid, "/IncomingPhoneNumbers.json");
    let ask = Ask::read("prove API key", path, vec![("PageSize", "1".to_owned())]);
    matches!(twilio.ask(access, ask, |_| Ok(())).await, Outcome::Done(()))
}
