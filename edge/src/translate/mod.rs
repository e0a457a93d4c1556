//! From a verified form to a typed webhook: one file for each kind of event. Values stay as Twilio sent them; what a webhook
//! means for a call is the control plane's business.

mod call;
mod delivery;
mod dial;
mod field;
mod gather;
mod message;
mod progress;
mod recording;
mod voicemail;

use callplane_proto::edge::v1::{AnswerFailed, CallAnswered, CallReceived, Webhook, webhook::Event};

use crate::{form::Form, route::Route};

pub use field::{Malformed, e164};

/// Where a webhook came in, beside its form.
pub struct Arrival<'a> {
    /// What it is about.
    pub route: Route,
    /// The path's tag; empty without one.
    pub tag: &'a str,
    /// The account whose token signed it.
    pub account_sid: &'a str,
    /// Twilio's token for this delivery, if it came with one.
    pub idempotency_token: Option<&'a str>,
    /// The path and query as received.
    pub target: &'a str,
}

/// The fields an edge acts on; a form that contradicts itself in one of them is refused.
const READ_ONCE: &[&str] = &[
    "AccountSid",
    "CallSid",
    "ParentCallSid",
    "CallStatus",
    "Direction",
    "From",
    "To",
    "Digits",
    "SpeechResult",
    "SequenceNumber",
    "DialCallStatus",
    "DialCallSid",
    "RecordingSid",
    "RecordingStatus",
    "RecordingUrl",
    "MessageSid",
    "MessageStatus",
    "EventType",
    "Body",
    "NumMedia",
];

/// The typed webhook; the time of receipt is the caller's to add.
pub fn webhook(arrival: &Arrival<'_>, form: &Form) -> Result<Webhook, Malformed> {
    if let Some(name) = form.contradiction(READ_ONCE) {
        return Err(Malformed(name, "comes twice with different values"));
    }
    Ok(Webhook {
        event: Some(event(arrival.route, form)?),
        delivery_key: delivery::key(arrival, form),
        receive_time: None,
        account_sid: arrival.account_sid.to_owned(),
        tag: arrival.tag.to_owned(),
        route: arrival.route.name().to_owned(),
        trace_parent: String::new(),
    })
}

fn event(route: Route, form: &Form) -> Result<Event, Malformed> {
    Ok(match route {
        Route::Voice => Event::CallReceived(CallReceived { call: Some(call::inbound(form)?) }),
        Route::Answered => Event::CallAnswered(CallAnswered { call: Some(call::facts(form)?) }),
        Route::Gather => Event::DigitsGathered(gather::digits(form)?),
        Route::Status => Event::CallProgressed(progress::progress(form)?),
        Route::Dial => Event::DialEnded(dial::ended(form)?),
        Route::Recording => Event::RecordingProgressed(recording::progress(form)?),
        Route::Voicemail => Event::VoicemailLeft(voicemail::left(form)?),
        Route::Message | Route::MessageFallback => Event::MessageReceived(message::received(form)?),
        Route::MessageStatus => Event::MessageProgressed(message::progress(form)?),
        Route::Fallback => Event::AnswerFailed(answer_failed(form)?),
    })
}

fn answer_failed(form: &Form) -> Result<AnswerFailed, Malformed> {
    Ok(AnswerFailed {
        call: Some(call::facts(form)?),
        error_code: field::number(form, "ErrorCode").unwrap_or(0),
        error_url: field::text(form, "ErrorUrl"),
    })
}

/// One fallback URL serves calls and messages: which of the two it is, only the form says.
pub fn settled(route: Route, form: &Form) -> Route {
    let is_message = form.bytes("CallSid").is_none() && form.bytes("MessageSid").is_some();
    if route == Route::Fallback && is_message { Route::MessageFallback } else { route }
}

#[cfg(test)]
mod tests {
    use callplane_proto::edge::v1::webhook::Event;

    use super::{Arrival, settled, webhook};
    use crate::{form::Form, route::Route};

    fn arrival(route: Route) -> Arrival<'static> {
        Arrival { route, tag: "t1", account_sid: "AC1", idempotency_token: None, target: "/twilio/x" }
    }

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes(), 200).expect("few fields")
    }

    #[test]
    fn a_webhook_says_where_it_came_in() {
        let webhook = webhook(&arrival(Route::Gather), &form("CallSid=CA1&Digits=1")).expect("complete");
        assert_eq!(
            (webhook.tag.as_str(), webhook.route.as_str(), webhook.account_sid.as_str()),
            ("t1", "gather", "AC1")
        );
    }

    #[test]
    fn a_form_that_contradicts_itself_is_refused() {
        let error = webhook(&arrival(Route::Voice), &form("CallSid=CA1&CallSid=CA2&From=&To=")).expect_err("two calls");
        assert_eq!(error.to_string(), "CallSid comes twice with different values");
    }

    #[test]
    fn a_fallback_names_the_error_and_the_url() {
        let form = form("CallSid=CA1&ErrorCode=11200&ErrorUrl=https%3A%2F%2Fh%2Fp");
        let Ok(Some(Event::AnswerFailed(failed))) =
            webhook(&arrival(Route::Fallback), &form).map(|webhook| webhook.event)
        else {
            panic!("a fallback webhook is AnswerFailed");
        };
        assert_eq!((failed.error_code, failed.error_url.as_str()), (11200, "https://h/p"));
    }

    #[test]
    fn the_fallback_of_a_message_is_a_message() {
        assert_eq!(settled(Route::Fallback, &form("MessageSid=SM1&ErrorCode=11205")), Route::MessageFallback);
        assert_eq!(settled(Route::Fallback, &form("CallSid=CA1")), Route::Fallback);
        assert_eq!(settled(Route::Voice, &form("MessageSid=SM1")), Route::Voice);
    }
}
