//! Real calls beside the probes: what callers, carriers and Twilio itself do is noticed where every probe passes, is shown with
//! its cause, and moves nobody.

use std::time::Duration;

use callplane_proto::v1::{self as pb, HealthVerdict as Verdict, ProbeKind as Kind, ProbeOutcome as Outcome};
use callplane_simulator::{Callee, Delivery, DeliveryRule, Fault, FaultAction, Kind as Webhook};
use callplane_tests::{
    Database, Plane,
    ladder::{ADA, BEN},
    on_both,
    scene::{Account, CALLER, NUMBER, announcement},
    webhooks::{call_sid, form},
};

use crate::monitor::{elapse, health, last, started, watched};

on_both!(
    a_quarter_of_missed_calls_is_noticed_within_five_minutes,
    creates_that_an_account_refuses_are_noticed,
    calls_that_no_webhook_tells_of_are_noticed,
);

async fn told(plane: &Plane, account: &Account, sid: &str, status: &str) {
    let told = [
        ("CallSid", sid),
        ("From", CALLER),
        ("To", NUMBER),
        ("CallStatus", status),
        ("Direction", "inbound"),
        ("SequenceNumber", "3"),
        ("CallbackSource", "call-progress-events"),
    ];
    let (status, body) = plane.post(account, "/twilio/status", &form(told)).await;
    assert_eq!(status, 204, "{body}");
}

/// What the last look says of the traffic, and that it is held against nobody.
async fn noticed(plane: &Plane, account: &Account) -> (Outcome, String) {
    assert_eq!(health(plane, &account.id).await.verdict(), Verdict::Healthy);
    let probe = last(plane, &account.id, Kind::Traffic).await;
    (probe.outcome(), probe.cause)
}

fn failed(cause: &str) -> (Outcome, String) {
    (Outcome::Fail, cause.to_owned())
}

/// Two calls a minute, every fourth of which nobody answers.
async fn a_quarter_of_missed_calls_is_noticed_within_five_minutes(db: Database) {
    let plane = started(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    let begin = plane.now();
    for turn in 0.. {
        let sid = call_sid(turn);
        plane.ring(&account, &sid, CALLER, NUMBER).await;
        told(&plane, &account, &sid, if turn % 4 == 3 { "no-answer" } else { "completed" }).await;
        elapse(&plane, 30).await;
        let now = noticed(&plane, &account).await;
        if now == failed("unanswered") {
            break;
        }
        assert_eq!(now, (Outcome::Pass, String::new()));
        assert!(plane.now() - begin < chrono::Duration::minutes(5), "not noticed");
    }
}

async fn creates_that_an_account_refuses_are_noticed(db: Database) {
    let plane = started(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    let text = || async {
        let request = pb::SendMessageRequest { to: ADA.into(), text: "Hello".into(), ..Default::default() };
        plane.api.messages().send_message(request).await.expect("taken in");
        plane.settle().await;
    };
    text().await;
    let forbidden = FaultAction::ErrorBefore { status: 400, code: Some(21408) };
    plane.twilio.inject_fault(Fault::once("Messages.json", forbidden).times(0));
    text().await;
    text().await;
    elapse(&plane, 33).await;
    assert_eq!(noticed(&plane, &account).await, (Outcome::Pass, String::new()), "two may be two numbers");
    text().await;
    elapse(&plane, 33).await;
    assert_eq!(noticed(&plane, &account).await, failed("creates-refused"));
    plane.advance(Duration::from_secs(14 * 60));
    elapse(&plane, 60).await;
    assert_eq!(noticed(&plane, &account).await, (Outcome::Pass, String::new()), "it is over");
}

async fn calls_that_no_webhook_tells_of_are_noticed(db: Database) {
    let plane = started(db).await;
    let (account, ..) = plane.answered_by(announcement("Hello.")).await;
    watched(&plane).await;
    plane.twilio.set_callee(BEN, Callee::Busy);
    plane.twilio.add_delivery_rule(DeliveryRule::of(Webhook::Status, Delivery::Dropped));
    for _ in 0..5 {
        let request = pb::PlaceCallRequest { to: BEN.into(), text: "Hello".into(), ..Default::default() };
        plane.api.calls().place_call(request).await.expect("placed");
        elapse(&plane, 2).await;
    }
    elapse(&plane, 95).await;
    assert_eq!(noticed(&plane, &account).await, failed("webhooks-silent"));
}
