//! Settings from variables and from a file: what is taken, what is refused, and that all of it is said at once.

use std::{collections::BTreeMap, fs};

use super::{Limits, Profile, Settings};
use crate::route::Route;

const ENOUGH: [(&str, &str); 2] =
    [("CALLPLANE_PUBLIC_URL", "https://hooks.example.net/"), ("CALLPLANE_EDGE_TOKEN", "t0ken")];

fn problems<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    Settings::from_pairs(pairs).err().map(|problems| problems.0).unwrap_or_default()
}

fn from_file(text: &str) -> Result<Settings, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("edge.toml");
    fs::write(&path, text).expect("a file");
    Settings::read(&BTreeMap::new(), Some(&path)).map_err(|problems| problems.0)
}

#[test]
fn the_public_url_and_a_token_are_enough() {
    let settings = Settings::from_pairs(ENOUGH).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.public_url, "https://hooks.example.net");
    assert_eq!((settings.listen.port(), settings.admin_listen.port()), (7430, 7431));
    assert_eq!(settings.control_planes, ["http://127.0.0.1:7420"]);
    assert_eq!(settings.profile, Profile::Production);
    assert_eq!(settings.limits, Limits::default());
}

#[test]
fn every_problem_is_reported_at_once() {
    let found = problems([
        ("CALLPLANE_PUBLIC_URL", "http://h?x"),
        ("CALLPLANE_EDGE_LISTEN", "here"),
        ("CALLPLANE_PROFILE", "test"),
        ("CALLPLANE_CONTROL_PLANES", "localhost, https://cp"),
        ("CALLPLANE_EDGE_TLS_CERT_FILE", "/nonexistent/cert.pem"),
        ("CALLPLANE_EDGE_DRAIN_MS", "0"),
        ("CALLPLANE_EDGE_ALIASES", "/a=nothing"),
        ("CALLPLANE_LOG_FORMAT", "xml"),
        ("CALLPLANE_OTLP_ENDPOINT", "https://collector:4317"),
        ("CALLPLANE_TRACE_SAMPLE_RATIO", "5%"),
    ]);
    let expected = [
        "PROFILE",
        "EDGE_LISTEN",
        "PUBLIC_URL must begin",
        "PUBLIC_URL must not have",
        "CONTROL_PLANES has",
        "CONTROL_PLANE_CA_FILE",
        "EDGE_TOKEN_FILE",
        "EDGE_TLS_CERT_FILE",
        "EDGE_TLS_KEY_FILE",
        "EDGE_ALIASES",
        "EDGE_DRAIN_MS",
        "LOG_FORMAT",
        "OTLP_ENDPOINT",
        "TRACE_SAMPLE_RATIO",
    ];
    for part in expected {
        assert!(found.iter().any(|problem| problem.starts_with(&format!("CALLPLANE_{part}"))), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn dev_needs_neither_https_nor_a_token() {
    assert!(problems([("CALLPLANE_PUBLIC_URL", "http://127.0.0.1:7430"), ("CALLPLANE_PROFILE", "dev")]).is_empty());
}

#[test]
fn no_setting_turns_signatures_off() {
    let found =
        from_file("public_url = 'https://h'\nedge_token = 't'\nverify_signatures = false\n").err().unwrap_or_default();
    assert_eq!(found, ["`verify_signatures` in the file is no setting of an edge"]);
}

#[test]
fn a_file_holds_the_same_settings_and_the_aliases() {
    let text = "public_url = 'https://h'\nedge_token = 't'\ncontrol_planes = ['http://a:1', 'http://b:2']\n\
        [[alias]]\npath = '/api/twilio/voice'\nroute = 'voice'\n[[alias]]\npath = '/call/{tag}'\nroute = 'gather'\nmethods = ['POST']\n";
    let settings = from_file(text).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(settings.control_planes.len(), 2);
    let aliases: Vec<_> = settings.aliases.iter().map(|alias| (alias.path.as_str(), alias.route, alias.get)).collect();
    assert_eq!(aliases, [("/api/twilio/voice", Route::Voice, true), ("/call/{tag}", Route::Gather, false)]);
}

#[test]
fn a_broken_alias_says_what_is_wrong() {
    let alias = |text: &str| {
        from_file(&format!("public_url='https://h'\nedge_token='t'\n[[alias]]\n{text}\n")).err().unwrap_or_default()
    };
    assert!(alias("path = 'x'\nroute = 'voice'")[0].contains("must begin with /"));
    assert!(alias("path = '/x?a=1'\nroute = 'voice'")[0].contains("no query"));
    assert!(alias("path = '/x'\nroute = 'vioce'")[0].contains("use one of voice, answered"));
    assert!(alias("path = '/x'")[0].contains("`route` must be a text"));
    assert!(alias("path = '/x'\nroute = 'voice'\nmethod = 'GET'")[0].contains("`method` is not one of"));
    assert!(alias("path = '/x'\nroute = 'voice'\n[[alias]]\npath = '/x'\nroute = 'status'")[0].contains("twice"));
}

#[test]
fn broken_toml_is_reported_without_the_text_around_it() {
    let found = from_file("edge_token = 's3cret\n").err().unwrap_or_default();
    assert!(found.iter().any(|problem| problem.contains("is no TOML")), "{found:?}");
    assert!(found.iter().all(|problem| !problem.contains("s3cret")), "{found:?}");
}

#[test]
fn a_token_file_is_read_without_its_line_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    fs::write(&path, "t0ken\n").expect("a file");
    let path = path.to_str().expect("UTF-8");
    let settings = Settings::from_pairs([ENOUGH[0], ("CALLPLANE_EDGE_TOKEN_FILE", path)])
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(settings.token.read().ok().flatten().as_deref(), Some("t0ken"));
    assert_eq!(problems([ENOUGH[0], ENOUGH[1], ("CALLPLANE_EDGE_TOKEN_FILE", path)]).len(), 1);
}
