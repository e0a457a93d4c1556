//! One leg of a call while it is under way: its time, its person, and what has been noted about it.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Turn;
use super::control::{CallControl, Order};
use super::transcript::{OnTheLine, Transcript, Warning};
use crate::clock::{Pace, Timestamp};
use crate::ledger::Happened;
use crate::script::{Act, Script};
use crate::webhook::Webhook;
use crate::webhook::delivery::DeliveryRules;
use crate::webhook::form::CallFacts;
use crate::world::World;

pub struct Leg {
    pub world: Arc<World>,
    pub facts: CallFacts,
    /// Who is on this leg: the caller of an inbound call, the callee of an outbound one.
    pub person: String,
    pub script: Script,
    pub acts: VecDeque<Act>,
    pub status: String,
    pub now: Timestamp,
    pub began: Timestamp,
    pub answered: Option<Timestamp>,
    /// When the person hangs up.
    pub leaves_at: Option<Timestamp>,
    pub answered_by: Option<String>,
    pub documents: u32,
    /// Where to ask when a document cannot be used: URL and method.
    pub fallback: Option<(String, String)>,
    pub transcript: Transcript,
    pub reports: ReportPlan,
    pub pace: Pace,
    pub control: CallControl,
}

/// Where the status callbacks of a leg go, and those that are on their way late.
#[derive(Default)]
pub struct ReportPlan {
    pub url: Option<String>,
    pub method: String,
    /// Subscribed events; an inbound number has none and gets the end only.
    pub events: Vec<String>,
    pub sequence: u32,
    pub rules: DeliveryRules,
    pub late: Vec<Webhook>,
    pub swapped: Vec<Webhook>,
}

impl Leg {
    pub fn new(world: Arc<World>, facts: CallFacts, person: String, script: Script, control: CallControl) -> Self {
        let began = world.clock.now();
        let transcript = Transcript {
            call_sid: facts.sid.clone(),
            account_sid: facts.account_sid.clone(),
            from: facts.from.clone(),
            to: facts.to.clone(),
            direction: facts.direction.clone(),
            ..Transcript::default()
        };
        let rules = DeliveryRules::new(script.deliveries.clone());
        Self {
            pace: world.clock.pace(),
            acts: script.acts.iter().cloned().collect(),
            reports: ReportPlan { rules, method: "POST".to_owned(), ..ReportPlan::default() },
            status: String::new(),
            now: began,
            began,
            answered: None,
            leaves_at: None,
            answered_by: None,
            documents: 0,
            fallback: None,
            world,
            facts,
            person,
            script,
            transcript,
            control,
        }
    }

    pub fn at_ms(&self) -> i64 {
        (self.now - self.began).num_milliseconds()
    }

    pub fn talked_seconds(&self) -> i64 {
        self.answered.map_or(0, |answered| (self.now - answered).num_seconds())
    }

    /// Lets time pass. Ends early when the person hangs up or REST reaches in.
    pub async fn pass(&mut self, seconds: u32) -> Result<(), Turn> {
        let until = self.now + TimeDelta::seconds(i64::from(seconds));
        let stop = self.leaves_at.filter(|leaves| *leaves <= until).unwrap_or(until).max(self.now);
        if self.pace == Pace::Stepped {
            let control = self.control.clone();
            self.world.clock.reach(stop, || control.is_given()).await;
        }
        if let Some(order) = self.control.take() {
            self.now = self.world.clock.now().clamp(self.now, stop);
            return Err(self.obey(order));
        }
        self.now = stop;
        if self.leaves_at.is_some_and(|leaves| leaves <= self.now) {
            return Err(self.person_hangs_up());
        }
        Ok(())
    }

    pub fn person_hangs_up(&mut self) -> Turn {
        let at_ms = self.at_ms();
        self.transcript.line.push(OnTheLine::HungUp { at_ms, by: "person".to_owned() });
        Turn::HungUp
    }

    fn obey(&mut self, order: Order) -> Turn {
        let at_ms = self.at_ms();
        match order {
            Order::Cancel | Order::End => {
                self.transcript.line.push(OnTheLine::HungUp { at_ms, by: "rest".to_owned() });
                Turn::Ended
            }
            Order::Redirect(redirect) => {
                self.transcript.line.push(OnTheLine::Redirected { at_ms });
                Turn::Redirected(redirect)
            }
        }
    }

    pub fn answer(&mut self) {
        if self.answered.is_some() {
            return;
        }
        self.answered = Some(self.now);
        let stays = self.script.hang_up_after_seconds.map(|seconds| TimeDelta::seconds(i64::from(seconds)));
        self.leaves_at = self.leaves_at.or(stays.map(|stays| self.now + stays));
        let at_ms = self.at_ms();
        self.transcript.line.push(OnTheLine::Answered { at_ms });
        self.stand("in-progress");
    }

    /// The status a client reads from now on.
    pub fn stand(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        self.transcript.status = self.status.clone();
        self.transcript.seconds = u32::try_from(self.talked_seconds()).unwrap_or(0);
        let mut state = self.world.state();
        let Some(call) = state.calls.get_mut(&self.facts.sid) else { return };
        call.status = self.status.clone();
        call.started = self.answered.or(call.started);
        call.answered_by = self.answered_by.clone();
        call.transcript = self.transcript.clone();
    }

    /// The one end of a leg: the row, the ledger and the transcript agree.
    pub fn end(&mut self, status: &str) {
        self.stand(status);
        if let Some(call) = self.world.state().calls.get_mut(&self.facts.sid) {
            call.ended = Some(self.now);
        }
        self.world.note(Happened::Ended {
            call_sid: self.facts.sid.clone(),
            account_sid: self.facts.account_sid.clone(),
            from: self.facts.from.clone(),
            to: self.facts.to.clone(),
            direction: self.facts.direction.clone(),
            status: status.to_owned(),
            seconds: self.transcript.seconds,
        });
    }

    pub fn warn(&mut self, code: u32, message: impl Into<String>) {
        let message = message.into();
        self.world.alarm(code, &self.facts.account_sid, &self.facts.sid, message.clone());
        self.transcript.warnings.push(Warning { code, message });
    }

    pub fn pressed(&mut self, digits: &str) {
        let at_ms = self.at_ms();
        self.transcript.line.push(OnTheLine::Pressed { at_ms, digits: digits.to_owned() });
        let (person, call_sid) = (self.person.clone(), self.facts.sid.clone());
        let account_sid = self.facts.account_sid.clone();
        self.world.note(Happened::Pressed { person, digits: digits.to_owned(), call_sid, account_sid });
    }
}
