//! Accounts: proved by Twilio or not, one primary whatever happens, and never a word of their credentials.

use callplane_proto::v1::{self as pb, AccountRole, AccountStatus};
use callplane_simulator::{AccountChange, Fault, FaultAction, LedgerFilter, NewAccount, NewKey, NewNumber, PlaceCall};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{CALLER, NUMBER},
    settings::PUBLIC_URL,
};
use futures::future::join_all;
use prost::Message;
use std::time::Duration;

on_both!(
    an_account_is_unverified_until_twilio_confirmed_it,
    a_wrong_token_is_refused_with_a_reason_until_it_is_replaced,
    a_subaccount_is_proved_with_its_own_token_and_its_suspension_is_known_from_its_parent,
    twilio_out_of_order_is_asked_again_until_it_answers,
    an_api_key_alone_proves_the_account_but_no_webhook,
    there_is_exactly_one_primary_whoever_asks_for_it_at_once,
    credentials_are_never_returned,
);

fn status(account: &pb::Account) -> AccountStatus {
    account.status()
}

async fn an_account_is_unverified_until_twilio_confirmed_it(db: Database) {
    let plane = Plane::start(db).await;
    // Twilio's answer is held back, so that the time before it can be looked at.
    let slow = FaultAction::ErrorBefore { status: 503, code: None };
    plane.twilio.inject_fault(Fault::once("/Accounts/", slow));
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };

    let created = plane.create_account(&seeded.sid, credentials).await;
    assert_eq!((status(&created), created.verify_time), (AccountStatus::Unverified, None));
    plane.settle().await;
    assert_eq!(status(&plane.account_now(&created.id).await), AccountStatus::Unverified);
    plane.advance(Duration::from_secs(3));
    plane.settle().await;

    let proved = plane.account_now(&created.id).await;
    assert_eq!((status(&proved), proved.status_reason.as_str()), (AccountStatus::Active, ""));
    assert!(proved.verify_time.is_some());
}

async fn a_wrong_token_is_refused_with_a_reason_until_it_is_replaced(db: Database) {
    let plane = Plane::start(db).await;
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    let wrong = "ab".repeat(16);
    plane.logs.never(&wrong);
    let account = plane.create_account(&seeded.sid, pb::Credentials { auth_token: wrong, ..Default::default() }).await;
    plane.settle().await;
    let refused = plane.account_now(&account.id).await;
    assert_eq!(status(&refused), AccountStatus::Refused);
    assert!(!refused.status_reason.is_empty(), "a refusal has a reason");

    let request = pb::SetAccountCredentialsRequest {
        account_id: account.id.clone(),
        credentials: Some(pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() }),
        ..Default::default()
    };
    plane.api.accounts().set_account_credentials(request).await.expect("other credentials");
    plane.settle().await;
    assert_eq!(status(&plane.account_now(&account.id).await), AccountStatus::Active);
}

async fn a_subaccount_is_proved_with_its_own_token_and_its_suspension_is_known_from_its_parent(db: Database) {
    let plane = Plane::start(db).await;
    let main = plane.account().await;
    let seeded = plane
        .twilio
        .add_account(NewAccount { parent_sid: Some(main.sid.clone()), ..NewAccount::default() })
        .expect("a subaccount");
    let account = pb::Account {
        display_name: "Team".into(),
        account_sid: seeded.sid.clone(),
        parent_account_id: main.id.clone(),
        ..Default::default()
    };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = plane.api.accounts().create_account(request).await.expect("created").into_inner();
    let id = created.account.expect("an account").id;
    plane.settle().await;
    assert_eq!(status(&plane.account_now(&id).await), AccountStatus::Active);

    plane.twilio.suspend(&seeded.sid).expect("it exists");
    let request = pb::VerifyAccountRequest { account_id: id.clone(), ..Default::default() };
    plane.api.accounts().verify_account(request).await.expect("asked again");
    plane.settle().await;
    assert_eq!(status(&plane.account_now(&id).await), AccountStatus::Suspended);
}

async fn twilio_out_of_order_is_asked_again_until_it_answers(db: Database) {
    let plane = Plane::start(db).await;
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    let faults =
        [FaultAction::ErrorBefore { status: 500, code: None }, FaultAction::Reset, FaultAction::TooManyRequests];
    for fault in faults {
        plane.twilio.inject_fault(Fault::once("/Accounts/", fault));
    }
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let account = plane.create_account(&seeded.sid, credentials).await;
    plane.settle().await;
    for _ in 0..3 {
        assert_eq!(status(&plane.account_now(&account.id).await), AccountStatus::Unverified);
        plane.advance(Duration::from_secs(301));
        plane.settle().await;
    }
    assert_eq!(status(&plane.account_now(&account.id).await), AccountStatus::Active);
    // A read may be repeated by the client as well: but it must have been tried as often as it failed.
    assert!(plane.twilio.ledger_of(&LedgerFilter::kind("rest")).len() >= 4);
}

async fn an_api_key_alone_proves_the_account_but_no_webhook(db: Database) {
    let plane = Plane::start(db).await;
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    plane.logs.never(&seeded.auth_token);
    let key = NewKey { account_sid: seeded.sid.clone(), main: true, ..NewKey::default() };
    let key = plane.twilio.add_key(key).expect("a key");
    plane.logs.never(&key.secret);
    let credentials =
        pb::Credentials { api_key_sid: key.sid.clone(), api_key_secret: key.secret.clone(), ..Default::default() };
    let account = plane.create_account(&seeded.sid, credentials).await;
    plane.settle().await;
    let account = plane.account_now(&account.id).await;
    let stored = account.credentials.clone().expect("what is stored");
    assert_eq!((status(&account), stored.api_key_sid), (AccountStatus::Active, key.sid));
    assert!(!stored.can_verify_webhooks && !stored.has_auth_token);

    plane.edge_hears(|directory| directory.account(&seeded.sid).is_some()).await;
    plane.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
    let call = PlaceCall { voice_url: Some(format!("{PUBLIC_URL}/twilio/voice")), ..PlaceCall::new(CALLER, NUMBER) };
    let transcript = plane.place(call).await;
    assert_eq!(transcript.requests[0].status, Some(403), "nobody can say whether it is Twilio who calls");
}

async fn there_is_exactly_one_primary_whoever_asks_for_it_at_once(db: Database) {
    let plane = Plane::start(db).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(plane.account().await.id);
    }
    let asked = (0..32).map(|turn| {
        let mut accounts = plane.api.accounts();
        let account_id = ids[turn % ids.len()].clone();
        async move {
            let request = pb::SetPrimaryAccountRequest { account_id, ..Default::default() };
            accounts.set_primary_account(request).await
        }
    });
    let answers = join_all(asked).await;
    assert!(answers.iter().any(Result::is_ok), "{answers:?}");
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(refused.code(), tonic::Code::Aborted, "{refused:?}");
    }
    plane.settle().await;
    let primaries = pb::ListAccountsRequest { role: AccountRole::Primary.into(), ..Default::default() };
    let primaries = plane.api.accounts().list_accounts(primaries).await.expect("listed").into_inner().accounts;
    assert_eq!(primaries.len(), 1);
    let all = plane.api.accounts().list_accounts(pb::ListAccountsRequest::default()).await.expect("listed");
    assert_eq!(all.into_inner().accounts.iter().filter(|account| account.role() == AccountRole::Primary).count(), 1);
}

async fn credentials_are_never_returned(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let next = plane.twilio.change_account(&account.sid, AccountChange::default()).expect("it exists");
    assert_eq!(next.auth_token, account.auth_token);
    let request = pb::SetAccountCredentialsRequest {
        account_id: account.id.clone(),
        credentials: Some(pb::Credentials { secondary_auth_token: "cd".repeat(16), ..Default::default() }),
        ..Default::default()
    };
    let mut answers = Vec::new();
    let set = plane.api.accounts().set_account_credentials(request).await.expect("set").into_inner();
    answers.push(set.encode_to_vec());
    answers.push(plane.account_now(&account.id).await.encode_to_vec());
    let list = plane.api.accounts().list_accounts(pb::ListAccountsRequest::default()).await.expect("listed");
    answers.push(list.into_inner().encode_to_vec());
    plane.settle().await;
    for answer in answers {
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(!text.contains(&account.auth_token) && !text.contains("cdcdcdcd"), "{text}");
    }
}
