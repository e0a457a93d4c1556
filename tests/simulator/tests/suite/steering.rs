//! The control API through the client, against a simulator it shares nothing with.

use std::time::Duration;

use callplane_simulator::{
    Act, Callee, Client, ClientError, Delivery, DeliveryRule, Fault, FaultAction, Kind, LedgerFilter, NewAccount,
    NewNumber, NumberChange, Pace, PlaceCall, ReleaseOrder, Script, Simulator, SimulatorHandle, SimulatorOptions,
};

use crate::host::Host;

const OURS: &str = "+15550100001";
const CALLER: &str = "+15550100099";

async fn scene() -> (SimulatorHandle, Client, Host) {
    let start = "2026-08-04T09:00:00Z".parse().expect("a valid time");
    let options = SimulatorOptions { start: Some(start), ..SimulatorOptions::default() };
    let simulator = Simulator::start(options).await.expect("a free port");
    let client = Client::new(simulator.base_url());
    let host = Host::start().await;
    let account = client.add_account(NewAccount::default()).await.expect("a new account");
    let number = NewNumber {
        voice_url: Some(host.url("/voice")),
        status_callback: Some(host.url("/status")),
        ..NewNumber::new(OURS, &account.sid)
    };
    client.add_number(number).await.expect("a new number");
    (simulator, client, host)
}

#[tokio::test]
async fn a_client_places_a_call_and_reads_the_same_ledger_as_the_handle() {
    let (simulator, client, host) = scene().await;
    host.says("/voice", r#"<Gather action="/menu" numDigits="1"/>"#);
    host.says("/menu", "<Dial>+15550100050</Dial>");
    client.set_callee("+15550100050", Callee::Busy).await.expect("obeyed");
    let script = Script { acts: vec![Act::Press("1".into())], ..Script::default() };
    let transcript = client.place_inbound_call(PlaceCall::new(CALLER, OURS).script(script)).await.expect("placed");
    assert_eq!(transcript, simulator.transcript(&transcript.call_sid).expect("the call is known"));
    assert_eq!(client.ledger().await.expect("a ledger"), simulator.ledger());
    let rung = LedgerFilter { person: Some("+15550100050".into()), ..LedgerFilter::kind("rung") };
    assert_eq!(client.ledger_of(&rung).await.expect("a ledger").len(), 1);
    assert_eq!(client.ledger_counts().await.expect("counts")["webhook gather"], 1);
}

#[tokio::test]
async fn held_reports_wait_for_their_release_in_the_order_asked_for() {
    let (_simulator, client, host) = scene().await;
    host.says("/voice", r#"<Dial><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+15550100050</Number></Dial>"#);
    client.add_delivery_rule(DeliveryRule::of(Kind::Status, Delivery::Held)).await.expect("obeyed");
    client.place_inbound_call(PlaceCall::new(CALLER, OURS)).await.expect("placed");
    assert!(host.at("/leg").is_empty());
    assert_eq!(client.held_webhooks().await.expect("a count"), 5);
    assert_eq!(client.release_webhooks(ReleaseOrder::Reversed).await.expect("a count"), 5);
    let legs = host.at("/leg");
    let statuses: Vec<_> = legs.iter().filter_map(|leg| leg.value("CallStatus")).collect();
    assert_eq!(statuses, ["completed", "in-progress", "ringing", "initiated"]);
}

#[tokio::test]
async fn a_detached_call_lasts_until_the_clock_says_that_the_caller_hangs_up() {
    let (_simulator, client, host) = scene().await;
    host.says("/voice", r#"<Pause length="100"/>"#);
    client.set_pace(Pace::Stepped).await.expect("obeyed");
    let script = Script { hang_up_after_seconds: Some(30), ..Script::default() };
    let place = PlaceCall { detached: true, ..PlaceCall::new(CALLER, OURS).script(script) };
    let begun = client.place_inbound_call(place).await.expect("placed");
    client.settle().await.expect("settled");
    assert!(host.at("/status").is_empty());
    client.advance(Duration::from_secs(101)).await.expect("moved");
    client.settle().await.expect("settled");
    assert_eq!(client.transcript(&begun.call_sid).await.expect("known").status, "completed");
    assert_eq!(host.at("/status").len(), 1);
}

#[tokio::test]
async fn a_dead_number_reaches_nobody_and_a_reset_forgets_everything() {
    let (_simulator, client, host) = scene().await;
    client.change_number(OURS, NumberChange { dead: Some(true), ..NumberChange::default() }).await.expect("changed");
    let transcript = client.place_inbound_call(PlaceCall::new(CALLER, OURS)).await.expect("placed");
    assert_eq!((transcript.status.as_str(), host.received().len()), ("failed", 0));
    client.inject_fault(Fault::once("/", FaultAction::Reset)).await.expect("obeyed");
    client.reset().await.expect("obeyed");
    assert!(client.numbers().await.expect("a list").is_empty());
    assert!(client.ledger().await.expect("a ledger").is_empty());
}

#[tokio::test]
async fn refusals_name_the_field_and_the_fix() {
    let (_simulator, client, _host) = scene().await;
    let unknown = client.place_inbound_call(PlaceCall::new(CALLER, "+15550199999")).await;
    assert!(matches!(unknown, Err(ClientError::Refused(message)) if message.starts_with("to: no account owns")));
    let twice = client.add_number(NewNumber::new(OURS, &client.accounts().await.expect("a list")[0].sid)).await;
    assert!(matches!(twice, Err(ClientError::Refused(message)) if message.starts_with("phone_number: ")));
    let nobody = Client::new("http://127.0.0.1:1").health().await;
    assert!(matches!(nobody, Err(ClientError::Unreachable { .. })));
}
