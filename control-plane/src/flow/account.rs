//! What changes more than one account, or an account and its secrets, in one transaction.

use secrecy::SecretString;

use super::{
    Journal, seen,
    vault::{self, account as places},
};
use crate::{
    domain::{
        account::{Account, Event, Role},
        error::{Error, Kind, Result},
        id::AccountId,
        machine::Machine,
        sid::ApiKeySid,
    },
    store::{Kept, account as store, monitor, pool, reconciliation, secret, workspace},
};

/// New values of credentials. What is none stays.
#[derive(Default)]
pub struct NewCredentials {
    /// The primary auth token.
    pub auth_token: Option<SecretString>,
    /// The secondary auth token.
    pub secondary_auth_token: Option<SecretString>,
    /// The API key with its secret.
    pub api_key: Option<(ApiKeySid, SecretString)>,
}

impl NewCredentials {
    /// Nothing is to be replaced.
    pub fn is_empty(&self) -> bool {
        self.auth_token.is_none() && self.secondary_auth_token.is_none() && self.api_key.is_none()
    }
}

/// Adds accounts with their credentials; the first of a workspace becomes its primary.
pub async fn create(journal: &mut Journal<'_>, new: Vec<(Account, NewCredentials)>) -> Result<Vec<Account>> {
    if !workspace::lock(journal.txn(), journal.workspace).await? {
        return Err(Error::not_found("workspace"));
    }
    refuse_unknown_parents(journal, new.iter().filter_map(|(account, _)| account.parent_id)).await?;
    let mut without_primary = store::primary(&journal.scope()).await?.is_none();
    refuse_taken(journal, new.iter().map(|(account, _)| account)).await?;
    let mut sealed = Vec::new();
    let mut accounts = Vec::with_capacity(new.len());
    let mut effects = Vec::new();
    for (mut account, credentials) in new {
        if std::mem::take(&mut without_primary) {
            account.role = Role::Primary;
        }
        sealed.extend(written(&mut account, credentials, journal.now));
        let step = account.step(Event::Created, journal.now)?;
        let account = step.next.stamped(1, journal.now);
        effects.push((step.effects, step.news));
        accounts.push(account);
    }
    store::insert(journal.txn(), &accounts).await?;
    vault::seal_many(journal, &sealed).await?;
    for (account, (effects, news)) in accounts.iter().zip(effects) {
        journal.publish(account, account.id, effects, news).await?;
    }
    Ok(accounts)
}

async fn refuse_unknown_parents(journal: &Journal<'_>, parents: impl Iterator<Item = AccountId>) -> Result<()> {
    let mut wanted: Vec<AccountId> = parents.collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = store::by_ids(&journal.scope(), wanted.clone()).await?;
    if found.len() < wanted.len() {
        return Err(Error::not_found("parent account"));
    }
    if found.iter().any(|parent| parent.parent_id.is_some()) {
        let message = "the parent is a subaccount itself, and Twilio's subaccounts have none of their own";
        return Err(Error::new(Kind::FailedPrecondition, "PARENT_IS_SUBACCOUNT", message));
    }
    Ok(())
}

async fn refuse_taken(journal: &Journal<'_>, new: impl Iterator<Item = &Account>) -> Result<()> {
    let sids: Vec<_> = new.map(|account| account.account_sid.clone()).collect();
    let mut unique = sids.clone();
    unique.sort_unstable();
    unique.dedup();
    let taken = store::taken_sids(journal.txn(), &sids).await?;
    match taken.first() {
        Some(sid) => {
            let message = format!("the account {sid} is registered already");
            Err(Error::new(Kind::AlreadyExists, "ACCOUNT_EXISTS", message))
        }
        None if unique.len() < sids.len() => Err(Error::invalid("requests", "two of them have the same account_sid")),
        None => Ok(()),
    }
}

fn written(
    account: &mut Account,
    credentials: NewCredentials,
    now: crate::domain::time::Timestamp,
) -> Vec<(crate::secret::Place, SecretString)> {
    let NewCredentials { auth_token, secondary_auth_token, api_key } = credentials;
    let mut values = Vec::new();
    if let Some(token) = auth_token {
        account.credentials.auth_token_time = Some(now);
        values.push((places::place(account.id, places::AUTH_TOKEN), token));
    }
    if let Some(token) = secondary_auth_token {
        account.credentials.secondary_auth_token_time = Some(now);
        values.push((places::place(account.id, places::SECONDARY_AUTH_TOKEN), token));
    }
    if let Some((sid, secret)) = api_key {
        account.credentials.api_key_sid = Some(sid);
        values.push((places::place(account.id, places::API_KEY_SECRET), secret));
    }
    values
}

/// Replaces credentials. A new primary token pushes the old one to second place, unless a second one is given too, so
/// that webhooks under way are still accepted.
pub async fn set_credentials(
    journal: &mut Journal<'_>,
    id: AccountId,
    etag: &str,
    new: NewCredentials,
) -> Result<Account> {
    let mut account: Account = seen(journal, id, etag).await?;
    if new.auth_token.is_some() && new.secondary_auth_token.is_none() {
        let mut opened = vault::open(journal.ctx(), journal.txn(), vec![id.uuid()]).await?;
        if let Some(old) = opened.take(&places::place(id, places::AUTH_TOKEN)) {
            vault::seal(journal, places::place(id, places::SECONDARY_AUTH_TOKEN), &old).await?;
            account.credentials.secondary_auth_token_time = account.credentials.auth_token_time;
        }
    }
    let before = account.version;
    for (place, value) in written(&mut account, new, journal.now) {
        vault::seal(journal, place, &value).await?;
    }
    let step = account.step(Event::CredentialsChanged(account.credentials.clone()), journal.now)?;
    journal.take(before, id, step).await
}

/// Makes the secondary token the primary; the old primary still verifies.
pub async fn promote(journal: &mut Journal<'_>, id: AccountId, etag: &str) -> Result<Account> {
    let account: Account = seen(journal, id, etag).await?;
    let mut opened = vault::open(journal.ctx(), journal.txn(), vec![id.uuid()]).await?;
    let Some(next) = opened.take(&places::place(id, places::SECONDARY_AUTH_TOKEN)) else {
        let message = "the account has no secondary auth token to promote; set one first";
        return Err(Error::new(Kind::FailedPrecondition, "SECONDARY_TOKEN_MISSING", message));
    };
    let mut credentials = account.credentials.clone();
    vault::seal(journal, places::place(id, places::AUTH_TOKEN), &next).await?;
    credentials.auth_token_time = credentials.secondary_auth_token_time;
    match opened.take(&places::place(id, places::AUTH_TOKEN)) {
        Some(old) => {
            vault::seal(journal, places::place(id, places::SECONDARY_AUTH_TOKEN), &old).await?;
            credentials.secondary_auth_token_time = account.credentials.auth_token_time;
        }
        None => {
            secret::forget(journal.txn(), id.uuid(), places::SECONDARY_AUTH_TOKEN).await?;
            credentials.secondary_auth_token_time = None;
        }
    }
    let step = account.step(Event::CredentialsChanged(credentials), journal.now)?;
    journal.take(account.version, id, step).await
}

/// Forgets credentials.
pub async fn clear_credentials(
    journal: &mut Journal<'_>,
    id: AccountId,
    etag: &str,
    columns: &[&'static str],
) -> Result<Account> {
    let account: Account = seen(journal, id, etag).await?;
    let mut credentials = account.credentials.clone();
    for column in columns {
        secret::forget(journal.txn(), id.uuid(), column).await?;
        match *column {
            places::AUTH_TOKEN => credentials.auth_token_time = None,
            places::SECONDARY_AUTH_TOKEN => credentials.secondary_auth_token_time = None,
            _ => credentials.api_key_sid = None,
        }
    }
    let step = account.step(Event::CredentialsChanged(credentials), journal.now)?;
    journal.take(account.version, id, step).await
}

/// Makes an account the primary. The lock on the workspace makes two of these wait for one another, and the database
/// holds that there is never a second primary.
pub async fn set_primary(journal: &mut Journal<'_>, id: AccountId, etag: &str) -> Result<Account> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let account: Account = seen(journal, id, etag).await?;
    if account.role == Role::Primary {
        return Ok(account);
    }
    if let Some(old) = store::primary(&journal.scope()).await? {
        journal.step::<Account>(old.id, Event::RoleChanged(Role::Backup)).await?;
    }
    journal.step::<Account>(id, Event::RoleChanged(Role::Primary)).await
}

/// Deletes an account that nothing refers to.
pub async fn delete(journal: &mut Journal<'_>, id: AccountId, etag: &str) -> Result<()> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let account: Account = seen(journal, id, etag).await?;
    let numbers = store::count_numbers(journal.txn(), &[id]).await?.first().map_or(0, |(_, count)| *count);
    let children = store::count_children(&journal.scope(), id).await?;
    if numbers > 0 || children > 0 {
        let message = format!("{numbers} numbers and {children} subaccounts belong to the account; delete them first");
        return Err(Error::new(Kind::FailedPrecondition, "ACCOUNT_IN_USE", message));
    }
    secret::forget_all(journal.txn(), id.uuid()).await?;
    reconciliation::forget(journal.txn(), id).await?;
    pool::forget_coverage(journal.txn(), id).await?;
    monitor::forget(journal.txn(), id).await?;
    store::delete(journal.txn(), id).await?;
    let data = serde_json::json!({ "account_sid": account.account_sid.as_str() });
    journal.tell("account.deleted", &id, data);
    Ok(())
}
