//! The account service over a real database.

mod common;

use callplane_control_plane::rpc::account::Accounts;
use callplane_proto::v1::{self as pb, account_service_server::AccountService};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use tonic::Code;

fn sid(number: u32) -> String {
    format!("AC{number:032x}")
}

fn wanted(number: u32) -> pb::Account {
    pb::Account { display_name: format!("Account {number}"), account_sid: sid(number), ..Default::default() }
}

fn token(letter: char) -> pb::Credentials {
    pb::Credentials { auth_token: letter.to_string().repeat(32), ..Default::default() }
}

fn creation(number: u32) -> pb::CreateAccountRequest {
    pb::CreateAccountRequest { account: Some(wanted(number)), credentials: Some(token('a')), ..Default::default() }
}

struct Desk<'p> {
    plane: &'p Plane,
    accounts: Accounts,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, accounts: Accounts::new(plane.ctx.clone()) }
    }

    async fn try_create(&self, request: pb::CreateAccountRequest) -> Result<pb::Account, tonic::Status> {
        let request = self.plane.ask("AccountService/CreateAccount", request);
        let answer = self.accounts.create_account(request).await?.into_inner();
        Ok(answer.account.expect("always there"))
    }

    async fn create(&self, number: u32) -> pb::Account {
        self.try_create(creation(number)).await.expect("created")
    }

    async fn get(&self, id: &str) -> Result<pb::Account, tonic::Status> {
        let request = pb::GetAccountRequest { account_id: id.to_owned() };
        let request = self.plane.ask("AccountService/GetAccount", request);
        Ok(self.accounts.get_account(request).await?.into_inner().account.expect("always there"))
    }

    async fn list(&self, request: pb::ListAccountsRequest) -> Result<pb::ListAccountsResponse, tonic::Status> {
        let request = self.plane.ask("AccountService/ListAccounts", request);
        Ok(self.accounts.list_accounts(request).await?.into_inner())
    }

    async fn update(&self, account: pb::Account, paths: &[&str], etag: &str) -> Result<pb::Account, tonic::Status> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let update_mask = Some(FieldMask { paths });
        let request = pb::UpdateAccountRequest { account: Some(account), update_mask, etag: etag.to_owned() };
        let request = self.plane.ask("AccountService/UpdateAccount", request);
        Ok(self.accounts.update_account(request).await?.into_inner().account.expect("always there"))
    }
}

#[tokio::test]
async fn the_first_account_is_the_primary_and_waits_for_proof() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let first = desk.create(1).await;
        assert_eq!(first.role(), pb::AccountRole::Primary);
        assert_eq!(first.status(), pb::AccountStatus::Unverified);
        let credentials = first.credentials.clone().expect("always there");
        assert!(credentials.has_auth_token && credentials.can_verify_webhooks && !credentials.rotation_due);
        assert_eq!(desk.create(2).await.role(), pb::AccountRole::Backup);
        assert_eq!(desk.get(&first.id).await.expect("there"), first);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_another_one_under_its_key_is_refused() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let request = pb::CreateAccountRequest { request_id: "once".to_owned(), ..creation(1) };
        let first = desk.try_create(request.clone()).await.expect("created");
        assert_eq!(desk.try_create(request).await.expect("replayed"), first);
        let other = pb::CreateAccountRequest { request_id: "once".to_owned(), ..creation(2) };
        assert_eq!(why(desk.try_create(other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_sid_has_one_owner_and_a_dry_run_leaves_nothing_behind() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let dry = pb::CreateAccountRequest { validate_only: true, ..creation(1) };
        let shown = desk.try_create(dry).await.expect("would work");
        assert_eq!((shown.id.as_str(), shown.role()), ("", pb::AccountRole::Primary));
        assert_eq!(desk.list(pb::ListAccountsRequest::default()).await.expect("lists").accounts, []);
        desk.create(1).await;
        assert_eq!(why(desk.try_create(creation(1)).await), (Code::AlreadyExists, "ACCOUNT_EXISTS".to_owned()));
        let elsewhere = plane.ask_next_door("AccountService/CreateAccount", creation(1));
        let refused = desk.accounts.create_account(elsewhere).await;
        assert_eq!(why(refused), (Code::AlreadyExists, "ACCOUNT_EXISTS".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_foreign_account_reads_like_one_that_does_not_exist() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let account = desk.create(1).await;
        let absent = "acc_01h455vb4pex5vsknk084sn02q".to_owned();
        let ask = |account_id: String| {
            let request = pb::GetAccountRequest { account_id };
            desk.accounts.get_account(plane.ask_next_door("AccountService/GetAccount", request))
        };
        let (foreign, absent) = (ask(account.id).await.expect_err("foreign"), ask(absent).await.expect_err("absent"));
        assert_eq!(foreign.code(), Code::NotFound);
        assert_eq!((foreign.message(), foreign.details()), (absent.message(), absent.details()));
    })
    .await;
}

#[tokio::test]
async fn an_update_changes_what_it_names_if_the_etag_still_fits() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let account = desk.create(1).await;
        let wish = pb::Account { display_name: "Main".into(), backup_order: 9, ..account.clone() };
        let changed = desk.update(wish.clone(), &["display_name"], &account.etag).await.expect("changed");
        assert_eq!((changed.display_name.as_str(), changed.backup_order), ("Main", 0));
        let stale = desk.update(wish.clone(), &["display_name"], &account.etag).await;
        assert_eq!(why(stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        let dead = pb::Account { api_base_url: "https://api.ie1.twilio.com".into(), ..wish.clone() };
        assert_eq!(blamed(desk.update(dead, &["api_base_url"], "").await), ["account.api_base_url"]);
        let plain = pb::Account { api_base_url: "http://elsewhere.example".into(), ..wish };
        assert_eq!(blamed(desk.update(plain, &["api_base_url"], "").await), ["account.api_base_url"]);
    })
    .await;
}

#[tokio::test]
async fn lists_go_on_where_they_stopped_and_a_token_fits_its_own_list_only() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        for number in 1..=3 {
            desk.create(number).await;
        }
        let first = pb::ListAccountsRequest { page_size: 2, ..Default::default() };
        let page = desk.list(first.clone()).await.expect("lists");
        assert_eq!(page.accounts.len(), 2);
        let rest = pb::ListAccountsRequest { page_token: page.next_page_token.clone(), ..first.clone() };
        let rest = desk.list(rest).await.expect("lists");
        assert_eq!((rest.accounts.len(), rest.next_page_token.as_str()), (1, ""));
        assert_eq!(rest.accounts[0].account_sid, sid(3));
        let other =
            pb::ListAccountsRequest { page_token: page.next_page_token, role: pb::AccountRole::Backup.into(), ..first };
        assert_eq!(blamed(desk.list(other).await), ["page_token"]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_all_or_none_and_names_the_bad_one() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let parent = desk.create(1).await;
        let ask = |requests| {
            let request = pb::BatchCreateAccountsRequest { requests, ..Default::default() };
            desk.accounts.batch_create_accounts(plane.ask("AccountService/BatchCreateAccounts", request))
        };
        let child = |number, parent: &str| {
            let account = pb::Account { parent_account_id: parent.to_owned(), ..wanted(number) };
            pb::CreateAccountRequest { account: Some(account), ..Default::default() }
        };
        let refused = ask(vec![child(2, &parent.id), child(3, "acc_01h455vb4pex5vsknk084sn02q")]).await;
        assert_eq!(why(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
        let bad_key = pb::CreateAccountRequest {
            credentials: Some(pb::Credentials { api_key_secret: "0123456789abcdef".into(), ..Default::default() }),
            ..creation(4)
        };
        assert_eq!(blamed(ask(vec![child(2, &parent.id), bad_key]).await), ["requests[1].credentials.api_key_sid"]);
        let made = ask(vec![child(2, &parent.id), child(3, &parent.id)]).await.expect("created").into_inner();
        assert_eq!(made.accounts[1].status(), pb::AccountStatus::VerifyOnly);
        let children = pb::ListAccountsRequest { parent_account_id: parent.id, ..Default::default() };
        assert_eq!(desk.list(children).await.expect("lists").accounts.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_new_token_keeps_the_old_one_verifying_until_it_is_cleared() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let account = desk.create(1).await;
        let request = pb::SetAccountCredentialsRequest {
            account_id: account.id.clone(),
            credentials: Some(token('b')),
            etag: account.etag,
            ..Default::default()
        };
        let request = plane.ask("AccountService/SetAccountCredentials", request);
        let set = desk.accounts.set_account_credentials(request).await.expect("set").into_inner();
        let set = set.account.expect("always there");
        assert!(set.credentials.expect("always there").has_secondary_auth_token);
        let request = pb::ClearAccountCredentialsRequest {
            account_id: account.id.clone(),
            fields: vec![pb::CredentialField::SecondaryAuthToken.into()],
            etag: set.etag,
        };
        let request = plane.ask("AccountService/ClearAccountCredentials", request);
        let cleared = desk.accounts.clear_account_credentials(request).await.expect("cleared").into_inner();
        let credentials = cleared.account.and_then(|account| account.credentials).expect("always there");
        assert!(credentials.has_auth_token && !credentials.has_secondary_auth_token);
        let request = pb::PromoteAccountAuthTokenRequest { account_id: account.id, ..Default::default() };
        let request = plane.ask("AccountService/PromoteAccountAuthToken", request);
        let nothing = desk.accounts.promote_account_auth_token(request).await;
        assert_eq!(why(nothing), (Code::FailedPrecondition, "SECONDARY_TOKEN_MISSING".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn there_is_always_one_primary() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let (first, second) = (desk.create(1).await, desk.create(2).await);
        let request = pb::SetPrimaryAccountRequest { account_id: second.id.clone(), ..Default::default() };
        let request = plane.ask("AccountService/SetPrimaryAccount", request);
        let made = desk.accounts.set_primary_account(request).await.expect("moved").into_inner();
        assert_eq!(made.account.expect("always there").role(), pb::AccountRole::Primary);
        assert_eq!(desk.get(&first.id).await.expect("there").role(), pb::AccountRole::Backup);
    })
    .await;
}

#[tokio::test]
async fn an_account_without_credentials_cannot_be_proved_and_can_be_deleted() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let bare = pb::CreateAccountRequest { credentials: None, ..creation(1) };
        let account = desk.try_create(bare).await.expect("created");
        assert_eq!(account.status(), pb::AccountStatus::VerifyOnly);
        let request = pb::VerifyAccountRequest { account_id: account.id.clone(), ..Default::default() };
        let refused = desk.accounts.verify_account(plane.ask("AccountService/VerifyAccount", request)).await;
        assert_eq!(why(refused), (Code::FailedPrecondition, "ACCOUNT_WITHOUT_CREDENTIALS".to_owned()));
        let delete = |etag: &str| {
            let request = pb::DeleteAccountRequest { account_id: account.id.clone(), etag: etag.to_owned() };
            desk.accounts.delete_account(plane.ask("AccountService/DeleteAccount", request))
        };
        assert_eq!(why(delete("0").await), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        delete(&account.etag).await.expect("deleted");
        assert_eq!(why(desk.get(&account.id).await), (Code::NotFound, "NOT_FOUND".to_owned()));
    })
    .await;
}
