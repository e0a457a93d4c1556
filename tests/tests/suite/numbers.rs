//! Numbers: imported from the account that owns them, told our URLs at Twilio once, and told again only when somebody
//! changed them.

use std::time::Duration;

use callplane_proto::v1::{self as pb, PhoneNumberState, WebhooksState};
use callplane_simulator::{Fault, FaultAction, Happened, NewAccount, NewNumber, NumberChange};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER},
    settings::PUBLIC_URL,
};

on_both!(
    an_imported_number_is_active_once_twilio_shows_it,
    a_number_of_a_stranger_is_refused,
    webhooks_are_written_once_and_the_second_time_nothing_is_written,
    what_somebody_else_changed_is_written_again,
    work_that_was_done_before_an_error_is_not_done_twice,
    a_passing_fault_is_waited_out,
    a_refusal_is_told_and_ends_the_work,
    a_number_belongs_to_one_workspace_only,
);

/// How often webhooks were really written.
fn writes(plane: &Plane) -> usize {
    let ledger = plane.twilio.ledger();
    let written = |what: &Happened| {
        matches!(what, Happened::Rest { method, path, performed: true, .. }
            if method == "POST" && path.contains("/IncomingPhoneNumbers/"))
    };
    ledger.iter().filter(|entry| written(&entry.what)).count()
}

fn at_twilio(plane: &Plane, setting: &str) -> String {
    let numbers = plane.twilio.numbers();
    let number = numbers.iter().find(|number| number.phone_number == NUMBER).expect("it exists");
    number.settings.get(setting).cloned().unwrap_or_default()
}

async fn imported(plane: &Plane) -> (Account, pb::PhoneNumber) {
    let account = plane.account().await;
    plane.twilio.add_number(NewNumber::new(NUMBER, &account.sid)).expect("a number");
    let number = plane.import(&account, NUMBER).await;
    plane.settle().await;
    (account, plane.number_now(&number.id).await)
}

async fn an_imported_number_is_active_once_twilio_shows_it(db: Database) {
    let plane = Plane::start(db).await;
    let (account, number) = imported(&plane).await;
    assert_eq!((number.state(), number.account_id.as_str()), (PhoneNumberState::Active, account.id.as_str()));
    assert!(number.phone_number_sid.starts_with("PN"), "{number:?}");
    assert_eq!(number.country_code, "US");
    assert!(number.capabilities.is_some_and(|can| can.voice));
    assert_eq!(number.webhooks_state(), WebhooksState::Unmanaged);
    assert_eq!(writes(&plane), 0, "an import only looks");
}

async fn a_number_of_a_stranger_is_refused(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let stranger = plane.twilio.add_account(NewAccount::default()).expect("an account");
    plane.twilio.add_number(NewNumber::new(NUMBER, &stranger.sid)).expect("a number");
    let number = plane.import(&account, NUMBER).await;
    plane.settle().await;
    let number = plane.number_now(&number.id).await;
    assert_eq!(number.state(), PhoneNumberState::Refused);
    assert!(!number.state_reason.is_empty(), "a refusal has a reason");
}

async fn webhooks_are_written_once_and_the_second_time_nothing_is_written(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number) = imported(&plane).await;
    let wanted = plane.configure(&number.id).await;
    assert_eq!(wanted.webhooks_state(), WebhooksState::Pending);
    plane.settle().await;
    let configured = plane.number_now(&number.id).await;
    assert_eq!((configured.webhooks_state(), writes(&plane)), (WebhooksState::InSync, 1));
    assert!(at_twilio(&plane, "VoiceUrl").starts_with(&format!("{PUBLIC_URL}/twilio/voice")));
    assert!(at_twilio(&plane, "StatusCallback").starts_with(&format!("{PUBLIC_URL}/twilio/status")));
    assert!(at_twilio(&plane, "VoiceFallbackUrl").starts_with(&format!("{PUBLIC_URL}/twilio/fallback")));
    assert!(at_twilio(&plane, "SmsUrl").starts_with(&format!("{PUBLIC_URL}/twilio/message")));
    assert_eq!(configured.desired_webhooks, configured.observed_webhooks);

    plane.configure(&number.id).await;
    plane.settle().await;
    assert_eq!((plane.number_now(&number.id).await.webhooks_state(), writes(&plane)), (WebhooksState::InSync, 1));
}

async fn what_somebody_else_changed_is_written_again(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number) = imported(&plane).await;
    plane.configure(&number.id).await;
    plane.settle().await;
    let elsewhere = [("VoiceUrl".to_owned(), "https://elsewhere.example.com/".to_owned())];
    plane
        .twilio
        .change_number(NUMBER, NumberChange { settings: elsewhere.into(), ..Default::default() })
        .expect("it is");
    plane.configure(&number.id).await;
    plane.settle().await;
    assert!(at_twilio(&plane, "VoiceUrl").starts_with(PUBLIC_URL));
    assert_eq!((plane.number_now(&number.id).await.webhooks_state(), writes(&plane)), (WebhooksState::InSync, 2));
}

async fn work_that_was_done_before_an_error_is_not_done_twice(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number) = imported(&plane).await;
    for (turn, fault) in
        [FaultAction::ErrorAfter { status: 500, code: Some(20500) }, FaultAction::ResetAfter, FaultAction::Garbage]
            .into_iter()
            .enumerate()
    {
        let elsewhere = [("VoiceUrl".to_owned(), format!("https://elsewhere.example.com/{turn}"))];
        let change = NumberChange { settings: elsewhere.into(), ..Default::default() };
        plane.twilio.change_number(NUMBER, change).expect("it is");
        plane.twilio.inject_fault(Fault::once("/IncomingPhoneNumbers/", fault.clone()).method("POST"));
        plane.configure(&number.id).await;
        plane.settle().await;
        plane.advance(Duration::from_secs(301));
        plane.settle().await;
        let now = plane.number_now(&number.id).await;
        assert_eq!((now.webhooks_state(), writes(&plane)), (WebhooksState::InSync, turn + 1), "{fault:?}: {now:?}");
    }
}

async fn a_passing_fault_is_waited_out(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number) = imported(&plane).await;
    let faults =
        [FaultAction::TooManyRequests, FaultAction::ErrorBefore { status: 503, code: None }, FaultAction::Reset];
    for fault in faults {
        plane.twilio.inject_fault(Fault::once("/IncomingPhoneNumbers/", fault).method("POST"));
    }
    plane.configure(&number.id).await;
    for _ in 0..6 {
        plane.settle().await;
        plane.advance(Duration::from_secs(301));
    }
    plane.settle().await;
    assert_eq!((plane.number_now(&number.id).await.webhooks_state(), writes(&plane)), (WebhooksState::InSync, 1));
}

async fn a_refusal_is_told_and_ends_the_work(db: Database) {
    let plane = Plane::start(db).await;
    let (_, number) = imported(&plane).await;
    let refusal = FaultAction::ErrorBefore { status: 400, code: Some(21402) };
    plane.twilio.inject_fault(Fault::once("/IncomingPhoneNumbers/", refusal).method("POST"));
    plane.configure(&number.id).await;
    plane.settle().await;
    let failed = plane.number_now(&number.id).await;
    assert_eq!((failed.webhooks_state(), writes(&plane)), (WebhooksState::Failed, 0));
    assert!(failed.webhooks_error.contains("21402"), "{}", failed.webhooks_error);
    plane.configure(&number.id).await;
    plane.settle().await;
    assert_eq!(plane.number_now(&number.id).await.webhooks_state(), WebhooksState::InSync);
}

async fn a_number_belongs_to_one_workspace_only(db: Database) {
    let plane = Plane::start(db).await;
    imported(&plane).await;
    let (_, next_door) = plane.neighbour().await;
    let seeded = plane.twilio.add_account(NewAccount::default()).expect("an account");
    let account = pb::Account { display_name: "Theirs".into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token, ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let account = next_door.accounts().create_account(request).await.expect("created").into_inner().account;
    let account_id = account.expect("an account").id;
    let number = pb::PhoneNumber { account_id, e164: NUMBER.to_owned(), ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let refused = next_door.numbers().import_phone_number(request).await.expect_err("it has an owner");
    assert_eq!(refused.code(), tonic::Code::AlreadyExists, "{refused:?}");
    plane.settle().await;
}
