//! Refusals: words on standard error, fields as flags, exit codes for scripts.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{bench::Bench, plane::Plane};

#[test]
fn every_code_has_its_exit_code() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let codes = [
        (Code::NotFound, 3),
        (Code::PermissionDenied, 4),
        (Code::Unauthenticated, 4),
        (Code::AlreadyExists, 5),
        (Code::Aborted, 5),
        (Code::FailedPrecondition, 5),
        (Code::InvalidArgument, 6),
        (Code::OutOfRange, 6),
        (Code::Unavailable, 7),
        (Code::DeadlineExceeded, 7),
        (Code::ResourceExhausted, 8),
        (Code::Internal, 1),
        (Code::Unimplemented, 1),
    ];
    for (code, exit) in codes {
        plane.answer([], Some(Status::new(code, "no")));
        bench.run(&["account", "get", "acc_1"]).bad(exit);
    }
    let help = bench.run(&["--help"]).good();
    for exit in ["3  not found", "7  unavailable", "130  interrupted"] {
        assert!(help.contains(exit), "{help}");
    }
}

#[test]
fn a_refused_field_is_named_as_its_flag() {
    let plane = Plane::start();
    let mut details = ErrorDetails::new();
    details.set_error_info("INVALID_FIELDS", "callplane", HashMap::new());
    details.add_bad_request_violation("account.account_sid", "must be AC and 32 hex digits");
    plane.answer([], Some(Status::with_error_details(Code::InvalidArgument, "1 field is wrong", details)));
    let said = Bench::with(&plane).run(&["account", "create", "--display-name", "Main", "--account-sid", "AC0"]).bad(6);
    assert_eq!(
        said,
        "error: the request is not valid (INVALID_ARGUMENT, INVALID_FIELDS)\n  --account-sid: must be AC and 32 hex digits\n"
    );
}

#[test]
fn errors_can_be_json() {
    let plane = Plane::start();
    let mut details = ErrorDetails::new();
    details.set_error_info("ETAG_MISMATCH", "callplane", HashMap::new());
    plane.answer([], Some(Status::with_error_details(Code::Aborted, "changed meanwhile", details)));
    let said = Bench::with(&plane).run(&["account", "get", "acc_1", "--error-format", "json"]).bad(5);
    let error: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(error["error"]["code"], "ABORTED");
    assert_eq!(error["error"]["details"][0]["reason"], "ETAG_MISMATCH");
}

#[test]
fn a_method_the_server_does_not_know_shows_both_versions() {
    let plane = Plane::start();
    plane.answer([], Some(Status::unimplemented("unknown method")));
    plane.answer([serde_json::json!({"version": "0.0.9"})], None);
    let said = Bench::with(&plane).run(&["account", "get", "acc_1"]).bad(1);
    assert!(said.contains(concat!("callplane ", env!("CARGO_PKG_VERSION"))) && said.contains("0.0.9"), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_named_with_what_to_do() {
    let said = Bench::alone().set("CALLPLANE_ADDRESS", "http://127.0.0.1:1").run(&["account", "list"]).bad(7);
    assert!(said.contains("http://127.0.0.1:1") && said.contains("--address"), "{said}");
}

#[test]
fn an_unclear_outcome_names_the_key_that_makes_repeating_safe() {
    let plane = Plane::start();
    plane.answer([], Some(Status::unavailable("going down")));
    let said = Bench::with(&plane)
        .run(&["account", "create", "--display-name", "Main", "--account-sid", "AC0", "--request-id", "mine"])
        .bad(7);
    assert!(said.contains("--request-id mine"), "{said}");
}

#[test]
fn a_mistyped_command_is_a_usage_error() {
    let bench = Bench::alone();
    assert!(bench.run(&["acount", "list"]).bad(2).contains("'account'"));
    assert!(bench.run(&["account", "lits"]).bad(2).contains("'list'"));
    bench.run(&["account", "list", "--status", "blue"]).bad(2);
}
