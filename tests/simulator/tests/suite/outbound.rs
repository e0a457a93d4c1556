//! Calls and messages we order: who answers them, what machine detection says, and what they cost later.

use std::time::Duration;

use callplane_simulator::{AccountChange, Answer, Callee, LedgerFilter, MessageFate, Pace, Pricing};
use serde_json::{Value, json};

use crate::host::Host;
use crate::rest::{FRIEND, OURS, Scene, scene};

/// Orders a call whose TwiML and reports are the host's, and gives its path.
async fn ordered(scene: &Scene, host: &Host, more: &[(&str, &str)]) -> String {
    let (url, callback) = (host.url("/answered"), host.url("/status"));
    let mut form = vec![("To", FRIEND), ("From", OURS), ("Url", &url), ("StatusCallback", &callback)];
    form.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
    form.extend_from_slice(more);
    let (status, call) = scene.main("POST", "/Calls.json", &form).await;
    assert_eq!(status, 201, "{call}");
    format!("/Calls/{}.json", call["sid"].as_str().expect("a SID"))
}

async fn advance(scene: &Scene, seconds: u64) {
    scene.simulator.advance(Duration::from_secs(seconds));
    scene.simulator.settle().await;
}

#[tokio::test]
async fn a_machine_is_heard_out_until_its_beep_before_anything_is_said() {
    let scene = scene(Pace::Stepped).await;
    let host = Host::start().await;
    host.says("/answered", "<Say>Please join</Say>");
    scene.simulator.set_callee(FRIEND, Callee::machine());
    let detection = [("MachineDetection", "DetectMessageEnd"), ("MachineDetectionTimeout", "15")];
    let path = ordered(&scene, &host, &detection).await;
    scene.simulator.settle().await;
    for seconds in [1, 5, 7] {
        advance(&scene, seconds).await;
    }
    let (_, row) = scene.main("GET", &path, &[]).await;
    assert_eq!((&row["status"], &row["answered_by"]), (&json!("in-progress"), &Value::Null), "it still speaks");
    assert!(host.at("/answered").is_empty());
    advance(&scene, 1).await;
    assert_eq!(host.at("/answered")[0].value("AnsweredBy"), Some("machine_end_beep"));
    advance(&scene, 60).await;
    let (_, row) = scene.main("GET", &path, &[]).await;
    assert_eq!((&row["status"], &row["answered_by"]), (&json!("completed"), &json!("machine_end_beep")));
    let told: Vec<_> = host.at("/status").iter().map(|report| report.value("AnsweredBy").map(str::to_owned)).collect();
    assert_eq!(told, [None, None, None, Some("machine_end_beep".to_owned())]);
}

#[tokio::test]
async fn without_detection_a_machine_is_spoken_to_at_once() {
    let scene = scene(Pace::Immediate).await;
    let host = Host::start().await;
    host.says("/answered", "<Say>Please join</Say>");
    scene.simulator.set_callee(FRIEND, Callee::machine());
    ordered(&scene, &host, &[]).await;
    scene.simulator.settle().await;
    assert_eq!(host.at("/answered")[0].value("AnsweredBy"), None);
    for (name, value) in [("MachineDetection", "Yes"), ("MachineDetectionTimeout", "60")] {
        let form =
            [("To", FRIEND), ("From", OURS), ("Twiml", "<Response/>"), ("MachineDetection", "Enable"), (name, value)];
        let form = if name == "MachineDetection" { [&form[..3], &form[4..]].concat() } else { form.to_vec() };
        assert_eq!(scene.main("POST", "/Calls.json", &form).await.0, 400, "{name}");
    }
}

#[tokio::test]
async fn each_callee_ends_a_call_in_its_own_way() {
    let hurried = Callee::Answers(Answer { after_seconds: 2, for_seconds: 3, ..Answer::default() });
    let slow = Callee::Answers(Answer { after_seconds: 46, ..Answer::default() });
    for (callee, end) in [
        (Callee::Busy, "busy"),
        (Callee::NoAnswer, "no-answer"),
        (slow, "no-answer"),
        (Callee::Failed, "failed"),
        (Callee::Dead, "failed"),
        (hurried, "completed"),
    ] {
        let scene = scene(Pace::Immediate).await;
        let host = Host::start().await;
        host.says("/answered", "<Pause length=\"60\"/>");
        scene.simulator.set_callee(FRIEND, callee.clone());
        let path = ordered(&scene, &host, &[("Timeout", "45"), ("TimeLimit", "600")]).await;
        scene.simulator.settle().await;
        let (_, row) = scene.main("GET", &path, &[]).await;
        assert_eq!(row["status"], end, "{callee:?}");
        let last = host.at("/status").pop().expect("its end is told");
        assert_eq!(last.value("CallStatus"), Some(end), "{callee:?}");
    }
}

#[tokio::test]
async fn a_call_that_rings_is_taken_back_and_one_that_was_answered_is_not() {
    let scene = scene(Pace::Stepped).await;
    let host = Host::start().await;
    host.says("/answered", "<Pause length=\"60\"/>");
    let path = ordered(&scene, &host, &[]).await;
    scene.simulator.settle().await;
    advance(&scene, 1).await;
    assert_eq!(scene.main("GET", &path, &[]).await.1["status"], "ringing");
    assert_eq!(scene.main("POST", &path, &[("Status", "canceled")]).await.0, 200);
    scene.simulator.settle().await;
    assert_eq!(scene.main("GET", &path, &[]).await.1["status"], "canceled");
    assert!(scene.simulator.ledger_of(&LedgerFilter::kind("answered")).is_empty());

    let path = ordered(&scene, &host, &[]).await;
    scene.simulator.settle().await;
    for seconds in [1, 5] {
        advance(&scene, seconds).await;
    }
    let (status, error) = scene.main("POST", &path, &[("Status", "canceled")]).await;
    assert_eq!((status, &error["code"]), (400, &json!(21220)));
    assert_eq!(scene.main("GET", &path, &[]).await.1["status"], "in-progress");
}

#[tokio::test]
async fn a_price_is_shown_some_time_after_the_end_and_none_for_whom_nobody_answered() {
    let scene = scene(Pace::Immediate).await;
    let host = Host::start().await;
    let pricing = Pricing { call: "-0.03000".into(), after_seconds: 600, ..Pricing::default() };
    let change = AccountChange { pricing: Some(pricing), ..AccountChange::default() };
    scene.simulator.change_account(&scene.main.sid, change).expect("it exists");
    host.says("/answered", "<Say>Hello</Say>");
    let answered = ordered(&scene, &host, &[]).await;
    scene.simulator.settle().await;
    scene.simulator.set_callee(FRIEND, Callee::Busy);
    let busy = ordered(&scene, &host, &[]).await;
    scene.simulator.set_message_fate(FRIEND, MessageFate::Undelivered(30003));
    let form = [("To", FRIEND), ("From", OURS), ("Body", "Hello")];
    let (_, message) = scene.main("POST", "/Messages.json", &form).await;
    let message = format!("/Messages/{}.json", message["sid"].as_str().expect("a SID"));
    scene.simulator.settle().await;
    let price = async |path: &str| scene.main("GET", path, &[]).await.1["price"].clone();
    // Calls of the immediate pace end a little ahead of the clock.
    advance(&scene, 500).await;
    assert_eq!((price(&answered).await, price(&message).await), (Value::Null, Value::Null));
    advance(&scene, 300).await;
    assert_eq!((price(&answered).await, price(&message).await), (json!("-0.03000"), json!("-0.00750")));
    assert_eq!(price(&busy).await, Value::Null);
}
