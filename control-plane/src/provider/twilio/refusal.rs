//! What Twilio's errors mean: status and code to a cause, in our own words. Twilio's texts can repeat what was sent,
//! phone numbers among it, so none of them is passed on.

use serde_json::Value;

use crate::{
    domain::outcome::{Cause, Outcome, Refused},
    provider::line::Answer,
};

/// Whether the request would have changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It asks.
    Read,
    /// It changes something: an answer that is not clear leaves that open.
    Write,
}

/// What an answer other than 2xx means.
pub fn meaning<T>(answer: &Answer, intent: Intent) -> Outcome<T> {
    let status = answer.status;
    let body = answer.body.as_ref().ok().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let code = body.and_then(|body| i32::try_from(body.get("code")?.as_i64()?).ok()).unwrap_or(0);
    // 301 to 303 may be the answer to work that was done; 307 and 308 ask for the same request elsewhere.
    let unclear = match status {
        301..=303 => intent == Intent::Write,
        300 | 304..=308 | 400..=407 | 409..=499 => false,
        _ => true,
    };
    if unclear {
        return Outcome::Unknown(format!("Twilio answered {status}{}", with_code(code)));
    }
    let cause = cause(status, code);
    let message = format!("{}{}", words(status, cause), with_code(code));
    Outcome::Refused(Refused { cause, code, http_status: status, message })
}

/// The code says more than the status where both are known.
fn cause(status: u16, code: i32) -> Cause {
    match code {
        10001 | 20005 | 20403 | 30002 => Cause::Suspended,
        20003 if status != 403 => Cause::Credentials,
        20006 | 10002 => Cause::Permission,
        20404 => Cause::NotFound,
        20429 => Cause::RateLimited,
        _ => match status {
            401 => Cause::Credentials,
            402 | 403 => Cause::Permission,
            404 | 410 => Cause::NotFound,
            429 => Cause::RateLimited,
            _ => Cause::Invalid,
        },
    }
}

fn words(status: u16, cause: Cause) -> &'static str {
    match cause {
        Cause::Credentials => "Twilio does not accept the account SID and credentials",
        Cause::WrongRegion => "the credentials belong to another Twilio region",
        Cause::Suspended => "Twilio says that the account is not active",
        Cause::Closed => "the Twilio account is closed",
        Cause::Permission => "the credentials do not allow this at Twilio",
        Cause::NotFound => "Twilio knows no such thing in this account",
        Cause::RateLimited => "too many requests to Twilio at once; nothing was done",
        Cause::Invalid if (300..400).contains(&status) => "the address answers with a redirect; check `api_base_url`",
        Cause::Invalid => "Twilio does not accept the request",
        Cause::Unreachable | Cause::NoAddress | Cause::Insecure | Cause::NotTried => "Twilio was not asked",
    }
}

fn with_code(code: i32) -> String {
    match code {
        0 => String::new(),
        code => format!(" (code {code})"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of(status: u16, body: &str, intent: Intent) -> Outcome<()> {
        let answer = Answer { status, body: Ok(Bytes::copy_from_slice(body.as_bytes())), retry_after: None };
        meaning(&answer, intent)
    }

    fn coded(status: u16, code: i32) -> Option<Cause> {
        let body = format!(r#"{{"code":{code},"message":"To +15005550006 is bad","status":{status}}}"#);
        match of(status, &body, Intent::Write) {
            Outcome::Refused(refused) => {
                assert_eq!((refused.http_status, refused.code), (status, code));
                assert!(!refused.message.contains("5550006"), "{}", refused.message);
                Some(refused.cause)
            }
            _ => None,
        }
    }

    #[test]
    fn every_code_that_decides_something_has_its_cause() {
        for (status, code, cause) in [
            (401, 20003, Cause::Credentials),
            (403, 20003, Cause::Permission),
            (405, 20004, Cause::Invalid),
            (403, 20005, Cause::Suspended),
            (403, 20006, Cause::Permission),
            (400, 20007, Cause::Invalid),
            (403, 20403, Cause::Suspended),
            (404, 20404, Cause::NotFound),
            (409, 20409, Cause::Invalid),
            (429, 20429, Cause::RateLimited),
            (400, 10001, Cause::Suspended),
            (400, 10002, Cause::Permission),
            (400, 21211, Cause::Invalid),
            (400, 21405, Cause::Invalid),
            (400, 21502, Cause::Invalid),
        ] {
            assert_eq!(coded(status, code), Some(cause), "{status} {code}");
        }
    }

    #[test]
    fn a_refusal_without_a_code_or_without_json_goes_by_its_status() {
        for (status, cause) in [
            (400, Cause::Invalid),
            (401, Cause::Credentials),
            (403, Cause::Permission),
            (404, Cause::NotFound),
            (410, Cause::NotFound),
            (429, Cause::RateLimited),
        ] {
            for body in ["", "<html>", "{}", r#"{"code":null}"#, r#"{"code":"x"}"#, "[1]", "null"] {
                match of(status, body, Intent::Write) {
                    Outcome::Refused(refused) => {
                        assert_eq!((refused.cause, refused.code), (cause, 0), "{status} {body}")
                    }
                    other => panic!("{status} {body}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn trouble_on_their_side_leaves_it_open() {
        for status in [100, 204, 408, 500, 502, 503, 504, 599] {
            for intent in [Intent::Read, Intent::Write] {
                assert!(matches!(of(status, r#"{"code":20503}"#, intent), Outcome::Unknown(_)), "{status} {intent:?}");
            }
        }
    }

    #[test]
    fn a_redirect_is_a_refusal_unless_work_may_have_been_done() {
        for status in [301, 302, 303] {
            assert!(matches!(of(status, "", Intent::Write), Outcome::Unknown(_)), "{status}");
            assert!(matches!(of(status, "", Intent::Read), Outcome::Refused(_)), "{status}");
        }
        for status in [307, 308] {
            assert!(matches!(of(status, "", Intent::Write), Outcome::Refused(_)), "{status}");
        }
    }
}
