//! `<Connect><Stream>`: whether the socket is accepted and for how long. No socket is opened:
//! the script says what the other side does.

use super::leg::Leg;
use super::transcript::OnTheLine;
use super::walk::ask_for;
use super::{Next, Turn};
use crate::clock::iso8601;
use crate::ledger::Happened;
use crate::script::StreamFate;
use crate::twiml::{Document, Element};
use crate::webhook::form::pair;
use crate::webhook::{Kind, target};

pub async fn connect(leg: &mut Leg, document: &Document, verb: &Element) -> Result<Next, Turn> {
    let Some(stream) = verb.children.iter().find(|child| child.name == "Stream") else {
        return Ok(Next::Continue);
    };
    let fate = leg.script.stream.clone().unwrap_or_default();
    let url = stream.attribute("url").unwrap_or_default().to_owned();
    let usable = url.starts_with("wss://") && !url.contains('?');
    let (accepted, seconds) = match fate {
        StreamFate::Accepted(seconds) if usable => (true, seconds),
        _ => (false, 0),
    };
    let sid = leg.world.ids.sid("MZ");
    let outcome = if accepted {
        tell(leg, document, stream, &sid, "stream-started").await;
        let before = leg.now;
        let passed = leg.pass(seconds).await;
        note(leg, stream, true, u32::try_from((leg.now - before).num_seconds()).unwrap_or(0));
        tell(leg, document, stream, &sid, "stream-stopped").await;
        passed
    } else {
        note(leg, stream, false, 0);
        leg.warn(31920, "the media stream was refused");
        tell(leg, document, stream, &sid, "stream-error").await;
        Ok(())
    };
    outcome?;
    match verb.attribute("action") {
        Some(action) => Ok(ask_for(leg, document, Kind::Connect, Some(action), verb.attribute("method"), Vec::new())),
        None => Ok(Next::Continue),
    }
}

fn note(leg: &mut Leg, stream: &Element, accepted: bool, seconds: u32) {
    let url = stream.attribute("url").unwrap_or_default().to_owned();
    let parameter = |child: &Element| {
        let value = |name| child.attribute(name).unwrap_or_default().to_owned();
        (value("name"), value("value"))
    };
    let parameters = stream.children.iter().filter(|child| child.name == "Parameter").map(parameter).collect();
    let at_ms = leg.at_ms();
    leg.transcript.line.push(OnTheLine::Streamed { at_ms, url: url.clone(), parameters, accepted, seconds });
    let (call_sid, account_sid) = (leg.facts.sid.clone(), leg.facts.account_sid.clone());
    leg.world.note(Happened::Streamed { call_sid, account_sid, url, accepted, seconds });
}

async fn tell(leg: &mut Leg, document: &Document, stream: &Element, sid: &str, event: &str) {
    let given = stream.attribute("statusCallback").filter(|url| !url.is_empty());
    let Some(url) = given.and_then(|url| target::resolve(document.base.as_deref(), url)) else { return };
    let mut parameters = vec![
        pair("AccountSid", &leg.facts.account_sid),
        pair("CallSid", &leg.facts.sid),
        pair("StreamSid", sid),
        pair("StreamEvent", event),
        pair("Timestamp", iso8601(leg.now)),
    ];
    parameters.extend(stream.attribute("name").map(|name| pair("StreamName", name)));
    if event == "stream-error" {
        parameters.push(pair("StreamError", "the handshake was refused"));
    }
    let method = stream.attribute("statusCallbackMethod").unwrap_or("POST").to_owned();
    leg.report(Kind::Stream, &url, &method, parameters).await;
}
