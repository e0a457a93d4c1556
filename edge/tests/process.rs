//! The binary as a process: settings that are wrong, a port that is taken, and a stop by signal.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

fn edge(arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callplane-edge"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = edge(arguments, variables).wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const ENOUGH: [(&str, &str); 4] = [
    ("CALLPLANE_PUBLIC_URL", "https://hooks.example.net"),
    ("CALLPLANE_EDGE_TOKEN", "s3cret-t0ken"),
    ("CALLPLANE_EDGE_LISTEN", "127.0.0.1:0"),
    ("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0"),
];

#[test]
fn wrong_settings_are_all_named_and_exit_2() {
    for command in ["serve", "check"] {
        let wrong = [
            ("CALLPLANE_PUBLIC_URL", "http://h"),
            ("CALLPLANE_EDGE_LISTEN", "nowhere"),
            ("CALLPLANE_EDGE_DRAIN_MS", "soon"),
        ];
        let (code, stdout, stderr) = run(&[command], &wrong);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        for name in
            ["CALLPLANE_PUBLIC_URL", "CALLPLANE_EDGE_LISTEN", "CALLPLANE_EDGE_DRAIN_MS", "CALLPLANE_EDGE_TOKEN_FILE"]
        {
            assert_eq!(stderr.lines().filter(|line| line.starts_with(name)).count(), 1, "{name}: {stderr}");
        }
    }
}

#[test]
fn a_missing_file_or_an_unknown_key_is_a_problem_of_the_settings() {
    assert_eq!(run(&["check", "--config", "/nonexistent/edge.toml"], &ENOUGH).0, Some(2));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("edge.toml");
    std::fs::write(&path, "edge_lisen = '127.0.0.1:1'\n").expect("written");
    let (code, _, stderr) =
        run(&["check"], &[&ENOUGH[..], &[("CALLPLANE_CONFIG", path.to_str().expect("UTF-8"))]].concat());
    assert_eq!((code, stderr.as_str()), (Some(2), "`edge_lisen` in the file is no setting of an edge\n"));
}

#[test]
fn check_shows_what_would_be_used_and_no_secret() {
    let (code, stdout, stderr) = run(&["check"], &ENOUGH);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("https://hooks.example.net"), "{stdout}");
    assert!(!stdout.contains("s3cret-t0ken"), "{stdout}");
}

#[test]
fn a_taken_port_is_one_clear_line_and_exit_1() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let variables = [&ENOUGH[..], &[("CALLPLANE_EDGE_LISTEN", address.as_str())]].concat();
    let (code, _, stderr) = run(&["serve"], &variables);
    assert_eq!(code, Some(1));
    let expected =
        format!("CALLPLANE_EDGE_LISTEN: {address} is in use by another program; stop it or choose another port\n");
    assert_eq!(stderr, expected);
}

#[test]
fn a_certificate_that_is_none_stops_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("empty.pem");
    std::fs::write(&path, "").expect("written");
    let path = path.to_str().expect("UTF-8");
    let variables =
        [&ENOUGH[..], &[("CALLPLANE_EDGE_TLS_CERT_FILE", path), ("CALLPLANE_EDGE_TLS_KEY_FILE", path)]].concat();
    let (code, _, stderr) = run(&["serve"], &variables);
    assert_eq!((code, stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.starts_with("CALLPLANE_EDGE_TLS_CERT_FILE: "), "{stderr}");
    assert_eq!(run(&["check"], &variables).0, Some(2));
}

#[test]
fn sigterm_stops_it_in_order() {
    let mut edge = edge(&["serve"], &ENOUGH);
    let mut lines = BufReader::new(edge.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("edge listens") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).expect("readable"), 0, "it ended early");
    }
    let killed = Command::new("kill").arg(edge.id().to_string()).status().expect("kill runs");
    assert!(killed.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("readable");
    assert_eq!(edge.wait().expect("it ends").code(), Some(0), "{rest}");
    assert!(rest.contains("edge has stopped"), "{rest}");
}
