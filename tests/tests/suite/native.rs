//! Numbers that ElevenLabs answers: imported once whatever goes wrong, taken back, and put right when somebody changed them.

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        id::{AccountId, PhoneNumberId},
        outcome::Outcome,
        phone_number::{
            DriftCause, IntegrationMode as Mode, PhoneNumber, Repair, State, WebhooksState as Stands, Work,
            attachment::ImportSeen,
        },
        telephony::{Capabilities, NumberSeen},
        webhooks::desired,
    },
    flow::{Journal, phone_number as flow},
    provider::AgentKey,
    store::phone_number as numbers,
    worker::access::{self, Purpose},
};
use callplane_proto::v1::{self as pb, AttachmentState, CorrectionAction, IntegrationMode, WebhooksState};
use callplane_simulator::{Fault, FaultAction, Happened, NewAgent, NewNumber, NumberChange};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER},
    settings::PUBLIC_URL,
};

on_both!(
    a_number_is_attached_to_its_agent_and_taken_back_again,
    an_import_whose_answer_is_lost_is_made_once,
    a_number_without_an_auth_token_or_an_elevenlabs_agent_is_not_attached,
    each_cause_of_drift_is_told_and_repaired_in_its_own_way,
    a_number_that_somebody_keeps_changing_back_is_left_to_people,
    a_number_changed_at_elevenlabs_is_led_back,
    of_a_thousand_numbers_the_hundred_that_drifted_are_put_right_and_then_there_is_nothing_to_do,
);

/// How often something was really done with the numbers of ElevenLabs.
fn done(plane: &Plane, wanted: &str) -> usize {
    let ledger = plane.twilio.ledger();
    let is_wanted = |what: &Happened| {
        matches!(what, Happened::Rest { vendor, method, path, performed: true, .. }
            if vendor == "elevenlabs" && method == wanted && path.contains("/phone-numbers"))
    };
    ledger.iter().filter(|entry| is_wanted(&entry.what)).count()
}

fn at_twilio(plane: &Plane, setting: &str) -> String {
    let numbers = plane.twilio.numbers();
    let number = numbers.iter().find(|number| number.phone_number == NUMBER).expect("it exists");
    number.settings.get(setting).cloned().unwrap_or_default()
}

fn change(plane: &Plane, setting: &str, value: &str) {
    let settings = [(setting.to_owned(), value.to_owned())].into();
    plane.twilio.change_number(NUMBER, NumberChange { settings, ..Default::default() }).expect("it is");
}

fn key(plane: &Plane) -> AgentKey {
    let api_key = plane.within().crew.eleven_labs_key.clone().expect("a key");
    AgentKey { api_key, api_base_url: None }
}

async fn imports(plane: &Plane) -> Vec<ImportSeen> {
    match plane.within().crew.agents.list_imports(&key(plane)).await {
        Outcome::Done(imports) => imports,
        other => panic!("{other:?}"),
    }
}

async fn agent(plane: &Plane) -> pb::Agent {
    let seeded = plane.twilio.add_agent(NewAgent::default());
    let endpoint = pb::ElevenLabsAgent { agent_id: seeded.agent_id, ..Default::default() };
    plane.agent(pb::agent::Endpoint::ElevenLabs(endpoint)).await
}

async fn attach(plane: &Plane, number: &pb::PhoneNumber, agent: &pb::Agent) -> pb::PhoneNumber {
    let (phone_number_id, agent_id) = (number.id.clone(), agent.id.clone());
    let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
    let attached = plane.api.numbers().attach_phone_number(request).await.expect("taken in");
    attached.into_inner().phone_number.expect("a number")
}

/// Everything that waits is woken until nothing does.
async fn settle(plane: &Plane) {
    plane.settle().await;
    for _ in 0..6 {
        plane.advance(Duration::from_secs(301));
        plane.settle().await;
    }
}

/// What Twilio's list of the account shows.
async fn list(plane: &Plane, account: &Account) -> Vec<NumberSeen> {
    let ctx = &plane.within().ctx;
    let id: AccountId = account.id.parse().expect("an id");
    let access = access::open(ctx, plane.workspace, id, Purpose::Work).await.expect("opened").expect("credentials");
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        match plane.within().crew.telephony.list_numbers(&access, after.as_ref()).await {
            Outcome::Done(page) => {
                seen.extend(page.items);
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return seen;
        }
    }
}

/// Half a minute later somebody has looked at all numbers of the account.
async fn observe(plane: &Plane, account: &Account, seen: Vec<NumberSeen>, repair: Repair) -> Vec<DriftCause> {
    plane.advance(Duration::from_secs(30));
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    let look = flow::Look { began: journal.now, seen };
    let account = account.id.parse().expect("an id");
    let noticed = flow::observed(&mut journal, account, look, repair).await.expect("taken in");
    journal.commit().await.expect("commits");
    noticed
}

async fn look(plane: &Plane, account: &Account, repair: Repair) -> Vec<DriftCause> {
    let seen = list(plane, account).await;
    observe(plane, account, seen, repair).await
}

async fn reconcile(plane: &Plane, validate_only: bool) -> pb::ReconcileNumbersResponse {
    let request = pb::ReconcileNumbersRequest { validate_only, ..Default::default() };
    plane.api.numbers().reconcile_numbers(request).await.expect("planned").into_inner()
}

fn attachment(number: &pb::PhoneNumber) -> &pb::NumberAttachment {
    number.attachment.as_ref().expect("it was attached")
}

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

async fn each_cause_of_drift_is_told_and_repaired_in_its_own_way(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let number = plane.number(&account, NUMBER).await;
    assert_eq!(look(&plane, &account, Repair::Allowed).await, []);

    for (setting, value, cause) in [
        ("VoiceUrl", "https://elsewhere.example.com/", DriftCause::UrlChanged),
        ("TrunkSid", "TK00000000000000000000000000000001", DriftCause::WrongTrunk),
    ] {
        change(&plane, setting, value);
        assert_eq!(look(&plane, &account, Repair::Withheld).await, [cause]);
        assert_eq!(look(&plane, &account, Repair::Withheld).await, [], "told once");
        let drifted = plane.number_now(&number.id).await;
        assert_eq!(drifted.webhooks_state(), WebhooksState::Drifted);
        assert_eq!(at_twilio(&plane, setting), value, "nothing is written");
        look(&plane, &account, Repair::Allowed).await;
        plane.settle().await;
        let repaired = plane.number_now(&number.id).await;
        assert_eq!((repaired.webhooks_state(), &repaired.drift), (WebhooksState::InSync, &None), "{cause}");
        assert!(at_twilio(&plane, "VoiceUrl").starts_with(PUBLIC_URL) && at_twilio(&plane, "TrunkSid").is_empty());
    }

    // A list that lags: it is looked up and was there all the time.
    assert_eq!(observe(&plane, &account, Vec::new(), Repair::Withheld).await, [DriftCause::Missing]);
    plane.settle().await;
    let back = plane.number_now(&number.id).await;
    assert_eq!((back.webhooks_state(), &back.drift), (WebhooksState::InSync, &None));

    let sid = &number.phone_number_sid;
    let path =
        format!("{}/2010-04-01/Accounts/{}/IncomingPhoneNumbers/{sid}.json", plane.twilio.base_url(), account.sid);
    let gone = plane.http.delete(path).basic_auth(&account.sid, Some(&account.auth_token)).send().await.expect("gone");
    assert!(gone.status().is_success(), "{gone:?}");
    assert_eq!(look(&plane, &account, Repair::Allowed).await, [DriftCause::Missing]);
    plane.settle().await;
    let released = plane.number_now(&number.id).await;
    assert_eq!(released.drift.as_ref().map(|drift| drift.cause()), Some(pb::DriftCause::Released));
    assert_eq!(released.webhooks_state(), WebhooksState::Failed);
    assert_eq!(look(&plane, &account, Repair::Allowed).await, [], "told once");
    let plan = reconcile(&plane, false).await;
    assert_eq!((plan.corrections.len(), plan.released_phone_number_ids), (0, vec![number.id.clone()]));

    // Somebody buys it again: it is taken back and configured.
    plane.twilio.add_number(NewNumber::new(NUMBER, &account.sid)).expect("a number");
    look(&plane, &account, Repair::Allowed).await;
    plane.settle().await;
    let back = plane.number_now(&number.id).await;
    assert_eq!((back.webhooks_state(), back.drift), (WebhooksState::InSync, None));
    assert_ne!(back.phone_number_sid, *sid);
}

async fn a_number_that_somebody_keeps_changing_back_is_left_to_people(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let number = plane.number(&account, NUMBER).await;
    for turn in 0..5 {
        change(&plane, "VoiceUrl", &format!("https://elsewhere.example.com/{turn}"));
        look(&plane, &account, Repair::Allowed).await;
        plane.settle().await;
    }
    let contested = plane.number_now(&number.id).await;
    assert_eq!(contested.webhooks_state(), WebhooksState::Drifted);
    assert_eq!(contested.drift.as_ref().map(|drift| drift.repairs), Some(3));
    let plan = reconcile(&plane, false).await;
    assert_eq!(plan.corrections.len(), 1, "a person may");
    plane.settle().await;
    assert_eq!(plane.number_now(&number.id).await.webhooks_state(), WebhooksState::InSync);
}

async fn a_number_changed_at_elevenlabs_is_led_back(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    let (number, agent) = (plane.number(&account, NUMBER).await, agent(&plane).await);
    attach(&plane, &number, &agent).await;
    plane.settle().await;
    let agents = &plane.within().crew.agents;
    let id = imports(&plane).await[0].id.clone();
    let observe = async |repair| {
        plane.advance(Duration::from_secs(30));
        let seen = imports(&plane).await;
        let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
        let look = flow::Look { began: journal.now, seen };
        let agent = agent.id.parse().expect("an id");
        let noticed = flow::imports_observed(&mut journal, &[agent], look, repair).await.expect("taken in");
        journal.commit().await.expect("commits");
        noticed
    };
    assert_eq!(observe(Repair::Allowed).await, []);
    agents.assign_import(&key(&plane), &id, None).await;
    assert_eq!(observe(Repair::Withheld).await, [DriftCause::WrongAgent]);
    let plan = reconcile(&plane, true).await;
    assert_eq!(plan.corrections[0].action(), CorrectionAction::Attach);
    observe(Repair::Allowed).await;
    plane.settle().await;
    assert_eq!(
        imports(&plane).await[0].vendor_agent_id.as_ref(),
        Some(&attachment(&plane.number_now(&number.id).await).eleven_labs_agent_id)
    );

    agents.delete_import(&key(&plane), &id).await;
    assert_eq!(observe(Repair::Withheld).await, [DriftCause::ImportGone]);
    reconcile(&plane, false).await;
    plane.settle().await;
    assert_eq!(imports(&plane).await.len(), 1);
    let back = plane.number_now(&number.id).await;
    assert_eq!((attachment(&back).state(), &back.drift), (AttachmentState::InSync, &None));

    change(&plane, "VoiceUrl", "https://elsewhere.example.com/");
    assert_eq!(look(&plane, &account, Repair::Allowed).await, [DriftCause::UrlChanged]);
    plane.settle().await;
    assert!(at_twilio(&plane, "VoiceUrl").contains("elevenlabs.io"));
    assert_eq!(reconcile(&plane, false).await.corrections, []);
}

/// A thousand numbers of the account, at Twilio and with us as if they had been configured long ago.
async fn a_thousand(plane: &Plane, account: &Account) {
    let webhooks = desired(PUBLIC_URL);
    let journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    let mut rows = Vec::new();
    for index in 0..1000 {
        let e164 = format!("+1415555{index:04}");
        let new = NewNumber {
            voice_url: webhooks.voice_url.clone(),
            voice_fallback_url: webhooks.voice_fallback_url.clone(),
            status_callback: webhooks.status_callback_url.clone(),
            sms_url: webhooks.sms_url.clone(),
            ..NewNumber::new(&e164, &account.sid)
        };
        let seeded = plane.twilio.add_number(new).expect("a number");
        rows.push(PhoneNumber {
            id: PhoneNumberId::fresh(&*plane.within().ctx.ids),
            workspace_id: plane.workspace,
            account_id: account.id.parse().expect("an id"),
            display_name: String::new(),
            e164: e164.parse().expect("E.164"),
            phone_number_sid: Some(seeded.sid.parse().expect("a SID")),
            state: State::Active,
            state_reason: String::new(),
            capabilities: Capabilities { voice: true, sms: true, mms: true, fax: false },
            integration_mode: Mode::Edge,
            assignment: None,
            fallback: None,
            voicemail: None,
            webhooks_state: Stands::InSync,
            webhooks_error: String::new(),
            desired_webhooks: Some(webhooks.clone()),
            observed_webhooks: Some(webhooks.clone()),
            observe_time: None,
            work: Work::Idle,
            version: 1,
            create_time: journal.now,
            update_time: journal.now,
            pool: None,
            attachment: None,
            drift: None,
            whatsapp_sender: false,
        });
    }
    for some in rows.chunks(100) {
        numbers::insert(journal.txn(), some).await.expect("inserted");
    }
    journal.commit().await.expect("commits");
}

async fn of_a_thousand_numbers_the_hundred_that_drifted_are_put_right_and_then_there_is_nothing_to_do(db: Database) {
    let plane = Plane::start(db).await;
    let account = plane.account().await;
    a_thousand(&plane, &account).await;
    assert_eq!(look(&plane, &account, Repair::Withheld).await, []);
    for index in (0..1000).step_by(10) {
        let settings = [("VoiceUrl".to_owned(), "https://elsewhere.example.com/".to_owned())].into();
        let change = NumberChange { settings, ..Default::default() };
        plane.twilio.change_number(&format!("+1415555{index:04}"), change).expect("it is");
    }
    assert_eq!(look(&plane, &account, Repair::Withheld).await.len(), 100);

    let before = plane.twilio.ledger().len();
    let planned = reconcile(&plane, true).await;
    assert_eq!((planned.corrections.len(), planned.compared, planned.more), (100, 1000, false));
    assert!(planned.corrections.iter().all(|one| one.cause() == pb::DriftCause::UrlChanged));
    assert_eq!(planned.corrections[0].differences[0].observed, "https://elsewhere.example.com/");
    assert_eq!(planned.looks.iter().map(|look| look.numbers).collect::<Vec<_>>(), [1000]);
    assert_eq!(plane.twilio.ledger().len(), before, "a plan asks nobody");

    let applied = reconcile(&plane, false).await;
    assert_eq!(applied.corrections, planned.corrections);
    plane.settle().await;
    assert!(plane.twilio.numbers().iter().all(|number| number.settings["VoiceUrl"].starts_with(PUBLIC_URL)));
    assert_eq!(plane.twilio.ledger().len() - before, 300, "read, written, read back");
    let second = reconcile(&plane, false).await;
    assert_eq!((second.corrections, second.under_way), (vec![], 0));
    assert_eq!(look(&plane, &account, Repair::Withheld).await, []);
    assert_eq!(reconcile(&plane, false).await.corrections, []);
}
