//! What ElevenLabs' errors mean. They come as `detail`: an object with a word, a list of bad fields, or plain text.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    domain::outcome::{Cause, Outcome, Refused},
    provider::line::Answer,
};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    detail: Value,
}

/// What an answer other than 2xx means.
pub fn meaning<T>(answer: &Answer) -> Outcome<T> {
    let status = answer.status;
    let unclear = !matches!(status, 307 | 308 | 400..=407 | 409..=499);
    if unclear {
        return Outcome::Unknown(format!("ElevenLabs answered {status}"));
    }
    let body = answer.body.as_ref().ok().and_then(|bytes| serde_json::from_slice::<Body>(bytes).ok());
    let word = body.as_ref().and_then(|body| body.detail.get("status")?.as_str()).unwrap_or_default();
    let (cause, message) = cause(status, word);
    Outcome::Refused(Refused { cause, code: 0, http_status: status, message: message.to_owned() })
}

/// The word says more than the status: a used-up quota comes as 401.
fn cause(status: u16, word: &str) -> (Cause, &'static str) {
    match (word, status) {
        ("invalid_api_key", _) => (Cause::Credentials, "ElevenLabs does not accept the API key"),
        ("quota_exceeded" | "max_character_limit_exceeded", _) => {
            (Cause::Permission, "the quota at ElevenLabs is used up")
        }
        ("too_many_concurrent_requests" | "system_busy", _) | (_, 429) => {
            (Cause::RateLimited, "too many requests to ElevenLabs at once; nothing was done")
        }
        (_, 401) => (Cause::Credentials, "ElevenLabs does not accept the API key"),
        (_, 402 | 403) => (Cause::Permission, "the API key does not allow this at ElevenLabs"),
        (_, 404 | 410) => (Cause::NotFound, "ElevenLabs knows no such agent"),
        (_, 307 | 308) => (Cause::Invalid, "the address answers with a redirect; check the base URL"),
        _ => (Cause::Invalid, "ElevenLabs does not accept the request"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of(status: u16, body: &str) -> Outcome<()> {
        meaning(&Answer { status, body: Ok(Bytes::copy_from_slice(body.as_bytes())), retry_after: None })
    }

    #[test]
    fn both_shapes_of_errors_and_plain_text_have_a_cause() {
        let shape = r#"{"detail":[{"loc":["body","to_number"],"msg":"+15005550006 is bad","type":"missing"}]}"#;
        for (status, body, cause) in [
            (401, r#"{"detail":{"status":"invalid_api_key","message":"x"}}"#, Cause::Credentials),
            (400, r#"{"detail":{"status":"invalid_api_key"}}"#, Cause::Credentials),
            (401, r#"{"detail":{"status":"quota_exceeded"}}"#, Cause::Permission),
            (429, r#"{"detail":{"status":"system_busy"}}"#, Cause::RateLimited),
            (429, "", Cause::RateLimited),
            (404, r#"{"detail":"Not Found"}"#, Cause::NotFound),
            (422, shape, Cause::Invalid),
            (403, "<html>", Cause::Permission),
            (401, r#"{"detail":null}"#, Cause::Credentials),
        ] {
            match of(status, body) {
                Outcome::Refused(refused) => {
                    assert_eq!((refused.cause, refused.http_status), (cause, status), "{status} {body}");
                    assert!(!refused.message.contains("5550006"));
                }
                other => panic!("{status} {body}: {other:?}"),
            }
        }
    }

    #[test]
    fn trouble_on_their_side_leaves_it_open() {
        for status in [204, 302, 303, 408, 500, 503] {
            assert!(matches!(of(status, ""), Outcome::Unknown(_)), "{status}");
        }
    }
}
