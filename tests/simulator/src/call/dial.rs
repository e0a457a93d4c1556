//! `<Dial>`: the people who are rung, who answers, and what is reported about it.

use super::control::CallControl;
use super::leg::Leg;
use super::record::{Callback, make};
use super::transcript::OnTheLine;
use super::walk::{Finish, Start, ask_for, walk};
use super::{Ask, Next, Turn};
use crate::ledger::Happened;
use crate::script::{Callee, Script};
use crate::state::Call;
use crate::twiml::{Document, Element};
use crate::webhook::form::{CallFacts, Form, pair};
use crate::webhook::{Kind, target};

/// One party that is rung, as a leg of its own.
struct Party {
    leg: Leg,
    noun: Element,
    callee: Callee,
}

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

fn start(leg: &Leg, document: &Document, verb: &Element, noun: Element) -> Party {
    let to = noun.text().to_owned();
    let scripted = leg.script.dialled.get(&to).or_else(|| leg.script.dialled.get("*")).cloned();
    let callee = scripted.unwrap_or_else(|| leg.world.state().callee(&to));
    let facts = CallFacts {
        sid: leg.world.ids.sid("CA"),
        account_sid: leg.facts.account_sid.clone(),
        from: verb.attribute("callerId").unwrap_or(&leg.facts.from).to_owned(),
        to: to.clone(),
        direction: "outbound-dial".to_owned(),
        parent_sid: Some(leg.facts.sid.clone()),
    };
    let acts = match &callee {
        Callee::Answers(answer) => answer.acts.clone(),
        _ => Vec::new(),
    };
    let script = Script { acts, deliveries: leg.script.deliveries.clone(), ..Script::default() };
    let mut child = Leg::new(leg.world.clone(), facts, to, script, CallControl::default());
    (child.now, child.began, child.pace) = (leg.now, leg.now, leg.pace);
    let callback = noun.attribute("statusCallback").filter(|url| !url.is_empty());
    child.reports.url = callback.and_then(|url| target::resolve(document.base.as_deref(), url));
    child.reports.method = noun.attribute("statusCallbackMethod").unwrap_or("POST").to_owned();
    let events = noun.attribute("statusCallbackEvent").unwrap_or("completed");
    child.reports.events = events.split_whitespace().map(str::to_owned).collect();
    leg.world.state().calls.put(&child.facts.sid, row(&child));
    Party { leg: child, noun, callee }
}

fn row(child: &Leg) -> Call {
    Call {
        sid: child.facts.sid.clone(),
        account_sid: child.facts.account_sid.clone(),
        parent_sid: child.facts.parent_sid.clone(),
        number_sid: None,
        from: child.facts.from.clone(),
        to: child.facts.to.clone(),
        direction: child.facts.direction.clone(),
        status: "queued".to_owned(),
        answered_by: None,
        created: child.now,
        started: None,
        ended: None,
        queue_ms: 0,
        control: child.control.clone(),
        transcript: child.transcript.clone(),
    }
}

impl Party {
    async fn announce(&mut self) {
        self.leg.report_progress("initiated", "initiated", None).await;
        if matches!(self.callee, Callee::Dead | Callee::Refused(_)) {
            return;
        }
        self.leg.stand("ringing");
        self.leg.world.note(Happened::Rung {
            person: self.leg.person.clone(),
            from: self.leg.facts.from.clone(),
            call_sid: self.leg.facts.sid.clone(),
            account_sid: self.leg.facts.account_sid.clone(),
            direction: self.leg.facts.direction.clone(),
        });
        self.leg.report_progress("ringing", "ringing", None).await;
    }

    /// How a party ends that was not the first to answer.
    fn loses(&self, after: u32) -> &'static str {
        match self.callee {
            Callee::Busy if after >= BUSY_AFTER => "busy",
            Callee::Failed | Callee::Dead | Callee::Refused(_) if after >= FAILED_AFTER => "failed",
            _ => "canceled",
        }
    }

    async fn over(&mut self, parent: &mut Leg, status: &'static str) {
        self.leg.now = parent.now;
        let sip_code = sip_code(status);
        self.leg.end(status);
        self.leg.report_progress("completed", status, Some(sip_code)).await;
        self.leg.deliver_rest().await;
        let seconds = self.leg.transcript.seconds;
        let at_ms = parent.at_ms();
        let (to, outcome) = (self.leg.facts.to.clone(), status.to_owned());
        parent.transcript.line.push(OnTheLine::Dialled { at_ms, to, outcome, seconds });
        parent.transcript.requests.append(&mut self.leg.transcript.requests);
    }
}

pub const BUSY_AFTER: u32 = 3;
pub const FAILED_AFTER: u32 = 1;

pub fn sip_code(status: &str) -> u16 {
    match status {
        "completed" => 200,
        "busy" => 486,
        "failed" => 404,
        _ => 487,
    }
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

/// Runs the `url` of a `<Number>` for the person who answered; hanging up there means no bridge.
async fn screened(party: &mut Party, document: &Document) -> bool {
    let given = party.noun.attribute("url").filter(|url| !url.is_empty());
    let Some(url) = given.and_then(|url| target::resolve(document.base.as_deref(), url)) else { return true };
    let method = party.noun.attribute("method").unwrap_or("POST").to_owned();
    let ask = Ask { kind: Kind::Screen, url, method, extra: Vec::new() };
    Box::pin(walk(&mut party.leg, Start::Ask(ask))).await == Finish::OutOfVerbs
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
