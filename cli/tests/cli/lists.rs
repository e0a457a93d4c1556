//! Lists and the forms they are shown in.

use serde_json::{Value, json};

use crate::{bench::Bench, plane::Plane};

fn page(ids: &[&str], next: &str) -> Value {
    let accounts: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "display_name": format!("Account {id}"), "status": "ACCOUNT_STATUS_ACTIVE"}))
        .collect();
    json!({"accounts": accounts, "next_page_token": next})
}

#[test]
fn an_empty_list_is_an_empty_list_in_json() {
    let plane = Plane::start();
    plane.answer([page(&[], "")], None);
    let shown = Bench::with(&plane).run(&["account", "list", "-o", "json"]).json();
    assert_eq!(shown, json!({"accounts": [], "next_page_token": ""}));
}

#[test]
fn an_empty_list_has_a_header_as_a_table_and_no_line_as_json_lines() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    plane.answer([page(&[], "")], None);
    plane.answer([page(&[], "")], None);
    assert!(bench.run(&["account", "list"]).good().starts_with("ID  NAME  SID"));
    assert_eq!(bench.run(&["account", "list", "-o", "jsonl"]).good(), "");
}

#[test]
fn columns_line_up_and_say_words() {
    let plane = Plane::start();
    plane.answer([page(&["acc_1", "acc_22"], "")], None);
    let table = Bench::with(&plane).run(&["account", "list", "--columns", "id,name,status,region"]).good();
    assert_eq!(
        table,
        "ID      NAME            STATUS  REGION\nacc_1   Account acc_1   active  -\nacc_22  Account acc_22  active  -\n"
    );
}

#[test]
fn an_unknown_column_is_refused_before_anything_is_sent() {
    let plane = Plane::start();
    let said = Bench::with(&plane).run(&["account", "list", "--columns", "colour"]).bad(2);
    assert!(said.contains("no colour here; there are id, display_name"), "{said}");
    assert!(plane.seen().is_empty());
}

#[test]
fn all_pages_are_one_reply() {
    let plane = Plane::start();
    plane.answer([page(&["a", "b"], "two")], None);
    plane.answer([page(&["c"], "")], None);
    let shown = Bench::with(&plane).run(&["account", "list", "--all", "-o", "json"]).json();
    assert_eq!(shown["accounts"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["next_page_token"], "");
    let second = plane.seen()[1].request.get_field_by_name("page_token").expect("a field").as_str().map(str::to_owned);
    assert_eq!(second.as_deref(), Some("two"));
}

#[test]
fn a_limit_ends_in_the_middle_of_a_page() {
    let plane = Plane::start();
    plane.answer([page(&["a", "b"], "two")], None);
    plane.answer([page(&["c", "d"], "three")], None);
    let shown = Bench::with(&plane).run(&["account", "list", "--limit", "3", "-o", "jsonl"]).good();
    assert_eq!(shown.lines().count(), 3);
    assert_eq!(plane.seen().len(), 2);
}

#[test]
fn one_page_says_on_standard_error_that_there_are_more() {
    let plane = Plane::start();
    plane.answer([page(&["a"], "two")], None);
    let run = Bench::with(&plane).run(&["account", "list"]);
    assert!(run.err.contains("--page-token two"), "{}", run.err);
}

#[test]
fn one_thing_is_shown_field_by_field_or_as_yaml() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let account = json!({"account": {"id": "acc_1", "status": "ACCOUNT_STATUS_WRONG_REGION", "verify_time": "2026-03-29T01:30:00Z"}});
    plane.answer([account.clone()], None);
    plane.answer([account], None);
    assert_eq!(
        bench.run(&["account", "get", "acc_1"]).good(),
        "id           acc_1\nstatus       wrong-region\nverify_time  2026-03-29T01:30:00Z\n"
    );
    let yaml = bench.run(&["account", "get", "acc_1", "-o", "yaml"]).good();
    assert!(yaml.contains("status: ACCOUNT_STATUS_WRONG_REGION"), "{yaml}");
}

#[test]
fn columns_choose_fields_of_one_thing_too() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    plane.answer([json!({"account": {"id": "acc_1", "region": "ie1"}})], None);
    assert_eq!(bench.run(&["account", "get", "acc_1", "--columns", "region"]).good(), "region  ie1\n");
    assert!(bench.run(&["account", "get", "acc_1", "--columns", "colour"]).bad(2).contains("display_name"));
}

#[test]
fn a_no_for_an_answer_exits_with_1() {
    let plane = Plane::start();
    plane.answer([json!({"valid": false, "broken_sequence": 7})], None);
    let run = Bench::with(&plane).run(&["audit", "verify"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("broken_sequence  7") && run.err.contains("not valid"), "{}{}", run.out, run.err);
}
