//! A thousand numbers of which a hundred drifted.

use callplane_control_plane::{
    domain::{
        id::PhoneNumberId,
        phone_number::{IntegrationMode as Mode, PhoneNumber, Repair, State, WebhooksState as Stands, Work},
        telephony::Capabilities,
        webhooks::desired,
    },
    flow::Journal,
    store::phone_number as numbers,
};
use callplane_proto::v1 as pb;
use callplane_simulator::{NewNumber, NumberChange};
use callplane_tests::{Database, Plane, on_both, scene::Account, settings::PUBLIC_URL};

use super::{look, reconcile};

on_both!(of_a_thousand_numbers_the_hundred_that_drifted_are_put_right_and_then_there_is_nothing_to_do);

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
