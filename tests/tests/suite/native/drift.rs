//! What somebody else changed, at Twilio or at ElevenLabs: told, and put right in its own way.

use std::time::Duration;

use callplane_control_plane::{
    domain::phone_number::{DriftCause, Repair},
    flow::{Journal, phone_number as flow},
};
use callplane_proto::v1::{self as pb, AttachmentState, CorrectionAction, WebhooksState};
use callplane_simulator::NewNumber;
use callplane_tests::{Database, Plane, on_both, scene::NUMBER, settings::PUBLIC_URL};

use super::{agent, at_twilio, attach, attachment, change, imports, key, look, observe, reconcile};

on_both!(
    each_cause_of_drift_is_told_and_repaired_in_its_own_way,
    a_number_that_somebody_keeps_changing_back_is_left_to_people,
    a_number_changed_at_elevenlabs_is_led_back,
);

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
