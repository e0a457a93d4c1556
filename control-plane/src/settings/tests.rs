use std::io::Write;

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    Settings::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
}

fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    read(variables).err().expect("something is wrong")
}

#[test]
fn nothing_set_names_every_missing_setting_at_once() {
    let problems = problems(&[]).join("\n");
    for name in ["CALLPLANE_ENCRYPTION_KEY", "CALLPLANE_TOKEN_KEY", "CALLPLANE_TELEPHONY"] {
        assert!(problems.contains(name), "{problems}");
    }
}

#[test]
fn the_dev_profile_needs_only_its_keys() {
    let dev_token = format!("hs256:{KEY}");
    let settings = read(&[
        ("CALLPLANE_PROFILE", "dev"),
        ("CALLPLANE_ENCRYPTION_KEY", KEY),
        ("CALLPLANE_TOKEN_KEY", &dev_token),
        ("CALLPLANE_PUBLIC_URL", "http://127.0.0.1:7430/"),
    ])
    .unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(settings.public_url.as_deref(), Some("http://127.0.0.1:7430"));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7420");
    assert!(settings.reflection && settings.dev);
}

#[test]
fn a_secret_never_shows_in_a_problem() {
    let problems = problems(&[
        ("CALLPLANE_ENCRYPTION_KEY", "hunter2-hunter2"),
        ("CALLPLANE_TOKEN_KEY", "hs256:hunter2"),
        ("CALLPLANE_PUBLIC_URL", "http://calls.example.com"),
        ("CALLPLANE_LISTEN", "nowhere"),
        ("CALLPLANE_TELEPHONY", "carrier-pigeon"),
        ("CALLPLANE_OTLP_ENDPOINT", "collector"),
        ("CALLPLANE_TRACE_SAMPLE_RATIO", "2"),
    ]);
    let text = problems.join("\n");
    assert!(!text.contains("hunter2"), "{text}");
    for name in ["ENCRYPTION_KEY", "TOKEN_KEY", "PUBLIC_URL", "LISTEN", "TELEPHONY", "OTLP_ENDPOINT", "SAMPLE_RATIO"] {
        assert!(text.contains(name), "{name} is missing from: {text}");
    }
}

#[test]
fn a_file_may_hold_the_settings_and_a_misspelt_one_is_named() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    writeln!(file, "profile = \"dev\"\nlissten = \"127.0.0.1:1\"").expect("writes");
    let variables = [("CALLPLANE_ENCRYPTION_KEY".to_owned(), KEY.to_owned())];
    let problems = Settings::read(variables, Some(file.path())).err().expect("something is wrong");
    assert!(problems.iter().any(|problem| problem.starts_with("lissten:")), "{problems:?}");
}
