//! What a step's fate leads to: the next try, the next rung, or the end of the ladder.

use chrono::Duration;

use super::{Denial, Incident, State, Status, Step, plan::fresh};
use crate::domain::{
    attempt::Ending,
    id::AttemptId,
    ladder::{Channel, Reached, Rung, Target, Window},
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
        Ok(next.gone_on(number, now).news("incident.step-skipped"))
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

    /// More may become known of how a try ended; only the first ending leads on.
    pub(super) fn ended(
        &self,
        number: u32,
        (ending, reason, error): (Ending, String, String),
        now: Timestamp,
    ) -> Decided {
        let is_first = self.step_of(number).is_some_and(|step| step.ending.is_none());
        let next = self.with_step(number, |step| {
            let is_news = step.attempt_id.is_some() && step.ending != Some(ending);
            let status = status_of(ending);
            is_news.then(|| Step { status, ending: Some(ending), reason, error, ..step.clone() })
        })?;
        let rung = self.rung_of(number)?;
        if ending == Ending::Delivered && rung.reached == Reached::Delivered && self.is_alerting() {
            return Ok(next.reached_by(number, now));
        }
        if !is_first || !next.is_alerting() {
            return Ok(Decision::to(next.settled()).news("incident.step-ended"));
        }
        Ok(next.gone_on(number, now).news("incident.step-ended"))
    }

    /// Another event time: what waits moves along; what rings for the old one is taken back by whoever reads `under_way`.
    pub(super) fn moved(&self, start: Timestamp, title: String, now: Timestamp) -> Decision<Self> {
        let mut next = Self { start_time: start, title, exhausted: false, ..self.clone() };
        let dated = next.steps.iter().map(|step| match next.ladder.rungs.get(step.rung as usize) {
            Some(rung) if step.is_waiting() && !step.redial => fresh(&next, (rung, step.rung), step.number, now),
            _ => step.clone(),
        });
        next.steps = dated.collect();
        if next.is_alerting() {
            let has_time = |rung: &Rung, step: &Step| {
                let was_given_up = matches!(step.status, Status::Skipped | Status::Cancelled);
                was_given_up || rung.due(start) > now
            };
            next = next.with_rungs_ahead(now, has_time);
        }
        Decision::to(next.settled()).news("incident.moved")
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

    /// After an acknowledgement that counts no more: the rungs it cancelled whose time has not passed are planned again.
    pub(super) fn resumed(&self, now: Timestamp) -> Self {
        let next = Self { answered_by: String::new(), answer_time: None, acknowledged_until: None, ..self.clone() };
        next.with_rungs_ahead(now, |_, step| step.status == Status::Cancelled)
    }

    /// The next rung is tried as soon as its window is open.
    pub(super) fn pulled_forward(&self, now: Timestamp) -> Self {
        let next = self.steps.iter().filter(|step| step.is_waiting()).min_by_key(|step| (step.due_time, step.number));
        let Some(number) = next.map(|step| step.number) else { return self.clone() };
        let steps = self.steps.iter().map(|step| match step.number == number {
            true => self.sooner(step, now),
            false => step.clone(),
        });
        Self { steps: steps.collect(), ..self.clone() }
    }

    /// Its window opens when it is due now.
    fn sooner(&self, step: &Step, now: Timestamp) -> Step {
        let due_time = step.due_time.min(now.max(self.opening(step)));
        let window = Window { from: step.window.from.min(due_time), ..step.window };
        Step { due_time, window, held_until: None, ..step.clone() }
    }

    /// A message helps at any time before it was due, a call only within its window. What belongs after the event stays
    /// after it.
    fn opening(&self, step: &Step) -> Timestamp {
        let is_after = step.due_time >= self.start_time;
        match step.channel {
            Channel::Voice => step.window.from,
            _ if is_after => self.start_time,
            _ => Timestamp::MIN_UTC,
        }
    }

    /// Notes that everything was tried.
    pub(super) fn settled(self) -> Self {
        let goes_on = self.steps.iter().any(|step| step.is_waiting() || step.is_under_way());
        let exhausted = self.is_alerting() && !goes_on;
        let state = if exhausted { State::Escalating } else { self.state };
        Self { exhausted, state, ..self }
    }

    /// After a step that reached nobody: dial again, or bring the next rung forward.
    fn gone_on(&self, number: u32, now: Timestamp) -> Decision<Self> {
        let Some(step) = self.step_of(number) else { return Decision::to(self.clone().settled()) };
        let next = match self.redial_of(step, now) {
            Some(redial) => {
                let mut next = self.clone();
                next.steps.push(redial);
                next
            }
            None if leads_on(step) => self.pulled_forward(now),
            None => self.clone(),
        };
        let was_exhausted = self.exhausted;
        let next = next.settled();
        let is_exhausted = next.exhausted && !was_exhausted;
        let decision = Decision::to(next);
        if is_exhausted { decision.news("incident.exhausted") } else { decision }
    }

    fn redial_of(&self, step: &Step, now: Timestamp) -> Option<Step> {
        let rung = self.ladder.rungs.get(usize::try_from(step.rung).ok()?)?;
        let tries = self.steps.iter().filter(|other| other.rung == step.rung && other.attempt_id.is_some()).count();
        let is_left = u32::try_from(tries).is_ok_and(|tries| tries <= rung.redials);
        let is_worth = step.ending.is_some_and(Ending::may_answer_next_time);
        let fits = step.window.from <= now && now + SHORTEST_REDIAL <= step.window.until;
        let number = self.next_number();
        let fresh = || Step { redial: true, due_time: now, ..fresh(self, (rung, step.rung), number, now) };
        (is_left && is_worth && fits && step.channel == Channel::Voice).then(|| Step { window: step.window, ..fresh() })
    }

    /// Plans again what `again` says of a rung's last step, as long as its window is not over and nothing of it waits.
    fn with_rungs_ahead(&self, now: Timestamp, again: impl Fn(&Rung, &Step) -> bool) -> Self {
        let mut next = self.clone();
        for (rung, place) in self.ladder.rungs.iter().zip(0..) {
            let own = || self.steps.iter().filter(|step| step.rung == place);
            let is_open = own().any(Step::is_waiting);
            let is_wanted = own().max_by_key(|step| step.number).is_some_and(|step| again(rung, step));
            let Window { until, .. } = rung.window(next.start_time);
            if !is_open && is_wanted && now < until {
                let number = next.next_number();
                let step = fresh(&next, (rung, place), number, now);
                next.steps.push(step);
            }
        }
        next
    }

    fn reached_by(&self, number: u32, now: Timestamp) -> Decision<Self> {
        let next = Self {
            state: State::Acknowledged,
            answered_by: format!("delivery of step {number}"),
            answer_time: Some(now),
            ..self.quiet("delivered", now)
        };
        Decision::to(next).news("incident.acknowledged")
    }

    fn next_number(&self) -> u32 {
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

/// The next rung does not wait for its time when a message or a call did not come through. A mail that fails leaves the
/// others at their times: they were not to replace it.
fn leads_on(step: &Step) -> bool {
    let has_failed = step.ending.is_some_and(Ending::reached_nobody);
    has_failed && step.channel != Channel::Email
}
