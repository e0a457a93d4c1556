//! `<Dial>`: who is rung together or in turn, who gets the call, and what the parent call learns.
//! The single party is in `party`.

use super::leg::Leg;
use super::party::{BUSY_AFTER, FAILED_AFTER, Party, screened, start};
use super::record::{Callback, make};
use super::walk::ask_for;
use super::{Next, Turn};
use crate::ledger::Happened;
use crate::script::Callee;
use crate::twiml::{Document, Element};
use crate::webhook::Kind;
use crate::webhook::form::{Form, pair};

/// What the parent call learns.
struct Outcome {
    status: &'static str,
    sid: String,
    seconds: u32,
    bridged: bool,
}

pub async fn dial(leg: &mut Leg, document: &Document, verb: &Element) -> Result<Next, Turn> {
    let mut nouns: Vec<Element> = verb.children.iter().filter(|noun| is_rung(noun)).cloned().collect();
    if nouns.is_empty() && !verb.text().is_empty() {
        nouns.push(Element { name: "Number".to_owned(), text: verb.text.clone(), ..Element::default() });
    }
    let groups: Vec<Vec<Element>> =
        if verb.flag("sequential") { nouns.into_iter().map(|noun| vec![noun]).collect() } else { vec![nouns] };
    let mut result = Outcome { status: "failed", sid: String::new(), seconds: 0, bridged: false };
    let mut passed = Ok(());
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        (result, passed) = ring(leg, document, verb, group).await;
        if result.status == "completed" || passed.is_err() {
            break;
        }
    }
    let extra = described(&result);
    let action = verb.attribute("action");
    if let Err(turn) = passed {
        // The caller has gone; the action is still told how the dialling ended.
        if let (Turn::HungUp, Some(_)) = (&turn, action) {
            leg.stand("completed");
            if let Next::Fetch(ask) = ask_for(leg, document, Kind::Dial, action, verb.attribute("method"), extra) {
                leg.request(&ask).await;
            }
        }
        return Err(turn);
    }
    match action {
        Some(_) => Ok(ask_for(leg, document, Kind::Dial, action, verb.attribute("method"), extra)),
        None => Ok(Next::Continue),
    }
}

fn is_rung(noun: &Element) -> bool {
    matches!(noun.name.as_str(), "Number" | "Sip" | "Client")
}

fn described(result: &Outcome) -> Form {
    let mut extra = vec![
        pair("DialCallStatus", result.status),
        pair("DialCallSid", &result.sid),
        pair("DialBridged", if result.bridged { "true" } else { "false" }),
    ];
    if result.status == "completed" {
        extra.push(pair("DialCallDuration", result.seconds.to_string()));
    }
    extra
}

/// Rings one group at the same time; the quickest to answer gets the call.
async fn ring(leg: &mut Leg, document: &Document, verb: &Element, nouns: Vec<Element>) -> (Outcome, Result<(), Turn>) {
    let timeout = verb.number("timeout").unwrap_or(30);
    let mut parties: Vec<Party> = Vec::new();
    for noun in nouns {
        let mut party = start(leg, document, verb, noun);
        party.announce().await;
        parties.push(party);
    }
    let quickest = parties.iter().enumerate().filter_map(|(place, party)| match &party.callee {
        Callee::Answers(answer) if answer.after_seconds <= timeout => Some((answer.after_seconds, place)),
        _ => None,
    });
    let Some((after, place)) = quickest.min() else { return nobody(leg, parties, timeout).await };
    let winner = parties.remove(place);
    let rung = leg.pass(after).await;
    for party in &mut parties {
        let status = if rung.is_ok() { party.loses(after) } else { "canceled" };
        party.over(leg, status).await;
    }
    if let Err(turn) = rung {
        let mut winner = winner;
        winner.over(leg, "canceled").await;
        return (Outcome { status: "canceled", sid: winner.leg.facts.sid, seconds: 0, bridged: false }, Err(turn));
    }
    answered(leg, document, verb, winner).await
}

async fn nobody(leg: &mut Leg, mut parties: Vec<Party>, timeout: u32) -> (Outcome, Result<(), Turn>) {
    let fate = |callee: &Callee| match callee {
        Callee::Busy => ("busy", BUSY_AFTER.min(timeout)),
        Callee::Failed | Callee::Dead | Callee::Refused(_) => ("failed", FAILED_AFTER.min(timeout)),
        Callee::NoAnswer | Callee::Answers(_) => ("no-answer", timeout),
    };
    let longest = parties.iter().map(|party| fate(&party.callee).1).max().unwrap_or(0);
    let passed = leg.pass(longest).await;
    let mut result = Outcome { status: "failed", sid: String::new(), seconds: 0, bridged: false };
    for party in &mut parties {
        let status = if passed.is_ok() { fate(&party.callee).0 } else { "canceled" };
        party.over(leg, status).await;
        // The one that rang longest speaks for the group.
        if result.sid.is_empty() || fate(&party.callee).1 == longest {
            result = Outcome { status, sid: party.leg.facts.sid.clone(), seconds: 0, bridged: false };
        }
    }
    (result, passed)
}

async fn answered(leg: &mut Leg, document: &Document, verb: &Element, mut party: Party) -> (Outcome, Result<(), Turn>) {
    let Callee::Answers(answer) = party.callee.clone() else { return nobody(leg, vec![party], 0).await };
    party.leg.now = leg.now;
    party.leg.answered_by = Some(answer.answered_by.clone());
    party.leg.answer();
    let (person, call_sid) = (party.leg.person.clone(), party.leg.facts.sid.clone());
    leg.world.note(Happened::Answered { person, call_sid, account_sid: leg.facts.account_sid.clone() });
    party.leg.answered_by = None;
    party.leg.report_progress("answered", "in-progress", None).await;
    let bridged = screened(&mut party, document).await;
    leg.now = leg.now.max(party.leg.now);
    let began = leg.now;
    let limit = verb.number("timeLimit").unwrap_or(14_400);
    let passed = if bridged { leg.pass(answer.for_seconds.min(limit)).await } else { leg.pass(0).await };
    let talked = u32::try_from((leg.now - began).num_seconds()).unwrap_or(0);
    party.over(leg, "completed").await;
    if bridged {
        recorded(leg, document, verb, talked).await;
    }
    let seconds = party.leg.transcript.seconds;
    (Outcome { status: "completed", sid: party.leg.facts.sid.clone(), seconds, bridged }, passed)
}

async fn recorded(leg: &mut Leg, document: &Document, verb: &Element, seconds: u32) {
    let how = verb.attribute("record").unwrap_or("do-not-record");
    if !how.starts_with("record-from") || seconds == 0 {
        return;
    }
    let channels = if how.ends_with("-dual") { 2 } else { 1 };
    let track = verb.attribute("recordingTrack").unwrap_or("both").to_owned();
    let callback = Callback::of(leg, document, verb);
    let recording = make(leg, seconds, channels, "DialVerb", Some(&track));
    callback.send(leg, &recording).await;
}
