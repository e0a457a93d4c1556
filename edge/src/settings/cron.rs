//! The secret of the cron path: one of its own, so that whoever holds it can trigger a look and nothing else.

use super::source::Source;

/// Shorter ones are guessed.
const SHORTEST: usize = 16;

pub fn read(source: &mut Source<'_>) -> Option<String> {
    let secret = text(source, "cron_secret", "cron_secret_file")?;
    if secret.len() < SHORTEST || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        source
            .problem("cron_secret", "must have 16 or more letters, digits or signs; `openssl rand -hex 32` makes one");
    }
    // An edge has no use for the key, but may be given the environment of a control plane.
    let key = text(source, "encryption_key", "encryption_key_file");
    if key.is_some_and(|key| key == secret) {
        source.problem("cron_secret", "is the encryption key; it must be a secret of its own");
    }
    Some(secret)
}

fn text(source: &mut Source<'_>, value: &'static str, file: &'static str) -> Option<String> {
    match (source.text(value), source.readable_file(file)) {
        (Some(_), Some(_)) => {
            source.problem(value, "and its …_FILE are both set; keep one");
            None
        }
        (Some(text), None) => Some(text.trim().to_owned()),
        (None, Some(path)) => std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned()),
        (None, None) => None,
    }
}
