//! One trace from Twilio's webhook to the row and from an operator's request to the vendor call, told to a collector over
//! OTLP; without a word of who called whom, and without ever holding a webhook up.

use callplane_control_plane::token::Audience;
use callplane_proto::{
    edge::v1::{CallFacts, CallProgressed, HandleRequest, Webhook, reply::Outcome, webhook::Event},
    v1 as pb,
};
use callplane_simulator::Script;
use callplane_tests::{
    Database, Plane,
    collector::{Collector, Told},
    on_both,
    plane::PATIENCE,
    scene::{CALLER, NUMBER, announcement},
    webhooks::call_sid,
};

on_both!(
    a_call_is_one_trace_from_the_edge_to_the_commit,
    a_request_is_one_trace_to_the_vendor_call_of_a_worker,
    a_transaction_is_linked_to_every_webhook_that_it_stores,
    a_share_of_nothing_leaves_no_trace,
    a_collector_that_is_gone_holds_nobody_up,
);

async fn traced(db: Database, endpoint: &str, ratio: &str) -> Plane {
    let settings = [("CALLPLANE_OTLP_ENDPOINT", endpoint), ("CALLPLANE_TRACE_SAMPLE_RATIO", ratio)];
    settings.into_iter().fold(Plane::on(db), |builder, (name, value)| builder.set_everywhere(name, value)).start().await
}

/// The span with this name of this program in the trace.
fn part<'a>(spans: &'a [Told], trace_id: &[u8], service: &str, name: &str) -> Option<&'a Told> {
    spans.iter().find(|told| told.span.trace_id == trace_id && told.service == service && told.span.name == name)
}

/// Nothing that was exported names anybody.
fn names_nobody(plane: &Plane, collector: &Collector, sids: &[&str]) {
    let bytes = collector.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let secrets = plane.logs.secrets();
    assert!(secrets.len() > 1, "the test knows what to look for");
    for secret in secrets.iter().map(String::as_str).chain(sids.iter().copied()) {
        assert!(secret.len() > 6, "too short to look for");
        assert!(!text.contains(secret), "{secret} was exported");
    }
}

const EDGE: &str = "callplane-edge";
const CONTROL_PLANE: &str = "callplane-control-plane";
const HANDLE: &str = "callplane.edge.v1.EdgeService/Handle";

async fn a_call_is_one_trace_from_the_edge_to_the_commit(db: Database) {
    let collector = Collector::start().await;
    let plane = traced(db, collector.endpoint(), "1").await;
    let (account, number, _) = plane.answered_by(announcement("We are closed today.")).await;
    let transcript = plane.call(Script::default()).await;
    let voice = |spans: &[Told]| spans.iter().find(|told| told.span.name == "POST /twilio/voice").cloned();
    let is_whole = |spans: &[Told]| {
        let Some(voice) = voice(spans) else { return false };
        let there = |service, name| part(spans, &voice.span.trace_id, service, name).is_some();
        there(EDGE, HANDLE) && there(CONTROL_PLANE, HANDLE) && there(CONTROL_PLANE, "transaction")
    };
    let spans = collector.until(is_whole).await;
    let voice = voice(&spans).expect("it was waited for");
    let within = |service, name| part(&spans, &voice.span.trace_id, service, name).expect("it was waited for");
    let (asked, answered) = (within(EDGE, HANDLE), within(CONTROL_PLANE, HANDLE));
    let commit = within(CONTROL_PLANE, "transaction");
    assert!(voice.span.parent_span_id.is_empty(), "it begins the trace");
    assert_eq!(asked.span.parent_span_id, voice.span.span_id);
    assert_eq!(answered.span.parent_span_id, asked.span.span_id);
    assert!(commit.span.links.iter().any(|link| link.span_id == voice.span.span_id), "{commit:?}");
    assert_eq!(voice.attribute("http.response.status_code").as_deref(), Some("200"));
    assert_eq!(voice.attribute("callplane.outcome").as_deref(), Some("answered"));
    assert_eq!(answered.attribute("rpc.grpc.status_code").as_deref(), Some("0"));
    assert_eq!(commit.attribute("db.operation.name").as_deref(), Some("COMMIT"));
    assert!(voice.span.end_time_unix_nano >= asked.span.end_time_unix_nano, "it ends after what it waited for");
    let sids = [account.sid.as_str(), &transcript.call_sid, &number.phone_number_sid, NUMBER, CALLER];
    names_nobody(&plane, &collector, &sids);
}

async fn a_request_is_one_trace_to_the_vendor_call_of_a_worker(db: Database) {
    let collector = Collector::start().await;
    // Nothing begins a trace by itself: this one is the caller's.
    let plane = traced(db, collector.endpoint(), "0").await;
    let account = plane.account().await;
    plane.twilio.add_number(callplane_simulator::NewNumber::new(NUMBER, &account.sid)).expect("a number");
    let imported = plane.import(&account, NUMBER).await;
    plane.settle().await;
    let number = plane.number_now(&imported.id).await;
    let mut request =
        tonic::Request::new(pb::ConfigureWebhooksRequest { phone_number_id: number.id.clone(), ..Default::default() });
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request.metadata_mut().insert("traceparent", header.parse().expect("it is ASCII"));
    plane.api.numbers().configure_webhooks(request).await.expect("taken in");
    plane.settle().await;

    let trace_id = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes();
    let method = "callplane.v1.PhoneNumberService/ConfigureWebhooks";
    let wanted = [method, "transaction", "effect find-number", "effect write-webhooks"];
    let is_vendor = |told: &Told| told.attribute("callplane.vendor").is_some();
    let spans = collector
        .until(|spans| {
            let there = |name: &&str| part(spans, &trace_id, CONTROL_PLANE, name).is_some();
            wanted.iter().all(there) && spans.iter().any(is_vendor)
        })
        .await;
    assert!(spans.iter().all(|told| told.span.trace_id == trace_id), "nothing else was sampled");
    let part = |name| part(&spans, &trace_id, CONTROL_PLANE, name).expect("it was waited for");
    assert_eq!(part(method).span.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    let write = part("effect write-webhooks");
    assert_eq!(write.attribute("callplane.outcome").as_deref(), Some("done"));
    let vendor = spans.iter().find(|told| told.span.parent_span_id == write.span.span_id && is_vendor(told));
    let vendor = vendor.expect("the worker's call to Twilio is a part of its effect");
    assert_eq!(vendor.attribute("http.response.status_code").as_deref(), Some("200"));
    names_nobody(&plane, &collector, &[&account.sid, &number.phone_number_sid, NUMBER, &account.auth_token]);
    let exchange =
        |line: &&String| line.contains("vendor exchange") && line.contains("4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(plane.logs.lines().iter().any(|line| exchange(&line)), "its log lines say which trace they belong to");
}

async fn a_transaction_is_linked_to_every_webhook_that_it_stores(db: Database) {
    let collector = Collector::start().await;
    let plane = traced(db, collector.endpoint(), "0").await;
    let account = plane.account().await;
    let webhook = |number: usize, trace_parent: &str| {
        let call = CallFacts {
            call_sid: call_sid(number),
            from: CALLER.into(),
            to: NUMBER.into(),
            call_status: "ringing".into(),
            direction: "inbound".into(),
            ..Default::default()
        };
        let event = Some(Event::CallProgressed(CallProgressed { call: Some(call), ..Default::default() }));
        let delivery_key = format!("delivery-{number}");
        let (account_sid, trace_parent) = (account.sid.clone(), trace_parent.to_owned());
        Webhook { delivery_key, account_sid, trace_parent, event, ..Default::default() }
    };
    let parent = |id: u64| format!("00-{id:032x}-{id:016x}-01");
    // The second one is not sampled, and the fourth one's context is none.
    let webhooks = vec![webhook(1, &parent(0xa)), webhook(2, ""), webhook(3, &parent(0xb)), webhook(4, "nonsense")];
    let token = plane.token_of(Audience::Edge, None, chrono::Duration::days(1)).await;
    let request = HandleRequest { edge_id: "edge-test".into(), webhooks, ..Default::default() };
    let handled = plane.api.with_token(&token).edge().handle(request).await.expect("stored").into_inner();
    assert!(handled.replies.iter().all(|reply| matches!(reply.outcome, Some(Outcome::Accepted(_)))), "{handled:?}");

    let spans = collector.until(|spans| spans.iter().any(|told| told.span.name == "transaction")).await;
    let [commit] = spans.as_slice() else { panic!("one transaction is told, and nothing else: {spans:#?}") };
    let links: Vec<_> = commit.span.links.iter().map(|link| link.span_id.clone()).collect();
    assert_eq!(links, [0xa_u64.to_be_bytes(), 0xb_u64.to_be_bytes()]);
    assert_eq!((commit.span.trace_id[15], commit.span.parent_span_id[7]), (0xa, 0xa), "the first one is its parent");
    names_nobody(&plane, &collector, &[&account.sid, &call_sid(1), NUMBER, CALLER]);
}

async fn a_share_of_nothing_leaves_no_trace(db: Database) {
    let collector = Collector::start().await;
    let plane = traced(db, collector.endpoint(), "0").await;
    plane.answered_by(announcement("We are closed today.")).await;
    plane.call(Script::default()).await;
    assert_eq!(plane.edge_metrics().await.value("callplane_edge_trace_spans_total{result=\"exported\"}"), 0.0);
    assert!(collector.bytes().is_empty());
}

async fn a_collector_that_is_gone_holds_nobody_up(db: Database) {
    // Nobody listens on the first port.
    let plane = traced(db, "http://127.0.0.1:1", "1").await;
    plane.answered_by(announcement("We are closed today.")).await;
    let transcript = plane.call(Script::default()).await;
    assert_eq!((transcript.status.as_str(), transcript.said().as_str()), ("completed", "We are closed today."));
    let failed = "callplane_edge_trace_spans_total{result=\"failed\"}";
    let counted = async {
        while plane.edge_metrics().await.value(failed) == 0.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.expect("what is lost is counted");
}
