//! What Twilio gets: TwiML, an empty 204, or a status. Turns a control plane's outcome into one of them.

use bytes::Bytes;
use callplane_proto::edge::v1::{Hangup, Instructions, Reject, Say, Verb, verb::Kind};
use callplane_twiml::{Renderer, Unwritable};
use http::{Response, StatusCode, header};
use http_body_util::Full;

use super::texts;
use crate::{forward::Outcome, metrics::Ending, route::Expects};

/// An answer and how it is counted.
pub struct Answer {
    /// What goes back.
    pub response: Response<Full<Bytes>>,
    /// How it is counted.
    pub ending: Ending,
    /// What the log should say, if anything.
    pub complaint: Option<String>,
}

/// Writes answers.
pub struct Answers {
    renderer: Renderer,
    /// Written once: whoever is over the limit costs as little as can be.
    busy: Bytes,
}

impl Answers {
    /// With paths made absolute by this renderer.
    pub fn new(renderer: Renderer) -> Self {
        let busy = renderer.instructions(&only(Kind::Reject(Reject { busy: true }))).unwrap_or_default().into();
        Self { renderer, busy }
    }

    /// What a control plane said, in the form Twilio expects on this route.
    pub fn outcome(&self, expects: Expects, outcome: Outcome) -> Answer {
        match (expects, outcome) {
            (Expects::Nothing, Outcome::Invalid(why)) => invalid(empty(StatusCode::BAD_REQUEST), &why),
            (Expects::Instructions, Outcome::Invalid(why)) => invalid(self.sorry(), &why),
            (Expects::Messages, Outcome::Invalid(why)) => invalid(silence(), &why),
            (Expects::Nothing, _) => answer(empty(StatusCode::NO_CONTENT), Ending::Accepted),
            (Expects::Instructions, Outcome::Instructions(instructions)) => {
                self.instructions(&instructions, Ending::Answered)
            }
            (Expects::Messages, Outcome::Messages(messages)) => match self.renderer.messages(&messages) {
                Ok(text) => answer(twiml(text), Ending::Answered),
                Err(fault) => unwritable(silence(), fault),
            },
            (_, Outcome::Accepted) => answer(silence(), Ending::Answered),
            (_, other) => Answer {
                complaint: Some(format!(
                    "the control plane answered with something else than this route takes: {}",
                    kind(&other)
                )),
                ..answer(silence(), Ending::Mismatch)
            },
        }
    }

    /// Voice TwiML; what cannot be written becomes an apology, because somebody is on the line.
    pub fn instructions(&self, instructions: &Instructions, ending: Ending) -> Answer {
        match self.renderer.instructions(instructions) {
            Ok(text) => answer(twiml(text), ending),
            Err(fault) => unwritable(self.sorry(), fault),
        }
    }

    /// The caller hears a busy signal and is not billed.
    pub fn busy(&self) -> Answer {
        answer(twiml(self.busy.clone()), Ending::Busy)
    }

    fn sorry(&self) -> Response<Full<Bytes>> {
        let text = texts::APOLOGY.to_owned();
        let mut instructions = only(Kind::Say(Say { text, ..Default::default() }));
        instructions.verbs.push(Verb { kind: Some(Kind::Hangup(Hangup {})) });
        self.renderer.instructions(&instructions).map_or_else(|_| empty(StatusCode::SERVICE_UNAVAILABLE), twiml)
    }
}

/// Instructions of one verb.
pub fn only(kind: Kind) -> Instructions {
    Instructions { verbs: vec![Verb { kind: Some(kind) }], ..Default::default() }
}

/// Nothing is known that could be said: Twilio asks the fallback URL, or tries again.
pub fn unavailable() -> Answer {
    answer(empty(StatusCode::SERVICE_UNAVAILABLE), Ending::Unavailable)
}

fn answer(response: Response<Full<Bytes>>, ending: Ending) -> Answer {
    Answer { response, ending, complaint: None }
}

fn invalid(response: Response<Full<Bytes>>, why: &str) -> Answer {
    Answer {
        complaint: Some(format!("the control plane made no sense of it: {why}")),
        ..answer(response, Ending::Invalid)
    }
}

fn unwritable(response: Response<Full<Bytes>>, fault: Unwritable) -> Answer {
    Answer { complaint: Some(format!("the answer cannot be written: {fault}")), ..answer(response, Ending::Unwritable) }
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "nothing",
        Outcome::Instructions(_) => "instructions",
        Outcome::Messages(_) => "messages",
        Outcome::Invalid(_) | Outcome::UnknownAccount => "a failure",
    }
}

fn silence() -> Response<Full<Bytes>> {
    twiml(Bytes::from_static(br#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#))
}

fn twiml(text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
