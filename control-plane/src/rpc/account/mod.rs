//! The account service: who asks, what they ask, do it, show it.

mod shape;

use std::{collections::HashMap, mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, account_service_server::AccountService};
use tonic::{Request, Response};

pub use shape::ROTATION_DUE;
use shape::{NewAccount, shown};

use super::{
    gate::Caller,
    paging::Paging,
    read::{self, Reply},
};
use crate::{
    domain::{
        account::{Account, Event},
        api_base::PlainHttp,
        error::{Error, Result},
        id::AccountId,
        machine::Machine,
    },
    flow::{self, Context, Journal, Once, seen, vault::account as places},
    store::{Kept, Scope, account as store},
};

/// Accounts over gRPC.
pub struct Accounts {
    ctx: Arc<Context>,
}

impl Accounts {
    /// Over this store.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    fn plain_http(&self) -> PlainHttp {
        if self.ctx.facts.dev { PlainHttp::Anywhere } else { PlainHttp::ThisMachineOnly }
    }
}

/// Shows an account as this transaction leaves it.
async fn shown_in(journal: &Journal<'_>, account: Account) -> Result<Option<pb::Account>> {
    let counted = store::count_numbers(journal.txn(), &[account.id]).await?;
    let numbers = counted.first().map_or(0, |(_, count)| *count);
    Ok(Some(shown(account, numbers, journal.now)))
}

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_account(&self, request: Request<pb::CreateAccountRequest>) -> Reply<pb::CreateAccountResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("CreateAccount", &key, request.get_ref());
        let pb::CreateAccountRequest { account, credentials, request_id: _, validate_only } = request.into_inner();
        let new = NewAccount::read(account, credentials, self.plain_http())?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let new = vec![new.made(&journal)];
        let account = flow::account::create(&mut journal, new).await?.remove(0);
        let id = account.id;
        let mut answer = pb::CreateAccountResponse { account: Some(shown(account, 0, journal.now)) };
        if validate_only {
            // There is nothing that the id would name.
            answer.account.as_mut().into_iter().for_each(|account| account.id.clear());
            return Ok(Response::new(answer));
        }
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn batch_create_accounts(
        &self,
        request: Request<pb::BatchCreateAccountsRequest>,
    ) -> Reply<pb::BatchCreateAccountsResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("BatchCreateAccounts", &key, request.get_ref());
        let pb::BatchCreateAccountsRequest { requests, request_id: _ } = request.into_inner();
        let new = read::each("requests", requests, |one| {
            let pb::CreateAccountRequest { account, credentials, request_id: _, validate_only: _ } = one;
            NewAccount::read(account, credentials, self.plain_http())
        })?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let new = new.into_iter().map(|one| one.made(&journal)).collect();
        let accounts = flow::account::create(&mut journal, new).await?;
        for (index, account) in accounts.iter().enumerate() {
            journal.audit(&read::part(&audited, "requests", index), &account.id);
        }
        let now = journal.now;
        let accounts = accounts.into_iter().map(|account| shown(account, 0, now)).collect();
        let answer = pb::BatchCreateAccountsResponse { accounts };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn get_account(&self, request: Request<pb::GetAccountRequest>) -> Reply<pb::GetAccountResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetAccountRequest { account_id } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let account = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(Account::NOUN))?;
        let counted = store::count_numbers(scope.db, &[id]).await?;
        let numbers = counted.first().map_or(0, |(_, count)| *count);
        let account = shown(account, numbers, self.ctx.clock.now());
        Ok(Response::new(pb::GetAccountResponse { account: Some(account) }))
    }

    async fn list_accounts(&self, request: Request<pb::ListAccountsRequest>) -> Reply<pb::ListAccountsResponse> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, caller.workspace, "ListAccounts", page, &request);
        let filter = filter(request)?;

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let page = store::list(&scope, &filter, &paging.ask()?).await?;
        let ids: Vec<AccountId> = page.rows.iter().map(|account| account.id).collect();
        let numbers: HashMap<_, _> = store::count_numbers(scope.db, &ids).await?.into_iter().collect();
        let now = self.ctx.clock.now();
        let page = page.map(|account| {
            let count = numbers.get(&account.id).copied().unwrap_or_default();
            shown(account, count, now)
        });
        let next_page_token = paging.next(page.next)?;
        Ok(Response::new(pb::ListAccountsResponse { accounts: page.rows, next_page_token }))
    }

    async fn update_account(&self, request: Request<pb::UpdateAccountRequest>) -> Reply<pb::UpdateAccountResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::UpdateAccountRequest { account, update_mask, etag } = request.into_inner();
        let account = read::required("account", account)?;
        let id: AccountId = read::parse("account.id", &account.id)?;
        let patch = shape::patch(&account, &read::paths(update_mask)?)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let account: Account = seen(&journal, id, &etag).await?;
        let patch = shape::fitting(patch, &account, self.plain_http())?;
        let step = account.step(Event::Changed(patch), journal.now).map_err(Error::from)?;
        let account = journal.take(account.version, id, step).await?;
        journal.audit(&audited, &id);
        let account = shown_in(&journal, account).await?;
        journal.commit().await?;
        Ok(Response::new(pb::UpdateAccountResponse { account }))
    }

    async fn delete_account(&self, request: Request<pb::DeleteAccountRequest>) -> Reply<pb::DeleteAccountResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::DeleteAccountRequest { account_id, etag } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        flow::account::delete(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::DeleteAccountResponse {}))
    }

    async fn set_primary_account(
        &self,
        request: Request<pb::SetPrimaryAccountRequest>,
    ) -> Reply<pb::SetPrimaryAccountResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::SetPrimaryAccountRequest { account_id, etag } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let account = flow::account::set_primary(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        let account = shown_in(&journal, account).await?;
        journal.commit().await?;
        Ok(Response::new(pb::SetPrimaryAccountResponse { account }))
    }

    async fn set_account_credentials(
        &self,
        request: Request<pb::SetAccountCredentialsRequest>,
    ) -> Reply<pb::SetAccountCredentialsResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("SetAccountCredentials", &key, request.get_ref());
        let pb::SetAccountCredentialsRequest { account_id, credentials, etag, request_id: _ } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;
        let new = shape::new_credentials(read::required("credentials", credentials)?)?;
        if new.is_empty() {
            return Err(Error::invalid("credentials", "give at least one").into());
        }

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let account = flow::account::set_credentials(&mut journal, id, &etag, new).await?;
        journal.audit(&audited, &id);
        let answer = pb::SetAccountCredentialsResponse { account: shown_in(&journal, account).await? };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn clear_account_credentials(
        &self,
        request: Request<pb::ClearAccountCredentialsRequest>,
    ) -> Reply<pb::ClearAccountCredentialsResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::ClearAccountCredentialsRequest { account_id, fields, etag } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;
        let columns = read::each("fields", fields, column)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let account = flow::account::clear_credentials(&mut journal, id, &etag, &columns).await?;
        journal.audit(&audited, &id);
        let account = shown_in(&journal, account).await?;
        journal.commit().await?;
        Ok(Response::new(pb::ClearAccountCredentialsResponse { account }))
    }

    async fn promote_account_auth_token(
        &self,
        request: Request<pb::PromoteAccountAuthTokenRequest>,
    ) -> Reply<pb::PromoteAccountAuthTokenResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::PromoteAccountAuthTokenRequest { account_id, etag } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let account = flow::account::promote(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        let account = shown_in(&journal, account).await?;
        journal.commit().await?;
        Ok(Response::new(pb::PromoteAccountAuthTokenResponse { account }))
    }

    async fn verify_account(&self, request: Request<pb::VerifyAccountRequest>) -> Reply<pb::VerifyAccountResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("VerifyAccount", &key, request.get_ref());
        let pb::VerifyAccountRequest { account_id, request_id: _ } = request.into_inner();
        let id: AccountId = read::parse("account_id", &account_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let account = journal.step::<Account>(id, Event::VerifyRequested).await?;
        journal.audit(&audited, &id);
        let answer = pb::VerifyAccountResponse { account: shown_in(&journal, account).await? };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }
}

fn filter(request: pb::ListAccountsRequest) -> Result<store::Filter> {
    let pb::ListAccountsRequest { page_size: _, page_token: _, status, role, account_sid, parent_account_id } = request;
    Ok(store::Filter {
        status: shape::status(status)?,
        role: shape::role(role)?,
        account_sid: read::parse_or_none("account_sid", &account_sid)?,
        parent_id: read::parse_or_none("parent_account_id", &parent_account_id)?,
    })
}

fn column(field: i32) -> Result<&'static str> {
    match read::member::<pb::CredentialField>("", field)? {
        pb::CredentialField::Unspecified => Err(Error::invalid("", "name a credential")),
        pb::CredentialField::AuthToken => Ok(places::AUTH_TOKEN),
        pb::CredentialField::SecondaryAuthToken => Ok(places::SECONDARY_AUTH_TOKEN),
        pb::CredentialField::ApiKey => Ok(places::API_KEY_SECRET),
    }
}
