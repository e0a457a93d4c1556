//! From document to document and verb to verb, as Twilio executes TwiML.

use super::control::Redirect;
use super::leg::Leg;
use super::transcript::OnTheLine;
use super::{Ask, Next, Turn, connect, dial, gather, record};
use crate::twiml::{Document, Element, check, parse};
use crate::webhook::courier::Reply;
use crate::webhook::form::pair;
use crate::webhook::{Kind, target};

/// A `<Redirect>` loop ends here; Twilio's own limit is not documented.
const MOST_DOCUMENTS: u32 = 100;

pub enum Start {
    Ask(Ask),
    Twiml(String),
}

/// How the walk through all documents ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The last document ran out of verbs.
    OutOfVerbs,
    HungUp,
    Rejected {
        busy: bool,
    },
}

/// Boxed, because a `<Dial>` can walk the document of the person it dials.
pub async fn walk(leg: &mut Leg, start: Start) -> Finish {
    let mut next = Some(start);
    while let Some(start) = next.take() {
        let document = match start {
            Start::Ask(ask) => fetch(leg, ask).await,
            Start::Twiml(text) => given(leg, &text),
        };
        let Some(document) = document else {
            leg.answer();
            let at_ms = leg.at_ms();
            let text = "We are sorry, an application error has occurred. Goodbye.".to_owned();
            leg.transcript.line.push(OnTheLine::Said { at_ms, text });
            return Finish::HungUp;
        };
        match Box::pin(perform(leg, &document)).await {
            Ok(Next::Continue) => return Finish::OutOfVerbs,
            Ok(Next::HangUp) => return Finish::HungUp,
            Ok(Next::Rejected { busy }) => return Finish::Rejected { busy },
            Ok(Next::Fetch(ask)) => next = Some(Start::Ask(ask)),
            Err(Turn::HungUp | Turn::Ended) => return Finish::HungUp,
            Err(Turn::Redirected(Redirect::Twiml(text))) => next = Some(Start::Twiml(text)),
            Err(Turn::Redirected(Redirect::Url { url, method })) => {
                next = Some(Start::Ask(Ask { kind: Kind::Redirect, url, method, extra: Vec::new() }));
            }
        }
    }
    Finish::HungUp
}

async fn fetch(leg: &mut Leg, ask: Ask) -> Option<Document> {
    leg.documents += 1;
    if leg.documents > MOST_DOCUMENTS {
        leg.warn(12200, format!("the call was ended after {MOST_DOCUMENTS} documents: it goes round in a circle"));
        return None;
    }
    let (place, reply) = leg.request(&ask).await;
    match read(&reply) {
        Ok(verbs) => Some(found(leg, place, verbs, &ask)),
        Err((code, message)) => {
            leg.warn(code, format!("{}: {message}", ask.kind.name()));
            let (url, method) = leg.fallback.clone().filter(|_| ask.kind != Kind::Fallback)?;
            // The question is asked again in full, with what went wrong in front.
            let mut extra = vec![pair("ErrorUrl", without_fragment(&ask.url)), pair("ErrorCode", code.to_string())];
            extra.extend(ask.extra);
            Box::pin(fetch(leg, Ask { kind: Kind::Fallback, url, method, extra })).await
        }
    }
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

fn found(leg: &mut Leg, place: usize, verbs: Vec<Element>, ask: &Ask) -> Document {
    leg.transcript.requests[place].verbs = verbs.iter().map(|verb| verb.name.clone()).collect();
    for warning in check::voice(&verbs) {
        leg.warn(12200, warning);
    }
    Document { verbs, base: Some(without_fragment(&ask.url).to_owned()), method: ask.method.clone() }
}

fn given(leg: &mut Leg, text: &str) -> Option<Document> {
    match parse::verbs(text) {
        Ok(verbs) => {
            check::voice(&verbs).into_iter().for_each(|warning| leg.warn(12200, warning));
            Some(Document { verbs, base: None, method: "POST".to_owned() })
        }
        Err(message) => {
            leg.warn(12100, message);
            None
        }
    }
}

/// The verbs of an answer, or Twilio's error code and why.
pub fn read(reply: &Reply) -> Result<Vec<Element>, (u32, String)> {
    if let Some(code) = reply.error_code {
        let what = reply.status.map_or("no answer".to_owned(), |status| format!("HTTP {status}"));
        return Err((code, what));
    }
    let media_type = reply.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if reply.body.trim().is_empty() {
        return Err((11770, "the answer is empty".to_owned()));
    }
    let one = |name: &str, text: &str| Element { name: name.to_owned(), text: text.to_owned(), ..Element::default() };
    match media_type.as_str() {
        "text/xml" | "application/xml" | "text/html" => parse::verbs(&reply.body).map_err(|why| (12100, why)),
        "text/plain" => Ok(parse::verbs(&reply.body).unwrap_or_else(|_| vec![one("Say", &reply.body)])),
        audio if audio.starts_with("audio/") => Ok(vec![one("Play", "the answer itself")]),
        other => Err((12300, format!("content type {other:?} is not supported"))),
    }
}

async fn perform(leg: &mut Leg, document: &Document) -> Result<Next, Turn> {
    for (index, verb) in document.verbs.iter().enumerate() {
        if verb.name == "Reject" && index == 0 && leg.answered.is_none() {
            return Ok(Next::Rejected { busy: verb.attribute("reason") == Some("busy") });
        }
        // A leading <Pause> delays the pick-up.
        if verb.name != "Pause" {
            leg.answer();
        }
        let next = match verb.name.as_str() {
            "Say" | "Play" | "Pause" => prompt(leg, document, verb).await?,
            "Gather" => gather::gather(leg, document, verb).await?,
            "Record" => record::record(leg, document, verb).await?,
            "Dial" => dial::dial(leg, document, verb).await?,
            "Connect" => connect::connect(leg, document, verb).await?,
            "Redirect" => redirect(leg, document, verb),
            "Hangup" | "Reject" => hang_up(leg),
            // Unknown verbs were warned about; a <Start> copies audio and the document goes on.
            _ => Next::Continue,
        };
        if !matches!(next, Next::Continue) {
            return Ok(next);
        }
    }
    leg.answer();
    Ok(Next::Continue)
}

async fn prompt(leg: &mut Leg, document: &Document, verb: &Element) -> Result<Next, Turn> {
    let seconds = note_prompt(leg, document, verb);
    leg.pass(seconds).await?;
    Ok(Next::Continue)
}

/// Puts a prompt on the line and says how long it takes.
pub fn note_prompt(leg: &mut Leg, document: &Document, verb: &Element) -> u32 {
    let at_ms = leg.at_ms();
    let text = verb.text().to_owned();
    let (moment, seconds) = match verb.name.as_str() {
        "Say" => {
            let seconds = u32::try_from(text.chars().count() / 15).unwrap_or(u32::MAX).clamp(1, 600);
            (OnTheLine::Said { at_ms, text }, seconds)
        }
        "Play" => {
            let url = target::resolve(document.base.as_deref(), &text).unwrap_or(text);
            (OnTheLine::Played { at_ms, url }, 5)
        }
        _ => {
            let seconds = verb.number("length").unwrap_or(1);
            (OnTheLine::Paused { at_ms, seconds }, seconds)
        }
    };
    leg.transcript.line.push(moment);
    seconds
}

fn redirect(leg: &mut Leg, document: &Document, verb: &Element) -> Next {
    ask_for(leg, document, Kind::Redirect, Some(verb.text()), verb.attribute("method"), Vec::new())
}

fn hang_up(leg: &mut Leg) -> Next {
    let at_ms = leg.at_ms();
    leg.transcript.line.push(OnTheLine::HungUp { at_ms, by: "twiml".to_owned() });
    Next::HangUp
}

/// The request of an `action` or `<Redirect>`; without a URL the current document is asked again.
pub fn ask_for(
    leg: &mut Leg,
    document: &Document,
    kind: Kind,
    url: Option<&str>,
    method: Option<&str>,
    extra: Vec<(String, String)>,
) -> Next {
    let url = match url.filter(|url| !url.is_empty()) {
        Some(url) => target::resolve(document.base.as_deref(), url),
        None => document.base.clone(),
    };
    match url {
        Some(url) => Next::Fetch(Ask { kind, url, method: method.unwrap_or("POST").to_owned(), extra }),
        None => {
            leg.warn(15004, "TwiML given with the call has no URL of its own: action URLs in it must be absolute");
            Next::HangUp
        }
    }
}
