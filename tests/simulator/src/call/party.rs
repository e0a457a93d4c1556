//! One party of a `<Dial>`: a leg of its own, with its callbacks, its screening and its end.

use super::Ask;
use super::control::CallControl;
use super::leg::Leg;
use super::transcript::OnTheLine;
use super::walk::{Finish, Start, walk};
use crate::ledger::Happened;
use crate::script::{Callee, Script};
use crate::state::Call;
use crate::twiml::{Document, Element};
use crate::webhook::form::CallFacts;
use crate::webhook::{Kind, target};

/// One party that is rung, as a leg of its own.
pub struct Party {
    pub leg: Leg,
    pub noun: Element,
    pub callee: Callee,
}

pub fn start(leg: &Leg, document: &Document, verb: &Element, noun: Element) -> Party {
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
    pub async fn announce(&mut self) {
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
    pub fn loses(&self, after: u32) -> &'static str {
        match self.callee {
            Callee::Busy if after >= BUSY_AFTER => "busy",
            Callee::Failed | Callee::Dead | Callee::Refused(_) if after >= FAILED_AFTER => "failed",
            _ => "canceled",
        }
    }

    pub async fn over(&mut self, parent: &mut Leg, status: &'static str) {
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

/// Runs the `url` of a `<Number>` for the person who answered; hanging up there means no bridge.
pub async fn screened(party: &mut Party, document: &Document) -> bool {
    let given = party.noun.attribute("url").filter(|url| !url.is_empty());
    let Some(url) = given.and_then(|url| target::resolve(document.base.as_deref(), url)) else { return true };
    let method = party.noun.attribute("method").unwrap_or("POST").to_owned();
    let ask = Ask { kind: Kind::Screen, url, method, extra: Vec::new() };
    Box::pin(walk(&mut party.leg, Start::Ask(ask))).await == Finish::OutOfVerbs
}
