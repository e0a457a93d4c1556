//! What a step's fate leads to: the next try, the next rung, or the end of the ladder. When steps are due is in `timing`.

use chrono::Duration;

use super::{Denial, Incident, State, Status, Step, plan::fresh};
use crate::domain::{
    attempt::{CANCELLED, Ending, UNCHECKED, WITHDRAWN},
    guard::Guard,
    id::AttemptId,
    ladder::{Channel, Reached, Rung, Target},
    machine::{Refusal, Step as Decision},
    time::Timestamp,
};

/// A call needs this long to be of use: it rings 45 s, and somebody has to listen.
const SHORTEST_REDIAL: Duration = Duration::seconds(30);

type Decided = Result<Decision<Incident>, Refusal>;

impl Incident {
    pub(super) fn begun(&self, number: u32, attempt_id: AttemptId, now: Timestamp) -> Decided {
        let rung = self.rung_of(number)?;
        let goes_beyond = rung.offset >= 0 || rung.target != Target::Person;
        let next = self.with_step(number, |step| {
            step.is_waiting().then(|| Step { attempt_id: Some(attempt_id), execute_time: Some(now), ..step.clone() })
        })?;
        let state = if goes_beyond { State::Escalating } else { next.state };
        Ok(Decision::to(Self { state, ..next }).news("incident.step-began"))
    }

    pub(super) fn denied(&self, number: u32, why: Denial, now: Timestamp) -> Decided {
        let Denial { attempt_id, reason, error } = why;
        let next = self.with_step(number, |step| {
            step.is_waiting().then(|| Step {
                status: Status::Skipped,
                execute_time: Some(now),
                attempt_id,
                reason: reason.to_owned(),
                error,
                ..step.clone()
            })
        })?;
        Ok(next.gone_on(number, now, "incident.step-skipped"))
    }

    pub(super) fn held(&self, number: u32, until: Timestamp) -> Decided {
        let held = |step: &Step| step.is_waiting().then(|| Step { held_until: Some(until), ..step.clone() });
        let next = self.with_step(number, held)?;
        Ok(Decision::to(next))
    }

    /// Told again, or told late, it changes nothing.
    pub(super) fn taken(&self, number: u32, simulated: bool, now: Timestamp) -> Decided {
        let next = self.with_step(number, |step| {
            let is_first = step.status == Status::Pending && step.attempt_id.is_some();
            let execute_time = step.execute_time.or(Some(now));
            is_first.then(|| Step { status: Status::Executed, simulated, execute_time, ..step.clone() })
        })?;
        Ok(Decision::to(next).news("incident.step-executed"))
    }

    /// More may become known of how a try ended; it leads on once.
    pub(super) fn ended(
        &self,
        number: u32,
        (ending, reason, error): (Ending, String, String),
        now: Timestamp,
    ) -> Decided {
        let leads_on = self.step_of(number).is_some_and(|step| first_seen(step.ending, ending));
        let next = self.with_step(number, |step| {
            let is_news = step.attempt_id.is_some() && step.ending != Some(ending);
            let status = if was_refused(ending, &reason) { Status::Skipped } else { status_of(ending) };
            is_news.then(|| Step { status, ending: Some(ending), reason, error, ..step.clone() })
        })?;
        let rung = self.rung_of(number)?;
        let is_current = next.step_of(number).is_some_and(|step| next.is_of_this_time(step));
        if ending == Ending::Delivered && rung.reached == Reached::Delivered && is_current && self.is_alerting() {
            return Ok(next.reached_by(number, now));
        }
        if !leads_on || !next.is_alerting() {
            return Ok(next.settled("incident.step-ended"));
        }
        Ok(next.gone_on(number, now, "incident.step-ended"))
    }

    /// What waited is not tried any more.
    pub(super) fn quiet(&self, reason: &str, now: Timestamp) -> Self {
        let quiet = |step: &Step| match step.is_waiting() {
            true => {
                Step { status: Status::Cancelled, reason: reason.to_owned(), execute_time: Some(now), ..step.clone() }
            }
            false => step.clone(),
        };
        Self { steps: self.steps.iter().map(quiet).collect(), ..self.clone() }
    }

    /// Notes, and tells once, that everything was tried. What is over or acknowledged keeps what was noted.
    pub(super) fn settled(self, news: &'static str) -> Decision<Self> {
        if !self.is_alerting() {
            return Decision::to(self).news(news);
        }
        let exhausted = !self.steps.iter().any(|step| step.is_waiting() || step.is_under_way());
        let is_new = exhausted && !self.exhausted;
        let state = if exhausted { State::Escalating } else { self.state };
        let decision = Decision::to(Self { exhausted, state, ..self }).news(news);
        if is_new { decision.news("incident.exhausted") } else { decision }
    }

    /// After a step that reached nobody: dial again, or bring the next rung forward. What was tried for another time of the
    /// event leads only to its own rung once more, unless that was planned when the event moved.
    fn gone_on(&self, number: u32, now: Timestamp, news: &'static str) -> Decision<Self> {
        let next = match self.step_of(number) {
            Some(step) if !self.is_of_this_time(step) => self.tried_in_vain(step, now),
            Some(step) => match (self.redial_of(step, now), leads_on(step)) {
                (Some(redial), _) => {
                    let mut next = self.clone();
                    next.steps.push(redial);
                    next
                }
                (None, true) => self.pulled_forward(now),
                (None, false) => self.clone(),
            },
            None => self.clone(),
        };
        next.settled(news)
    }

    fn tried_in_vain(&self, tried: &Step, now: Timestamp) -> Self {
        let is_in_vain = tried.ending.is_some_and(|ending| ending == Ending::Withdrawn || ending.reached_nobody());
        match is_in_vain {
            true => self.with_rungs_ahead(now, |_, step| step.number == tried.number),
            false => self.clone(),
        }
    }

    fn redial_of(&self, step: &Step, now: Timestamp) -> Option<Step> {
        let rung = self.ladder.rungs.get(usize::try_from(step.rung).ok()?)?;
        let own = || self.steps.iter().filter(|other| other.rung == step.rung);
        let tries = own().filter(|other| other.attempt_id.is_some()).count();
        let is_left = u32::try_from(tries).is_ok_and(|tries| tries <= rung.redials) && !own().any(Step::is_waiting);
        let is_worth = step.ending.is_some_and(Ending::may_answer_next_time);
        let fits = step.window.from <= now && now + SHORTEST_REDIAL <= step.window.until;
        let number = self.next_number();
        let fresh = || Step { redial: true, due_time: now, ..fresh(self, (rung, step.rung), number, now) };
        (is_left && is_worth && fits && step.channel == Channel::Voice).then(fresh)
    }

    /// What a carrier says counts no longer than what a person says.
    fn reached_by(&self, number: u32, now: Timestamp) -> Decision<Self> {
        let next = Self {
            state: State::Acknowledged,
            answered_by: format!("delivery of step {number}"),
            answer_time: Some(now),
            acknowledged_until: self.acknowledged_until_from(now),
            ..self.quiet("delivered", now)
        };
        Decision::to(next).news("incident.acknowledged")
    }

    pub(super) fn next_number(&self) -> u32 {
        self.steps.iter().map(|step| step.number).max().unwrap_or_default() + 1
    }

    fn rung_of(&self, number: u32) -> Result<&Rung, Refusal> {
        let place = self.step_of(number).and_then(|step| usize::try_from(step.rung).ok());
        place.and_then(|place| self.ladder.rungs.get(place)).ok_or(Refusal::stale("there is no such step"))
    }

    fn with_step(&self, number: u32, change: impl FnOnce(&Step) -> Option<Step>) -> Result<Self, Refusal> {
        let stale = || Refusal::stale("the step is past that");
        let changed = self.step_of(number).and_then(change).ok_or_else(stale)?;
        let steps = self.steps.iter().map(|step| if step.number == number { &changed } else { step }).cloned();
        Ok(Self { steps: steps.collect(), ..self.clone() })
    }
}

/// Whether an ending is the first that tells how to go on: the very first one, or the first to tell that nobody was reached
/// after all.
fn first_seen(before: Option<Ending>, now: Ending) -> bool {
    match before {
        None => true,
        Some(Ending::NoKey | Ending::Sent | Ending::Delivered) => now.reached_nobody(),
        Some(_) => false,
    }
}

/// Of a step that ended: a call that rang was made, whatever came of it.
fn status_of(ending: Ending) -> Status {
    match ending {
        Ending::Withdrawn => Status::Cancelled,
        Ending::Failed | Ending::Undelivered | Ending::Unknown | Ending::Expired => Status::Failed,
        Ending::Answered
        | Ending::NoKey
        | Ending::NoAnswer
        | Ending::Busy
        | Ending::Machine
        | Ending::Fax
        | Ending::Sent
        | Ending::Delivered
        | Ending::Simulated => Status::Executed,
    }
}

/// The do-not-call list or the operator's checker refused it a moment after it began, which is the same as before: nobody was
/// tried.
fn was_refused(ending: Ending, reason: &str) -> bool {
    ending == Ending::Failed && [Guard::DncChecker.reason(), UNCHECKED].contains(&reason)
}

/// The next rung does not wait for its time when a message or a call did not come through, or somebody took it back. A mail
/// that fails leaves the others at their times: they were not to replace it. What was refused does so too.
fn leads_on(step: &Step) -> bool {
    let has_failed = step.ending.is_some_and(|ending| ending.reached_nobody() && !was_refused(ending, &step.reason));
    (has_failed || is_taken_back_by_somebody(step)) && step.channel != Channel::Email
}

/// By a person: with us, or in the vendor's console. What was taken back for a reason of the incident's or by the emergency
/// stop leads to nothing.
fn is_taken_back_by_somebody(step: &Step) -> bool {
    step.ending == Some(Ending::Withdrawn) && [CANCELLED, WITHDRAWN].contains(&step.reason.as_str())
}
