//! `callplane-edge explain-signature`, through the binary: verdict, exit code and reason.

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use support::vectors::all;

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_callplane-edge")).args(arguments).output().expect("the binary runs");
    (status.code(), String::from_utf8_lossy(&stdout).into(), String::from_utf8_lossy(&stderr).into())
}

fn file(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("a writable folder");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn every_vector_gets_its_verdict_and_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    for vector in all() {
        // As an editor would leave it, with a line end.
        let token = file(folder.path(), "token", format!("{}\n", vector.auth_token).as_bytes());
        let body = file(folder.path(), "body", vector.body.as_bytes());
        let mut arguments =
            vec!["explain-signature", "--url", &vector.url, "--auth-token-file", &token, "--body-file", &body];
        arguments.extend(["--signature", &vector.signature, "--method", &vector.method]);
        if let Some(kind) = &vector.content_type {
            arguments.extend(["--content-type", kind]);
        }
        if let Some(settings) = &vector.settings {
            arguments.extend(["--settings", settings]);
        }
        let (code, stdout, stderr) = run(&arguments);
        if vector.valid {
            assert_eq!((code, stdout.as_str()), (Some(0), "valid\n"), "{}: {stderr}", vector.id);
        } else {
            assert_eq!(code, Some(1), "{}: {stdout}{stderr}", vector.id);
            assert!(stdout.starts_with("invalid: ") && stdout.ends_with('\n'), "{}: {stdout}", vector.id);
        }
    }
}

#[test]
fn the_reason_helps() {
    let folder = tempfile::tempdir().expect("a folder");
    let vectors = all();
    let cases = [
        ("neg-scheme", "the scheme differs; signed was https://hooks.example.net/t/acme/sms"),
        ("neg-trailing-slash", "a slash at the end differs"),
        ("neg-query-reordered", "another order"),
        ("neg-url-decoded", "decoded on its way"),
        ("neg-trimmed", "wrong auth token"),
        ("neg-json-body-tampered", "the body changed"),
        ("official-java-empty-sig", "missing"),
        ("neg-padding-stripped", "not base64"),
        ("neg-blank-dropped", "without its empty fields"),
    ];
    for (id, part) in cases {
        let vector = vectors.iter().find(|vector| vector.id == id).expect("a vector of that name");
        let token = file(folder.path(), "token", vector.auth_token.as_bytes());
        let body = file(folder.path(), "body", vector.body.as_bytes());
        let kind = vector.content_type.as_deref().expect("a POST");
        let (_, stdout, _) = run(&[
            "explain-signature",
            "--url",
            &vector.url,
            "--auth-token-file",
            &token,
            "--body-file",
            &body,
            "--signature",
            &vector.signature,
            "--content-type",
            kind,
        ]);
        assert!(stdout.contains(part), "{id}: {stdout}");
        assert!(!stdout.contains(&vector.auth_token), "{id} shows the token");
    }
}

#[test]
fn a_missing_body_is_an_empty_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = file(folder.path(), "token", b"12345\r\n");
    let arguments = [
        "explain-signature",
        "--url",
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        "--auth-token-file",
        &token,
        "--signature",
        "zYQTYrRWXE7LtzbG4PfP7/bkkGo=",
    ];
    assert_eq!(run(&arguments).0, Some(0));
    assert_eq!(run(&[&arguments[..], &["--body-file", "/nonexistent/body"]].concat()).0, Some(0));
}

#[test]
fn wrong_usage_is_2() {
    assert_eq!(run(&["explain-signature"]).0, Some(2));
    assert_eq!(
        run(&["explain-signature", "--url", "https://h", "--signature", "x", "--auth-token-file", "/nonexistent"]).0,
        Some(2)
    );
    assert_eq!(run(&["nonsense"]).0, Some(2));
}
