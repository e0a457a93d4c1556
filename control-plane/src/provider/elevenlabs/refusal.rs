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

/// What was asked about: the same status means another thing of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An agent, or a call to it.
    Agent,
    /// A number that is there already.
    Number,
    /// A number that is to be imported.
    Import,
}

/// What an answer other than 2xx means.
pub fn meaning<T>(answer: &Answer, subject: Subject) -> Outcome<T> {
    let status = answer.status;
    let unclear = !matches!(status, 307 | 308 | 400..=407 | 409..=499);
    if unclear {
        return Outcome::Unknown(format!("ElevenLabs answered {status}"));
    }
    let body = answer.body.as_ref().ok().and_then(|bytes| serde_json::from_slice::<Body>(bytes).ok());
    let word = body.as_ref().and_then(|body| body.detail.get("status")?.as_str()).unwrap_or_default();
    let (cause, message) = cause(status, word, subject);
    Outcome::Refused(Refused { cause, code: 0, http_status: status, message: message.to_owned() })
}

/// The word says more than the status: a used-up quota comes as 401.
fn cause(status: u16, word: &str, subject: Subject) -> (Cause, &'static str) {
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
        (_, 404 | 410) => (Cause::NotFound, subject.unknown()),
        (_, 307 | 308) => (Cause::Invalid, "the address answers with a redirect; check the base URL"),
        (_, 400 | 409) if subject == Subject::Import => (Cause::Invalid, NOT_IMPORTED),
        _ => (Cause::Invalid, "ElevenLabs does not accept the request"),
    }
}

/// Their own text can repeat the number; the reasons are those of their guide.
const NOT_IMPORTED: &str = "ElevenLabs could not import the number: the Twilio account must own it, its auth token must be \
                            the primary one, and the number must not be imported yet";

impl Subject {
    fn unknown(self) -> &'static str {
        match self {
            Self::Agent => "ElevenLabs knows no such agent",
            Self::Number => "ElevenLabs knows no such number or agent",
            Self::Import => "ElevenLabs knows no agent for the number to import",
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn about(status: u16, body: &str, subject: Subject) -> Outcome<()> {
        let body = Ok(Bytes::copy_from_slice(body.as_bytes()));
        meaning(&Answer { status, body, retry_after: None }, subject)
    }

    fn of(status: u16, body: &str) -> Outcome<()> {
        about(status, body, Subject::Agent)
    }

    #[test]
    fn a_refused_import_says_what_an_import_needs() {
        let body = r#"{"detail":{"status":"twilio_error","message":"+15005550006 is not yours"}}"#;
        for (subject, status, cause, says) in [
            (Subject::Import, 400, Cause::Invalid, "auth token"),
            (Subject::Import, 409, Cause::Invalid, "not be imported yet"),
            (Subject::Import, 404, Cause::NotFound, "agent"),
            (Subject::Number, 404, Cause::NotFound, "number"),
            (Subject::Number, 400, Cause::Invalid, "request"),
            (Subject::Import, 429, Cause::RateLimited, "nothing was done"),
        ] {
            let Outcome::Refused(refused) = about(status, body, subject) else { panic!("{status} {subject:?}") };
            assert_eq!(refused.cause, cause, "{status} {subject:?}");
            assert!(refused.message.contains(says) && !refused.message.contains("5550006"), "{}", refused.message);
        }
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
