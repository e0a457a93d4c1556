//! The delivery key: the same for a repeated delivery, another for everything else. It begins with the account, so that no
//! account can occupy a key of another one.

use sha2::{Digest, Sha256};

use super::{Arrival, field::text};
use crate::{form::Form, route::Route, verify::Content};

/// A control plane takes keys of up to 200 characters; the account and the route need fewer than 60.
const LONGEST_FACT: usize = 120;

/// Facts are named by what they say; requests for TwiML by Twilio's token or, without one, by all they say.
pub fn key(arrival: &Arrival<'_>, form: &Form) -> String {
    let named = |names: &[&str]| names.iter().map(|name| text(form, name)).collect::<Vec<_>>().join("/");
    let rest = match arrival.route {
        Route::Status => named(&["CallSid", "SequenceNumber", "CallStatus"]),
        Route::Recording => named(&["RecordingSid", "RecordingStatus"]),
        Route::MessageStatus => named(&["MessageSid", "MessageStatus", "EventType"]),
        // The fallback request for a message is the same message again.
        Route::Message | Route::MessageFallback => named(&["MessageSid"]),
        _ => [text(form, "CallSid"), request_digest(arrival, form)].join("/"),
    };
    let kind = if arrival.route == Route::MessageFallback { Route::Message } else { arrival.route };
    let rest = if rest.len() > LONGEST_FACT { hex::encode(Sha256::digest(rest)) } else { rest };
    [arrival.account_sid, kind.name(), &rest].join("/")
}

/// The token's header is not signed: it can only tell deliveries of one call and path apart, never merge two calls.
fn request_digest(arrival: &Arrival<'_>, form: &Form) -> String {
    let mut digest = Sha256::new();
    digest.update(arrival.target.as_bytes());
    match arrival.idempotency_token.filter(|token| !token.is_empty()) {
        Some(token) => {
            digest.update([1]);
            digest.update(token.as_bytes());
        }
        None => {
            digest.update([0]);
            digest.update(Content::Form(form).suffix());
        }
    }
    hex::encode(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::{Arrival, key};
    use crate::{form::Form, route::Route};

    fn of(route: Route, token: Option<&str>, encoded: &str) -> String {
        let arrival = Arrival { route, tag: "", account_sid: "AC1", idempotency_token: token, target: "/p" };
        key(&arrival, &Form::parse(encoded.as_bytes(), 200).expect("few fields"))
    }

    #[test]
    fn facts_are_named_by_what_they_say() {
        let status = "CallSid=CA1&SequenceNumber=3&CallStatus=completed";
        assert_eq!(of(Route::Status, None, status), "AC1/status/CA1/3/completed");
        assert_eq!(of(Route::Status, Some("other token"), status), of(Route::Status, None, status));
        assert_eq!(
            of(Route::Recording, None, "RecordingSid=RE1&RecordingStatus=completed"),
            "AC1/recording/RE1/completed"
        );
        assert_eq!(
            of(Route::MessageStatus, None, "MessageSid=SM1&MessageStatus=read&EventType=READ"),
            "AC1/message-status/SM1/read/READ"
        );
        assert_eq!(of(Route::Message, None, "MessageSid=SM1"), "AC1/message/SM1");
        assert_eq!(of(Route::MessageFallback, None, "MessageSid=SM1&ErrorCode=11200"), "AC1/message/SM1");
    }

    #[test]
    fn a_repeated_request_for_twiml_has_the_same_key() {
        let first = of(Route::Voice, None, "CallSid=CA1&From=%2B1&To=%2B2");
        assert_eq!(first, of(Route::Voice, None, "To=%2B2&From=%2B1&CallSid=CA1"));
        assert_ne!(first, of(Route::Voice, None, "CallSid=CA1&From=%2B1&To=%2B3"));
        assert_eq!(of(Route::Voice, Some("t"), "CallSid=CA1&x=1"), of(Route::Voice, Some("t"), "CallSid=CA1&x=2"));
        assert_ne!(of(Route::Voice, Some("t"), "CallSid=CA1"), of(Route::Voice, Some("t"), "CallSid=CA2"));
    }

    #[test]
    fn a_key_stays_short_whatever_is_sent() {
        let form = format!("MessageSid=SM1&MessageStatus=read&EventType={}", "A".repeat(5000));
        assert!(of(Route::MessageStatus, None, &form).len() <= 200);
    }

    #[test]
    fn no_number_is_in_a_key() {
        assert!(!of(Route::Voice, None, "CallSid=CA1&From=%2B18185550100").contains("18185550100"));
    }
}
