//! Streams and waits.

use serde_json::json;
use tonic::Status;

use crate::{bench::Bench, plane::Plane};

#[test]
fn a_watch_goes_on_where_its_connection_broke() {
    let plane = Plane::start();
    plane.answer(
        [json!({"call": {"id": "call_1"}, "resume_token": "one"}), json!({"resume_token": "two"})],
        Some(Status::unavailable("restart")),
    );
    plane.answer([json!({"call": {"id": "call_2"}, "resume_token": "three"})], None);
    let run = Bench::with(&plane).run(&["call", "watch", "-o", "jsonl"]);
    assert!(run.err.contains("going on"), "{}", run.err);
    let ids: Vec<String> = run
        .good()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["id"].to_string())
        .collect();
    assert_eq!(ids, ["\"call_1\"", "\"call_2\""]);
    let token = plane.seen()[1].request.get_field_by_name("resume_token").expect("a field").into_owned();
    assert_eq!(token.as_str(), Some("two"), "a checkpoint without a row moves the token too");
}

#[test]
fn a_watch_that_never_began_shows_its_error() {
    let plane = Plane::start();
    plane.answer([], Some(Status::permission_denied("no")));
    Bench::with(&plane).run(&["call", "watch"]).bad(4);
}

#[test]
fn a_watch_as_a_table_has_one_header() {
    let plane = Plane::start();
    plane.answer([json!({"call": {"id": "call_1"}}), json!({"call": {"id": "call_2"}})], None);
    let shown = Bench::with(&plane).run(&["call", "watch", "--columns", "id"]).good();
    assert_eq!(shown, "ID\ncall_1\ncall_2\n");
}

#[test]
fn a_wait_ends_with_the_state_it_was_for() {
    let plane = Plane::start();
    plane.answer([json!({"account": {"id": "acc_1"}})], None);
    plane.answer([json!({"account": {"id": "acc_1", "status": "ACCOUNT_STATUS_ACTIVE"}})], None);
    let run = Bench::with(&plane).run(&["account", "verify", "acc_1", "--wait", "-o", "json"]);
    assert!(run.err.contains("acc_1: active"), "{}", run.err);
    run.json();
}

#[test]
fn a_wait_that_ends_badly_exits_with_9_and_the_reason() {
    let plane = Plane::start();
    plane.answer([json!({"account": {"id": "acc_1"}})], None);
    plane.answer(
        [json!({"account": {"id": "acc_1", "status": "ACCOUNT_STATUS_REFUSED", "status_reason": "wrong token"}})],
        None,
    );
    let run = Bench::with(&plane).run(&["account", "verify", "acc_1", "--wait"]);
    assert_eq!(run.code, 9);
    assert!(run.err.contains("acc_1 is refused: wrong token"), "{}", run.err);
}

#[test]
fn an_interrupt_ends_a_watch_with_130() {
    let plane = Plane::start();
    plane.hold([json!({"call": {"id": "call_1"}})]);
    let mut watching = Bench::with(&plane).start(&["call", "watch", "--columns", "id"]);
    assert_eq!(watching.line(), "ID");
    assert_eq!(watching.line(), "call_1");
    assert_eq!(watching.interrupt(), Some(130));
}
