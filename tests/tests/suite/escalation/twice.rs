//! Two calls of one attempt, because the first turned up when it was given up: they do not both ring on.

use callplane_proto::v1::{self as pb, AttemptEnding as Ending};
use callplane_simulator::{Callee, Happened, LedgerFilter, Pace};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, endings, rung, usual},
    on_both,
    scene::{Account, NUMBER},
    settings::PUBLIC_URL,
};

on_both!(of_two_calls_of_one_attempt_only_one_rings_on);

/// A call at Twilio that carries the tag of an attempt; its SID.
async fn another_call(plane: &Plane, account: &Account, attempt_id: &str) -> String {
    let url = format!("{}/2010-04-01/Accounts/{}/Calls.json", plane.twilio.base_url(), account.sid);
    let (voice, told) =
        (format!("{PUBLIC_URL}/twilio/voice/{attempt_id}"), format!("{PUBLIC_URL}/twilio/status/{attempt_id}"));
    let mut form = vec![("To", ADA), ("From", NUMBER), ("Url", &voice), ("StatusCallback", &told)];
    form.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
    let asked = plane.http.post(url).basic_auth(&account.sid, Some(&account.auth_token)).form(&form);
    let made: serde_json::Value = asked.send().await.expect("made").json().await.expect("a call");
    made["sid"].as_str().expect("a SID").to_owned()
}

/// The calls that are over, and how.
fn ended(plane: &Plane) -> Vec<(String, String)> {
    let entries = plane.twilio.ledger_of(&LedgerFilter::kind("ended"));
    let over = entries.into_iter().filter_map(|entry| match entry.what {
        Happened::Ended { call_sid, status, .. } => Some((call_sid, status)),
        _ => None,
    });
    over.collect()
}

async fn of_two_calls_of_one_attempt_only_one_rings_on(db: Database) {
    let plane = Plane::start(db).await;
    plane.twilio.set_pace(Pace::Stepped);
    plane.twilio.set_callee(ADA, Callee::NoAnswer);
    let account = plane.account().await;
    plane.number(&account, NUMBER).await;
    let ada = plane.contact("Ada", ADA, "").await;
    let policy = plane.policy(pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Voice, -120)], ..usual() }).await;
    let incident = plane.incident(&policy, &ada, 120).await;
    plane.settle().await;
    plane.pass(1).await;
    let step = plane.incident_now(&incident.id).await.steps.remove(0);
    let other = another_call(&plane, &account, &step.attempt_id).await;
    for _ in 0..3 {
        plane.pass(1).await;
    }
    assert_eq!(ended(&plane), [(other, "canceled".to_owned())]);
    // The one that was known first rings on, and is what the step tells of.
    assert_eq!(endings(&plane.incident_now(&incident.id).await), [Ending::Unspecified]);
    plane.pass(60).await;
    assert_eq!(endings(&plane.incident_now(&incident.id).await), [Ending::NoAnswer]);
}
