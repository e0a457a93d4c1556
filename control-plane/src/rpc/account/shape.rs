//! Accounts between the API and the domain. Credentials go one way only.

use callplane_proto::v1 as pb;
use chrono::TimeDelta;
use secrecy::SecretString;

use crate::{
    domain::{
        account::{Account, Credentials, Patch, Proof, Role, Status},
        api_base::{ApiBase, PlainHttp},
        error::{Error, Result},
        id::{AccountId, WorkspaceId},
        time::Timestamp,
    },
    flow::{Journal, account::NewCredentials},
    rpc::{read, show},
};

/// How old an auth token may be. Twilio's own advice is 90 days; the rest is time to do it.
pub const ROTATION_DUE: TimeDelta = TimeDelta::days(80);

/// A new account as it was asked for, not yet anybody's.
pub struct NewAccount {
    account: Account,
    /// What reaches and verifies it.
    pub credentials: NewCredentials,
}

impl NewAccount {
    /// Reads one; the id and the times are put in by `made`.
    pub fn read(
        account: Option<pb::Account>,
        credentials: Option<pb::Credentials>,
        plain_http: PlainHttp,
    ) -> Result<Self> {
        let account = read::required("account", account)?;
        let account = new_account(account, plain_http).map_err(|error| error.within("account"))?;
        let credentials = new_credentials(credentials.unwrap_or_default())?;
        Ok(Self { account, credentials })
    }

    /// The account as this transaction makes it.
    pub fn made(self, journal: &Journal<'_>) -> (Account, NewCredentials) {
        let account = Account {
            id: AccountId::fresh(&*journal.ctx().ids),
            workspace_id: journal.workspace,
            create_time: journal.now,
            update_time: journal.now,
            ..self.account
        };
        (account, self.credentials)
    }
}

fn new_account(account: pb::Account, plain_http: PlainHttp) -> Result<Account> {
    let pb::Account {
        id: _,
        display_name,
        account_sid,
        parent_account_id,
        role: _,
        backup_order,
        region,
        edge_location,
        api_base_url,
        status: _,
        status_reason: _,
        credentials: _,
        verify_time: _,
        phone_number_count: _,
        etag: _,
        create_time: _,
        update_time: _,
    } = account;
    Ok(Account {
        id: AccountId::from_uuid(uuid::Uuid::nil()),
        workspace_id: WorkspaceId::from_uuid(uuid::Uuid::nil()),
        display_name,
        account_sid: read::parse("account_sid", &account_sid)?,
        parent_id: read::parse_or_none("parent_account_id", &parent_account_id)?,
        role: Role::Backup,
        backup_order: backup_order.into(),
        api_base_url: address(&region, &edge_location, &api_base_url, plain_http)?,
        region,
        edge_location,
        status: Status::Unverified,
        status_reason: String::new(),
        credentials: Credentials::default(),
        verify_time: None,
        proof: Proof::Idle,
        version: 0,
        create_time: Timestamp::UNIX_EPOCH,
        update_time: Timestamp::UNIX_EPOCH,
    })
}

/// The address as it is kept, if it and the region it goes with are acceptable.
fn address(region: &str, edge_location: &str, api_base_url: &str, plain_http: PlainHttp) -> Result<String> {
    let own = Some(api_base_url).filter(|url| !url.is_empty());
    let base = ApiBase::twilio(Some(region), Some(edge_location), own, plain_http)?;
    Ok(own.map(|_| base.as_str().to_owned()).unwrap_or_default())
}

/// Reads credentials; an API key comes with its secret.
pub fn new_credentials(credentials: pb::Credentials) -> Result<NewCredentials> {
    let pb::Credentials { auth_token, secondary_auth_token, api_key_sid, api_key_secret } = credentials;
    let secret = |text: String| Some(text).filter(|text| !text.is_empty()).map(SecretString::from);
    let sid = read::parse_or_none("credentials.api_key_sid", &api_key_sid)?;
    let api_key = match (sid, secret(api_key_secret)) {
        (Some(sid), Some(secret)) => Some((sid, secret)),
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid("credentials.api_key_secret", "is required with `api_key_sid`")),
        (None, Some(_)) => return Err(Error::invalid("credentials.api_key_sid", "is required with `api_key_secret`")),
    };
    Ok(NewCredentials { auth_token: secret(auth_token), secondary_auth_token: secret(secondary_auth_token), api_key })
}

/// Reads the fields that are to be changed, and only those.
pub fn patch(account: &pb::Account, paths: &[String]) -> Result<Patch> {
    let mut patch = Patch::default();
    for path in paths {
        match path.as_str() {
            "display_name" => patch.display_name = Some(account.display_name.clone()),
            "backup_order" => patch.backup_order = Some(account.backup_order.into()),
            "region" => patch.region = Some(account.region.clone()),
            "edge_location" => patch.edge_location = Some(account.edge_location.clone()),
            "api_base_url" => patch.api_base_url = Some(account.api_base_url.clone()),
            other => return Err(read::no_such_path(other)),
        }
    }
    Ok(patch)
}

/// The patch, if region, edge and address fit together once it is applied.
pub fn fitting(mut patch: Patch, account: &Account, plain_http: PlainHttp) -> Result<Patch> {
    let region = patch.region.as_ref().unwrap_or(&account.region);
    let edge_location = patch.edge_location.as_ref().unwrap_or(&account.edge_location);
    let url = patch.api_base_url.as_ref().unwrap_or(&account.api_base_url);
    let address = address(region, edge_location, url, plain_http).map_err(|error| error.within("account"))?;
    patch.api_base_url = patch.api_base_url.map(|_| address);
    Ok(patch)
}

/// Shows an account that has so many numbers.
pub fn shown(account: Account, numbers: i64, now: Timestamp) -> pb::Account {
    let credentials = shown_credentials(&account.credentials, now);
    pb::Account {
        id: account.id.to_string(),
        display_name: account.display_name,
        account_sid: account.account_sid.to_string(),
        parent_account_id: show::id_or_empty(account.parent_id),
        role: shown_role(account.role).into(),
        backup_order: show::count(account.backup_order),
        region: account.region,
        edge_location: account.edge_location,
        api_base_url: account.api_base_url,
        status: shown_status(account.status).into(),
        status_reason: account.status_reason,
        credentials: Some(credentials),
        verify_time: account.verify_time.map(show::moment),
        phone_number_count: show::count(numbers),
        etag: show::etag(account.version),
        create_time: Some(show::moment(account.create_time)),
        update_time: Some(show::moment(account.update_time)),
    }
}

fn shown_credentials(credentials: &Credentials, now: Timestamp) -> pb::AccountCredentials {
    pb::AccountCredentials {
        has_auth_token: credentials.auth_token_time.is_some(),
        has_secondary_auth_token: credentials.secondary_auth_token_time.is_some(),
        api_key_sid: show::id_or_empty(credentials.api_key_sid.as_ref()),
        can_verify_webhooks: credentials.verify_webhooks(),
        auth_token_time: credentials.auth_token_time.map(show::moment),
        rotation_due: rotation_due(credentials, now),
    }
}

/// Whether the primary auth token is old enough to be replaced.
fn rotation_due(credentials: &Credentials, now: Timestamp) -> bool {
    credentials.auth_token_time.is_some_and(|set| now - set > ROTATION_DUE)
}

fn shown_role(role: Role) -> pb::AccountRole {
    match role {
        Role::Primary => pb::AccountRole::Primary,
        Role::Backup => pb::AccountRole::Backup,
    }
}

/// Reads the role a list is narrowed to.
pub fn role(number: i32) -> Result<Option<Role>> {
    Ok(match read::member::<pb::AccountRole>("role", number)? {
        pb::AccountRole::Unspecified => None,
        pb::AccountRole::Primary => Some(Role::Primary),
        pb::AccountRole::Backup => Some(Role::Backup),
    })
}

fn shown_status(status: Status) -> pb::AccountStatus {
    match status {
        Status::Unverified => pb::AccountStatus::Unverified,
        Status::Active => pb::AccountStatus::Active,
        Status::Suspended => pb::AccountStatus::Suspended,
        Status::Closed => pb::AccountStatus::Closed,
        Status::Refused => pb::AccountStatus::Refused,
        Status::WrongRegion => pb::AccountStatus::WrongRegion,
        Status::VerifyOnly => pb::AccountStatus::VerifyOnly,
    }
}

/// Reads the status a list is narrowed to.
pub fn status(number: i32) -> Result<Option<Status>> {
    Ok(match read::member::<pb::AccountStatus>("status", number)? {
        pb::AccountStatus::Unspecified => None,
        pb::AccountStatus::Unverified => Some(Status::Unverified),
        pb::AccountStatus::Active => Some(Status::Active),
        pb::AccountStatus::Suspended => Some(Status::Suspended),
        pb::AccountStatus::Closed => Some(Status::Closed),
        pb::AccountStatus::Refused => Some(Status::Refused),
        pb::AccountStatus::WrongRegion => Some(Status::WrongRegion),
        pb::AccountStatus::VerifyOnly => Some(Status::VerifyOnly),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_key_and_its_secret_go_together() {
        let only_sid = pb::Credentials { api_key_sid: format!("SK{}", "0".repeat(32)), ..Default::default() };
        let error = new_credentials(only_sid).err().expect("no secret");
        assert_eq!(error.violations[0].field, "credentials.api_key_secret");
        let only_secret = pb::Credentials { api_key_secret: "0123456789abcdef".to_owned(), ..Default::default() };
        let error = new_credentials(only_secret).err().expect("no SID");
        assert_eq!(error.violations[0].field, "credentials.api_key_sid");
    }

    #[test]
    fn a_patch_takes_only_what_is_named() {
        let account = pb::Account { display_name: "new".into(), backup_order: 3, ..Default::default() };
        let named = patch(&account, &["backup_order".to_owned()]).expect("known");
        assert_eq!(named, Patch { backup_order: Some(3), ..Patch::default() });
        let error = patch(&account, &["account_sid".to_owned()]).expect_err("immutable");
        assert_eq!(error.violations[0].field, "update_mask");
    }

    #[test]
    fn a_token_is_due_for_rotation_after_80_days() {
        let set = Timestamp::UNIX_EPOCH;
        let credentials = Credentials { auth_token_time: Some(set), ..Credentials::default() };
        assert!(!rotation_due(&credentials, set + TimeDelta::days(80)));
        assert!(rotation_due(&credentials, set + TimeDelta::days(80) + TimeDelta::seconds(1)));
        assert!(!rotation_due(&Credentials::default(), set + TimeDelta::days(1000)));
    }
}
