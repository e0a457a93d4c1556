//! What is counted while everything runs: that it is there, that it is right, that no label says who called, and that the
//! dashboard and the alerts ask for what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use callplane_edge::route::Route;
use callplane_proto::{descriptors, v1 as pb};
use callplane_simulator::{Fault, FaultAction, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, announcement},
    scrape::Scrape,
    webhooks::form,
};

on_both!(what_happens_is_counted, no_label_says_more_than_it_may, the_dashboard_and_the_alerts_ask_for_what_is_there);

/// A call, a refused webhook, a vendor that fails, and a machine that was late.
async fn a_day(plane: &Plane) -> Account {
    let (account, number, _) = plane.answered_by(announcement("We are closed today.")).await;
    plane.call(Script::default()).await;
    let stranger = Account { auth_token: "not its token".to_owned(), ..account.clone() };
    let (status, _) = plane.post(&stranger, "/twilio/voice", &form([("CallSid", "CA1")])).await;
    assert_eq!(status, 403);
    let elsewhere = [("VoiceUrl".to_owned(), "https://elsewhere.example.com/".to_owned())];
    let change = callplane_simulator::NumberChange { settings: elsewhere.into(), ..Default::default() };
    plane.twilio.change_number(&number.e164, change).expect("it is");
    plane.twilio.inject_fault(Fault::once("/IncomingPhoneNumbers/", FaultAction::ResetAfter).method("POST"));
    plane.configure(&number.id).await;
    plane.settle().await;
    // A deadline passes, and an hour later somebody looks.
    plane.advance(std::time::Duration::from_secs(3600));
    plane.settle().await;
    account
}

async fn what_happens_is_counted(db: Database) {
    let plane = Plane::start(db).await;
    a_day(&plane).await;
    let edge = plane.edge_metrics().await;
    assert_eq!(edge.value("callplane_edge_requests_total{route=\"voice\",outcome=\"answered\"}"), 1.0);
    assert_eq!(edge.value("callplane_edge_answer_seconds_count{route=\"voice\",class=\"ok\"}"), 1.0);
    assert_eq!(edge.value("callplane_edge_refusals_total{reason=\"signature\"}"), 1.0);
    assert_eq!(edge.sum("callplane_edge_control_plane_up"), 1.0);
    assert_eq!(edge.sum("callplane_edge_queue_depth"), 0.0);
    let webhooks = edge.value("callplane_edge_batch_size_sum");
    assert!(webhooks >= 2.0 && edge.sum("callplane_edge_calls_total") > 0.0, "{}", edge.text());

    let plane_metrics = plane.metrics().await;
    let value = |line: &str| plane_metrics.value(line);
    assert_eq!(value("callplane_commit_webhooks_sum"), webhooks, "what the edge sent was stored");
    assert!(value("callplane_commit_rows_sum") > webhooks && value("callplane_commit_seconds_count") > 0.0);
    assert_eq!(value("callplane_effects_total{kind=\"write-webhooks\",outcome=\"unknown\"}"), 1.0);
    assert_eq!(value("callplane_effects_total{kind=\"write-webhooks\",outcome=\"done\"}"), 1.0);
    assert!(plane_metrics.sum("callplane_effect_lateness_seconds_count") > 3.0);
    let method = "method=\"callplane.v1.PhoneNumberService/ConfigureWebhooks\"";
    assert_eq!(value(&format!("callplane_grpc_requests_total{{{method},code=\"OK\"}}")), 2.0);
    assert_eq!(value(&format!("callplane_grpc_seconds_count{{{method}}}")), 2.0);
    assert_eq!(value("callplane_grpc_streams{method=\"callplane.edge.v1.EdgeService/WatchState\"}"), 1.0);
    assert_eq!((value("callplane_database_up"), value("callplane_webhook_queue_depth")), (1.0, 0.0));
    assert_eq!((value("callplane_effects_open"), value("callplane_effect_overdue_seconds")), (0.0, 0.0));
    assert!(plane_metrics.sum("callplane_database_connections") > 0.0);
    assert!(value("callplane_process_resident_memory_bytes") > 1e6);
    let nobody = plane.api.with_token("nobody");
    nobody.calls().list_calls(pb::ListCallsRequest::default()).await.expect_err("nobody may");
    let line = "callplane_grpc_requests_total{method=\"callplane.v1.CallService/ListCalls\",code=\"UNAUTHENTICATED\"}";
    assert_eq!(plane.metrics().await.value(line), 1.0);
}

/// Every value a label may have; a label that is not here may not be.
fn alphabet(plane: &Plane) -> BTreeMap<&'static str, BTreeSet<String>> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let mut routes = words(&Route::names().replace(',', " "));
    routes.insert("none".to_owned());
    let methods = descriptors::pool().services().flat_map(|service| {
        let name = |method: prost_reflect::MethodDescriptor| format!("{}/{}", service.full_name(), method.name());
        service.methods().map(name).collect::<Vec<_>>()
    });
    let others = ["other", "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"].map(str::to_owned);
    BTreeMap::from([
        ("route", routes),
        ("method", methods.chain(others).collect()),
        ("control_plane", plane.replicas().iter().map(|replica| replica.address.to_string()).collect()),
        (
            "outcome",
            words(
                "accepted answered fallback busy refused unavailable invalid mismatch unwritable \
                 failed done unknown no-key late",
            ),
        ),
        ("class", words("ok degraded refused failed caller message callback")),
        (
            "reason",
            words(
                "not_found method too_long too_slow broken not_a_form too_many_fields malformed not_loaded no_account \
                 unknown_account cannot_verify inactive_account signature shared_key foreign_number all_connections \
                 connections_of_one_address slow_tls invalid unavailable",
            ),
        ),
        (
            "code",
            words(
                "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED \
                 RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE \
                 DATA_LOSS UNAUTHENTICATED",
            ),
        ),
        (
            "kind",
            words(
                "read-account find-number write-webhooks look-up-import import-number assign-import delete-import \
                 read-call list-calls probe-target probe-account send-mail end-stray price-attempt",
            ),
        ),
        ("machine", words("account phone-number call reconciliation failover move monitor notification price")),
        ("failover", words("failover rollback rehearsal")),
        ("trigger", words("degraded critical manual")),
        ("end", words("completed partially-completed cancelled failed rolled-back moved undone skipped stuck")),
        ("verdict", words("unknown healthy degraded critical vendor-wide own-network")),
        ("channel", words("voice sms whatsapp email")),
        ("answer", words("clear listed unanswered")),
        ("pool", words("all write read")),
        ("state", words("busy idle most")),
        ("result", words("exported failed dropped")),
        ("version", words(env!("CARGO_PKG_VERSION"))),
    ])
}

async fn no_label_says_more_than_it_may(db: Database) {
    let plane = Plane::start(db).await;
    let account = a_day(&plane).await;
    let alphabet = alphabet(&plane);
    let (edge, control_plane) = (plane.edge_metrics().await, plane.metrics().await);
    let mut seen = 0;
    for sample in edge.samples().chain(control_plane.samples()) {
        for (label, value) in &sample.labels {
            seen += 1;
            let may = match *label {
                "le" => *value == "+Inf" || value.parse::<f64>().is_ok_and(|bound| bound < 1e6),
                label => alphabet.get(label).is_some_and(|values| values.contains(*value)),
            };
            assert!(may, "{}{{{label}={value:?}}} is in no alphabet", sample.name);
        }
    }
    assert!(seen > 200, "there are labels to look at");
    for scrape in [&edge, &control_plane] {
        for secret in plane.logs.secrets().iter().chain([&account.sid]) {
            assert!(!scrape.text().contains(secret.as_str()), "{secret} is in a metric");
        }
    }
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every metric of ours that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !is_part(letter)).filter(|word| word.starts_with("callplane_")).map(str::to_owned).collect()
}

async fn the_dashboard_and_the_alerts_ask_for_what_is_there(db: Database) {
    let plane = Plane::start(db).await;
    a_day(&plane).await;
    let known: BTreeSet<String> = both(&plane).await.iter().flat_map(Scrape::names).collect();

    let dashboard: serde_json::Value = serde_json::from_str(&document("grafana/callplane.json")).expect("JSON");
    assert!(dashboard["schemaVersion"].as_i64().is_some_and(|version| version >= 39), "a recent Grafana reads it");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let ids: BTreeSet<_> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
    assert_eq!(ids.len(), panels.len(), "every panel has an id of its own");
    let asked: Vec<&str> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().into_iter().flatten())
        .map(|target| target["expr"].as_str().expect("a target has an expression"))
        .collect();
    assert!(asked.len() > 20, "the dashboard shows something");
    let alerts: serde_json::Value = serde_norway::from_str(&document("grafana/alerts.yaml")).expect("YAML");
    let rules: Vec<&serde_json::Value> = alerts["groups"]
        .as_array()
        .expect("there are groups")
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("a group has rules"))
        .collect();
    assert!(rules.len() >= 5);
    for rule in &rules {
        for field in ["/alert", "/expr", "/labels/severity", "/annotations/summary", "/annotations/description"] {
            assert!(rule.pointer(field).is_some_and(serde_json::Value::is_string), "{field} is missing in {rule}");
        }
    }
    let alarms = rules.iter().filter_map(|rule| rule["expr"].as_str());
    for expression in asked.into_iter().chain(alarms) {
        let names = named(expression);
        assert!(!names.is_empty() || expression.contains("up{"), "{expression} asks for nothing of ours");
        for name in names {
            assert!(known.contains(&name), "{name} does not exist; asked for by {expression}");
        }
    }
    let page = document("observability.md");
    for name in known.iter().map(|name| base(name)) {
        assert!(page.contains(&format!("`{name}`")), "docs/observability.md does not explain {name}");
    }
    for name in named(&page) {
        let is_there = known.iter().any(|known| *known == name || base(known) == name);
        assert!(is_there, "docs/observability.md explains {name}, which does not exist");
    }
}

async fn both(plane: &Plane) -> [Scrape; 2] {
    [plane.edge_metrics().await, plane.metrics().await]
}

/// A histogram is one metric to a reader.
fn base(name: &str) -> &str {
    ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}
