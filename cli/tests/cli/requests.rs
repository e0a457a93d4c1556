//! How requests are put together, and what is refused before one leaves.

use serde_json::{Value, json};

use crate::{
    bench::Bench,
    plane::{Plane, Seen},
};

fn sent(seen: &Seen) -> Value {
    let options = prost_reflect::SerializeOptions::new().use_proto_field_name(true);
    seen.request.serialize_with_options(serde_json::value::Serializer, &options).expect("JSON")
}

#[test]
fn flags_override_the_request_they_are_given_with() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let file =
        bench.file("request.json", r#"{"agent": {"displayName": "Desk", "human": {"phoneNumber": "+15005550123"}}}"#);
    let request = format!("@{file}");
    bench.run(&["agent", "create", "--request", &request, "--sip.uri", "sip:desk@example.com"]).good();
    let mut sent = sent(&plane.seen()[0]);
    let key = sent.as_object_mut().and_then(|fields| fields.remove("request_id")).expect("a key of its own");
    assert_eq!(key.as_str().map(str::len), Some(36));
    assert_eq!(sent, json!({"agent": {"display_name": "Desk", "sip": {"uri": "sip:desk@example.com"}}}));
}

#[test]
fn a_request_can_come_from_standard_input() {
    let plane = Plane::start();
    Bench::with(&plane).run_with(&["account", "get", "--request", "-"], r#"{"account_id": "acc_1"}"#).good();
    assert_eq!(sent(&plane.seen()[0]), json!({"account_id": "acc_1"}));
}

#[test]
fn a_field_that_does_not_exist_is_refused() {
    let plane = Plane::start();
    let said = Bench::with(&plane).run(&["account", "get", "--request", r#"{"acount_id": "acc_1"}"#]).bad(2);
    assert!(said.contains("acount_id"), "{said}");
    assert!(plane.seen().is_empty());
}

#[test]
fn members_of_a_oneof_exclude_each_other() {
    let said =
        Bench::alone().run(&["number", "assign", "num_1", "--agent-id", "agt_1", "--route-plan-id", "rtp_1"]).bad(2);
    assert!(said.contains("cannot be used with"), "{said}");
}

#[test]
fn the_token_and_the_workspace_travel_as_metadata() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    bench.run(&["account", "get", "acc_1", "--workspace", "wsp_1"]).good();
    let headers = plane.seen()[0].headers.clone();
    assert_eq!(headers["authorization"], "Bearer sesame");
    assert_eq!(headers["callplane-workspace"], "wsp_1");
}

#[test]
fn a_confirmation_without_a_terminal_refuses_and_names_yes() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let said = bench.run(&["account", "delete", "acc_1"]).bad(2);
    assert!(said.contains("Delete account acc_1") && said.contains("--yes"), "{said}");
    assert!(plane.seen().is_empty());
    assert_eq!(bench.run(&["account", "delete", "acc_1", "--yes"]).code, 0);
    assert_eq!(plane.seen().len(), 1);
}

#[test]
fn a_time_before_now_is_not_mistaken_for_a_flag() {
    let plane = Plane::start();
    Bench::with(&plane).run(&["call", "list", "--start-time", "-2h", "--end-time", "now"]).good();
    let sent = sent(&plane.seen()[0]);
    assert!(sent["start_time"].as_str() < sent["end_time"].as_str(), "{sent}");
}

#[test]
fn an_enum_is_taken_as_a_word_or_by_its_name() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    for status in ["in-progress", "IN_PROGRESS", "CALL_STATUS_IN_PROGRESS"] {
        bench.run(&["call", "list", "--status", status]).good();
        assert_eq!(sent(plane.seen().last().expect("a call"))["status"], "CALL_STATUS_IN_PROGRESS");
    }
}

#[test]
fn a_dry_run_is_marked_in_the_request_and_refused_where_it_would_be_real() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    bench.run(&["number", "configure-webhooks", "num_1", "--dry-run"]).good();
    assert_eq!(sent(&plane.seen()[0])["validate_only"], true);
    let said = bench.run(&["account", "delete", "acc_1", "--dry-run", "--yes"]).bad(2);
    assert!(said.contains("it would be the real thing"), "{said}");
    assert_eq!(plane.seen().len(), 1);
}

#[test]
fn clearing_a_field_names_it_in_the_mask_and_sends_nothing_for_it() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    bench.run(&["account", "update", "acc_1", "--display-name", "Main", "--clear", "region"]).good();
    let sent = sent(&plane.seen()[0]);
    assert_eq!(sent["account"], json!({"id": "acc_1", "display_name": "Main"}));
    assert_eq!(sent["update_mask"], "displayName,region");
    assert!(bench.run(&["account", "update", "acc_1", "--clear", "colour"]).bad(2).contains("display_name"));
    assert!(bench.run(&["account", "update", "acc_1"]).bad(2).contains("nothing to change"));
}

#[test]
fn secrets_cannot_be_arguments() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let account = ["account", "create", "--display-name", "Main", "--account-sid", "AC0"];
    let with = |more: &[&str]| bench.run(&[&account, more].concat());
    assert!(with(&["--auth-token", "sesame"]).bad(2).contains("--auth-token"));
    let said = with(&["--request", r#"{"credentials": {"auth_token": "sesame"}}"#]).bad(2);
    assert!(said.contains("credentials.auth_token") && !said.contains("sesame"), "{said}");
    let said =
        bench.run(&["agent", "create", "--display-name", "Bot", "--eleven-labs", r#"{"apiKey": "sesame"}"#]).bad(2);
    assert!(said.contains("api_key") && !said.contains("sesame"), "{said}");
    assert!(plane.seen().is_empty());
}

#[test]
fn no_secret_field_has_a_flag_that_takes_its_value() {
    let listed = Bench::alone().run(&["schema", "commands", "-o", "json"]).json();
    for command in listed["commands"].as_array().expect("a list") {
        for flag in command["flags"].as_array().expect("a list") {
            let words = ["auth_token", "secret", "api_key"];
            let path = flag["path"].as_str().expect("a path");
            let last = path.rsplit('.').next().unwrap_or_default();
            if words.iter().any(|word| last.ends_with(word)) {
                assert_eq!(flag["kind"], "secret-file", "{path}");
                assert!(flag["name"].as_str().is_some_and(|name| name.ends_with("-file")), "{path}");
            }
        }
    }
}

#[test]
fn secrets_come_from_files_standard_input_and_the_environment() {
    let plane = Plane::start();
    let bench = Bench::with(&plane).set("NEXT_TOKEN", "from-environment");
    let file = bench.file("key", "from-file\n");
    let line = [
        "account",
        "set-credentials",
        "acc_1",
        "--auth-token-file",
        "-",
        "--secondary-auth-token-file",
        "env:NEXT_TOKEN",
        "--api-key-secret-file",
        &file,
    ];
    bench.run_with(&line, "from-input\n").good();
    let credentials = sent(&plane.seen()[0])["credentials"].clone();
    assert_eq!(
        credentials,
        json!({"auth_token": "from-input", "secondary_auth_token": "from-environment", "api_key_secret": "from-file"})
    );
}

#[test]
fn a_template_can_be_given_back() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let template = bench.run(&["route-plan", "create", "--template"]).good();
    let file = format!("@{}", bench.file("plan.json", &template));
    bench.run(&["route-plan", "create", "--request", &file]).good();
    assert!(sent(&plane.seen()[0])["route_plan"]["rules"][0]["targets"][0].is_object());
}
