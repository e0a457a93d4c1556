//! A number is imported once whatever goes wrong, answered by its agent, and taken back again.

use callplane_proto::v1::{self as pb, AttachmentState, IntegrationMode, WebhooksState};
use callplane_simulator::{Fault, FaultAction};
use callplane_tests::{Database, Plane, on_both, scene::NUMBER, settings::PUBLIC_URL};

use super::{agent, at_twilio, attach, attachment, done, imports, settle};

on_both!(
    a_number_is_attached_to_its_agent_and_taken_back_again,
    an_import_whose_answer_is_lost_is_made_once,
    a_number_without_an_auth_token_or_an_elevenlabs_agent_is_not_attached,
);

async fn a_number_is_attached_to_its_agent_and_taken_back_again(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let (number, agent) = (plane.number(&account, NUMBER).await, agent(&plane).await);
    let before = (at_twilio(&plane, "VoiceUrl"), at_twilio(&plane, "SmsUrl"));
    let pending = attach(&plane, &number, &agent).await;
    assert_eq!(attachment(&pending).state(), AttachmentState::Pending);
    plane.settle().await;
    let attached = plane.number_now(&number.id).await;
    assert_eq!(
        (attachment(&attached).state(), attached.integration_mode()),
        (AttachmentState::InSync, IntegrationMode::Native)
    );
    let seen = imports(&plane).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(attachment(&attached).eleven_labs_phone_number_id, seen[0].id.to_string());
    assert_eq!(seen[0].vendor_agent_id.as_ref(), Some(&attachment(&attached).eleven_labs_agent_id));
    assert!(at_twilio(&plane, "VoiceUrl").contains("elevenlabs.io"));
    assert_eq!(at_twilio(&plane, "SmsUrl"), before.1, "messages stay with us");

    attach(&plane, &number, &agent).await;
    plane.settle().await;
    assert_eq!((done(&plane, "POST"), done(&plane, "PATCH")), (1, 0), "a second time changes nothing");

    let request = pb::DetachPhoneNumberRequest { phone_number_id: number.id.clone(), ..Default::default() };
    plane.api.numbers().detach_phone_number(request).await.expect("taken in");
    plane.settle().await;
    assert_eq!(attachment(&plane.number_now(&number.id).await).state(), AttachmentState::Detached);
    assert_eq!(imports(&plane).await[0].vendor_agent_id, None);

    let request = pb::RemovePhoneNumberImportRequest { phone_number_id: number.id.clone(), ..Default::default() };
    plane.api.numbers().remove_phone_number_import(request).await.expect("taken in");
    plane.settle().await;
    let removed = plane.number_now(&number.id).await;
    assert_eq!((removed.attachment, removed.integration_mode), (None, IntegrationMode::Edge.into()));
    assert_eq!(removed.webhooks_state, i32::from(WebhooksState::InSync));
    assert_eq!((imports(&plane).await, (at_twilio(&plane, "VoiceUrl"), at_twilio(&plane, "SmsUrl"))), (vec![], before));
}

async fn an_import_whose_answer_is_lost_is_made_once(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let (number, agent) = (plane.number(&account, NUMBER).await, agent(&plane).await);
    let before_the_work =
        [FaultAction::TooManyRequests, FaultAction::ErrorBefore { status: 503, code: None }, FaultAction::Reset];
    let after_the_work =
        [FaultAction::ErrorAfter { status: 500, code: None }, FaultAction::ResetAfter, FaultAction::Garbage];
    for (turn, fault) in before_the_work.into_iter().chain(after_the_work).enumerate() {
        plane.twilio.inject_fault(Fault::once("/phone-numbers", fault.clone()).method("POST"));
        attach(&plane, &number, &agent).await;
        settle(&plane).await;
        let now = plane.number_now(&number.id).await;
        assert_eq!(attachment(&now).state(), AttachmentState::InSync, "{fault:?}: {now:?}");
        assert_eq!((done(&plane, "POST"), imports(&plane).await.len()), (turn + 1, 1), "{fault:?}");
        for method in ["DELETE", "PATCH"] {
            plane.twilio.inject_fault(Fault::once("/phone-numbers", fault.clone()).method(method));
        }
        let request = pb::RemovePhoneNumberImportRequest { phone_number_id: number.id.clone(), ..Default::default() };
        plane.api.numbers().remove_phone_number_import(request).await.expect("taken in");
        settle(&plane).await;
        plane.twilio.clear_faults();
        assert_eq!((plane.number_now(&number.id).await.attachment, imports(&plane).await), (None, vec![]), "{fault:?}");
        assert!(at_twilio(&plane, "VoiceUrl").starts_with(PUBLIC_URL), "{fault:?}");
    }
}

async fn a_number_without_an_auth_token_or_an_elevenlabs_agent_is_not_attached(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let number = plane.number(&account, NUMBER).await;
    let desk = plane.agent(callplane_tests::scene::announcement("Hello.")).await;
    let refused = |agent_id: String| {
        let request =
            pb::AttachPhoneNumberRequest { phone_number_id: number.id.clone(), agent_id, ..Default::default() };
        let mut numbers = plane.api.numbers();
        async move { numbers.attach_phone_number(request).await.expect_err("refused") }
    };
    let status = refused(desk.id.clone()).await;
    assert!(status.message().contains("only an ElevenLabs agent"), "{status:?}");
    let key = plane.twilio.add_key(callplane_simulator::NewKey {
        account_sid: account.sid.clone(),
        sid: None,
        secret: None,
        main: true,
    });
    let key = key.expect("a key");
    let credentials =
        pb::Credentials { api_key_sid: key.sid.clone(), api_key_secret: key.secret.clone(), ..Default::default() };
    let request = pb::SetAccountCredentialsRequest {
        account_id: account.id.clone(),
        credentials: Some(credentials),
        ..Default::default()
    };
    plane.api.accounts().set_account_credentials(request).await.expect("set");
    let request = pb::ClearAccountCredentialsRequest {
        account_id: account.id.clone(),
        fields: vec![pb::CredentialField::AuthToken.into()],
        ..Default::default()
    };
    plane.api.accounts().clear_account_credentials(request).await.expect("cleared");
    let status = refused(agent(&plane).await.id).await;
    assert!(status.message().contains("auth token"), "{status:?}");
    plane.settle().await;
    assert_eq!(done(&plane, "POST"), 0);
}
