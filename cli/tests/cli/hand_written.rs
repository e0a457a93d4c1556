//! Doctor, simulate, profiles, completion, manual pages, the schema and the way around the commands.

use serde_json::json;

use crate::{bench::Bench, plane::Plane};

#[test]
fn a_profile_says_where_to_call_until_something_stronger_does() {
    let plane = Plane::start();
    let bench = Bench::alone();
    let token = bench.file("token", "from-profile\n");
    bench
        .run(&["profile", "set", "prod", "--address", &plane.address, "--token-file", &token, "--workspace", "wsp_1"])
        .good();
    bench.run(&["profile", "set", "other", "--address", "http://127.0.0.1:1"]).good();
    bench.run(&["account", "get", "acc_1"]).good();
    let headers = plane.seen()[0].headers.clone();
    assert_eq!(headers["authorization"], "Bearer from-profile");
    assert_eq!(headers["callplane-workspace"], "wsp_1");
    bench.run(&["--profile", "other", "account", "get", "acc_1"]).bad(7);
    bench.run(&["profile", "use", "other"]).good();
    bench.run(&["account", "get", "acc_1"]).bad(7);
    let listed = bench.run(&["profile", "list", "-o", "json"]).json();
    assert_eq!(listed["profiles"][0]["current"], true);
    assert!(bench.run(&["--profile", "none", "account", "list"]).bad(2).contains("there are other, prod"));
}

#[test]
fn completion_scripts_ask_the_program_and_are_answered() {
    let bench = Bench::alone();
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.run(&["completion", shell]).good().contains("CALLPLANE_COMPLETE"), "{shell}");
    }
    let asking =
        Bench::alone().set("CALLPLANE_COMPLETE", "bash").set("_CLAP_COMPLETE_INDEX", "2").set("_CLAP_IFS", "\n");
    let offered = asking.run(&["--", "callplane", "account", "set"]).good();
    assert_eq!(offered.lines().collect::<Vec<_>>(), ["set-primary", "set-credentials"]);
}

#[test]
fn every_command_has_a_manual_page() {
    let bench = Bench::alone();
    bench.run(&["man", "--out", "man"]).good();
    let page = std::fs::read_to_string(bench.folder.path().join("man/callplane-account-create.1")).expect("a page");
    assert!(page.contains("auth"), "{page}");
}

#[test]
fn any_method_can_be_called_with_json() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    bench.run(&["api", "call", "CallService/GetCall", "--request", r#"{"call_id": "call_1"}"#]).json();
    assert_eq!(plane.seen()[0].method, "callplane.v1.CallService/GetCall");
    let said =
        bench.run(&["api", "call", "CallService/RedeemStreamToken", "--request", r#"{"token": "sesame"}"#]).bad(2);
    assert!(!said.contains("sesame"), "{said}");
    bench.run(&["api", "call", "CallService/Nothing"]).bad(2);
}

#[test]
fn the_schema_describes_methods_messages_and_enums() {
    let bench = Bench::alone();
    assert!(bench.run(&["schema", "list"]).good().contains("callplane.v1.CallService/ListCalls  [calls:read]"));
    assert!(bench.run(&["schema", "show", "Account"]).good().contains("string account_sid = 3;"));
    assert!(bench.run(&["schema", "show", "AccountRole"]).good().contains("ACCOUNT_ROLE_PRIMARY = 1;"));
    bench.run(&["schema", "export", "--out", "callplane.bin"]).good();
    assert!(bench.folder.path().join("callplane.bin").exists());
}

#[test]
fn doctor_passes_only_when_everything_does() {
    let plane = Plane::start();
    let bench = Bench::with(&plane);
    let info = json!({"version": env!("CARGO_PKG_VERSION"), "profile": "dev"});
    let good = json!({"checks": [{"name": "primary-account", "outcome": "CHECK_OUTCOME_PASSED", "message": "Main"}], "passed": true});
    plane.answer([info.clone()], None);
    plane.answer([good], None);
    let run = bench.run(&["doctor", "--edge-url", "http://127.0.0.1:1"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("passed   primary-account"), "{}", run.out);
    assert!(
        run.out.contains("failed   edge") && run.out.contains("-> start it with `callplane-edge serve`"),
        "{}",
        run.out
    );
    let bad = json!({"checks": [{"name": "primary-account", "outcome": "CHECK_OUTCOME_FAILED", "message": "none", "remedy": "create one"}]});
    plane.answer([info], None);
    plane.answer([bad], None);
    let run = bench.run(&["doctor", "-o", "json"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("create one"), "{}", run.out);
}

#[test]
fn doctor_without_a_control_plane_says_how_to_start_it() {
    let run = Bench::alone().set("CALLPLANE_ADDRESS", "http://127.0.0.1:1").run(&["doctor"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("callplane-control-plane serve") && run.out.contains("token create"), "{}", run.out);
}

#[test]
fn help_is_found_by_those_who_type_it_first() {
    let bench = Bench::alone();
    assert!(bench.run(&["help"]).good().contains("Start here:"));
    assert!(bench.run(&["help", "account", "create"]).good().contains("--auth-token-file"));
}
