//! From a verified form to a typed webhook: one file for each kind of event. Values stay as Twilio sent them; what a webhook
//! means for a call is the control plane's business.

mod call;
mod delivery;
mod dial;
mod field;
mod gather;
pub mod held;
mod message;
mod progress;
mod recording;
mod voicemail;

use callplane_proto::edge::v1::{AnswerFailed, CallAnswered, CallReceived, Webhook, webhook::Event};

use crate::{form::Form, route::Route};

pub use field::{Malformed, e164};
use held::Held;

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
        event: Some(event(arrival, form)?),
        delivery_key: delivery::key(arrival, form),
        receive_time: None,
        account_sid: arrival.account_sid.to_owned(),
        tag: arrival.tag.to_owned(),
        route: arrival.route.name().to_owned(),
        trace_parent: String::new(),
    })
}

fn event(arrival: &Arrival<'_>, form: &Form) -> Result<Event, Malformed> {
    Ok(match arrival.route {
        Route::Voice => Event::CallReceived(CallReceived { call: Some(call::inbound(form)?) }),
        Route::Answered => Event::CallAnswered(CallAnswered { call: Some(call::answered(form, held(arrival))?) }),
        Route::Gather => Event::DigitsGathered(gather::digits(form, &held(arrival))?),
        Route::Status => Event::CallProgressed(progress::progress(form)?),
        Route::Dial => Event::DialEnded(dial::ended(form)?),
        Route::Recording => Event::RecordingProgressed(recording::progress(form)?),
        Route::Voicemail => Event::VoicemailLeft(voicemail::left(form)?),
        Route::Message | Route::MessageFallback => Event::MessageReceived(message::received(form)?),
        Route::MessageStatus => Event::MessageProgressed(message::progress(form)?),
        Route::Fallback => Event::AnswerFailed(answer_failed(form)?),
    })
}

/// What is remembered of somebody who comes back from being held, which only addresses with a tag do.
fn held(arrival: &Arrival<'_>) -> Held {
    if arrival.tag.is_empty() { Held::default() } else { Held::read(arrival.target) }
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
    fn a_key_that_was_pressed_before_the_hold_counts_unless_another_is_pressed() {
        let gathered = |tag, target, encoded: &str| {
            let arrival = Arrival { tag, target, ..arrival(Route::Gather) };
            match webhook(&arrival, &form(encoded)).expect("complete").event {
                Some(Event::DigitsGathered(gathered)) => gathered.digits,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(gathered("t1", "/twilio/gather/t1?hold=1&digits=1", "CallSid=CA1"), "1");
        assert_eq!(gathered("t1", "/twilio/gather/t1?hold=1&digits=1", "CallSid=CA1&Digits=2"), "2");
        assert_eq!(gathered("t1", "/twilio/gather/t1?hold=1", "CallSid=CA1"), "");
        assert_eq!(gathered("", "/twilio/gather?hold=1&digits=1", "CallSid=CA1"), "", "nobody is held there");
    }

    #[test]
    fn who_answered_is_remembered_over_a_hold() {
        let target = "/twilio/voice/t1?hold=1&answered_by=machine_end_beep";
        let arrival = Arrival { target, ..arrival(Route::Answered) };
        let Ok(Some(Event::CallAnswered(answered))) = webhook(&arrival, &form("CallSid=CA1")).map(|it| it.event) else {
            panic!("an answered call is CallAnswered");
        };
        assert_eq!(answered.call.expect("facts").answered_by, "machine_end_beep");
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
