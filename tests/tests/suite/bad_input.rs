//! The real programs with settings, ports, keys and databases that they cannot use: one clear line, the right exit code,
//! and nothing half done.

use std::{net::TcpListener, process::Output};

use callplane_tests::{
    Database,
    binaries::run,
    settings::{MASTER_KEY, Variables},
};
use sea_orm::ConnectionTrait;

const CONTROL_PLANE: &str = "callplane-control-plane";
const EDGE: &str = "callplane-edge";
const OTHER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn variables(database_url: &str) -> Variables {
    Variables::new(database_url, "http://127.0.0.1:1")
}

/// Exit code and everything said, which never holds a secret.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n");
    for secret in [MASTER_KEY, OTHER_KEY, "BEGIN PRIVATE KEY", "panicked"] {
        assert!(!text.contains(secret), "{secret} must not be said: {text}");
    }
    (output.status.code(), text)
}

fn fails_with(variables: &Variables, words: &[&str]) {
    let (code, text) = said(&run(CONTROL_PLANE, variables, &["check"]));
    assert_eq!(code, Some(1), "{text}");
    let line = text.lines().find(|line| line.starts_with("callplane-control-plane: ")).unwrap_or_default();
    for word in words {
        assert!(line.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn all_problems_of_the_settings_are_named_at_once() {
    let variables = variables("mysql://nowhere")
        .set("CALLPLANE_LISTEN", "nowhere")
        .set("CALLPLANE_PUBLIC_URL", "http://calls.example.com")
        .set("CALLPLANE_TELEPHONY", "pigeon")
        .unset("CALLPLANE_TOKEN_KEY");
    let (code, text) = said(&run(CONTROL_PLANE, &variables, &["serve"]));
    assert_eq!(code, Some(2), "{text}");
    for name in ["DATABASE_URL", "LISTEN", "PUBLIC_URL", "TELEPHONY", "TOKEN_KEY"] {
        assert!(text.contains(&format!("CALLPLANE_{name}")), "{name} is missing from: {text}");
    }
    let edge = variables.set("CALLPLANE_EDGE_LISTEN", "nowhere").set("CALLPLANE_CONTROL_PLANES", "nowhere");
    let (code, text) = said(&run(EDGE, &edge, &["serve"]));
    assert_eq!(code, Some(2), "{text}");
    for name in ["EDGE_LISTEN", "CONTROL_PLANES", "PUBLIC_URL", "EDGE_TOKEN"] {
        assert!(text.contains(&format!("CALLPLANE_{name}")), "{name} is missing from: {text}");
    }
}

#[test]
fn a_wrong_command_is_a_usage_error() {
    let database = Database::sqlite();
    for program in [CONTROL_PLANE, EDGE, "callplane"] {
        let (code, text) = said(&run(program, &variables(database.url()), &["dance"]));
        assert_eq!(code, Some(2), "{program}: {text}");
    }
}

#[test]
fn a_fresh_database_passes_the_check_and_passes_it_again() {
    let database = Database::sqlite();
    let variables = variables(database.url());
    for _ in 0..2 {
        let (code, text) = said(&run(CONTROL_PLANE, &variables, &["check"]));
        assert_eq!(code, Some(0), "{text}");
    }
}

#[test]
fn a_busy_port_is_named_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    for setting in ["CALLPLANE_LISTEN", "CALLPLANE_ADMIN_LISTEN"] {
        let database = Database::sqlite();
        let variables = variables(database.url()).set(setting, &address);
        let (code, text) = said(&run(CONTROL_PLANE, &variables, &["serve"]));
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(setting) && text.contains(&address), "{text}");
    }
    let database = Database::sqlite();
    let edge = variables(database.url())
        .set("CALLPLANE_EDGE_LISTEN", &address)
        .set("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0")
        .set("CALLPLANE_EDGE_TOKEN", "a.b.c");
    let (code, text) = said(&run(EDGE, &edge, &["serve"]));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("CALLPLANE_EDGE_LISTEN") && text.contains(&address), "{text}");
}

#[test]
fn a_sqlite_database_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "This is no database, and it is longer than the header of one. ".repeat(40)).expect("writes");
    fails_with(&variables(&format!("sqlite://{}/callplane.db", file.display())), &["SQLite", "callplane.db"]);
    fails_with(&variables(&format!("sqlite://{}", file.display())), &["database"]);
    // Nobody may write there, not even root.
    fails_with(&variables("sqlite:///proc/callplane/callplane.db"), &["SQLite", "/proc/callplane"]);
    let kept = std::fs::read_to_string(&file).expect("reads");
    assert!(kept.starts_with("This is no database"), "what was not ours stays as it was");
}

#[test]
fn a_postgres_that_does_not_answer_is_named_by_its_setting() {
    let url = "postgres://callplane:hunter2@127.0.0.1:1/callplane";
    fails_with(&variables(url), &["PostgreSQL", "CALLPLANE_DATABASE_URL"]);
    let output = run(CONTROL_PLANE, &variables(url), &["check"]);
    assert!(!said(&output).1.contains("hunter2"));
}

#[tokio::test]
async fn a_read_only_database_stops_the_start() {
    let database = Database::postgres().await;
    let connection = database.connect().await;
    let name = database.url().split('/').nth(3).and_then(|rest| rest.split('?').next()).expect("a name");
    let statement = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    connection.execute_unprepared(&statement).await.expect("may");
    fails_with(&variables(database.url()), &["read-only"]);
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    for database in [Database::sqlite(), Database::postgres().await] {
        let variables = variables(database.url());
        assert_eq!(run(CONTROL_PLANE, &variables, &["migrate"]).status.code(), Some(0));
        let future = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 0)";
        database.connect().await.execute_unprepared(future).await.expect("inserts");
        fails_with(&variables, &["newer schema", "m9999_from_the_future", "update the program"]);
    }
}

#[test]
fn another_master_key_is_refused_before_anything_is_sealed_with_it() {
    let database = Database::sqlite();
    let first = variables(database.url());
    assert_eq!(run(CONTROL_PLANE, &first, &["check"]).status.code(), Some(0));
    fails_with(&first.clone().set("CALLPLANE_ENCRYPTION_KEY", OTHER_KEY), &["key"]);
    assert_eq!(run(CONTROL_PLANE, &first, &["check"]).status.code(), Some(0), "the right key still fits");
}
