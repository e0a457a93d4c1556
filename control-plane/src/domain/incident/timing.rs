//! When steps are tried that were planned for another time: the next one is brought forward, all of them move with their
//! event, and what an acknowledgement had cancelled is planned again.

use super::{Incident, State, Status, Step, plan::fresh};
use crate::domain::{
    ladder::{Channel, Rung, Window},
    machine::Step as Decision,
    time::Timestamp,
};

impl Incident {
    /// Another event time: what waits moves along; what rings for the old one is taken back by whoever reads `under_way`.
    /// Another title alone moves nothing.
    pub(super) fn moved(&self, start: Timestamp, title: String, now: Timestamp) -> Decision<Self> {
        if start == self.start_time {
            return Decision::to(Self { title, ..self.clone() }).news("incident.moved");
        }
        self.dated((start, title), now, "incident.moved")
    }

    /// An event that was called off takes place: what was taken back is planned again, and calls count on from where they
    /// were.
    pub(super) fn reinstated(&self, start: Timestamp, title: String, now: Timestamp) -> Decision<Self> {
        let open = Self {
            state: State::Open,
            outcome: None,
            answered_by: String::new(),
            answer_time: None,
            end_time: None,
            ..self.clone()
        };
        open.dated((start, title), now, "incident.reinstated")
    }

    fn dated(&self, (start, title): (Timestamp, String), now: Timestamp, news: &'static str) -> Decision<Self> {
        let mut next = Self { start_time: start, title, ..self.clone() };
        let dated = next.steps.iter().map(|step| match next.ladder.rungs.get(step.rung as usize) {
            Some(rung) if step.is_waiting() => {
                let redial = step.redial;
                Step { redial, ..fresh(&next, (rung, step.rung), step.number, now) }
            }
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
        next.settled(news)
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

    /// A message helps at any time before it was due, a call only within its window, and a window that somebody chose holds
    /// for both. What belongs after the event stays after it.
    fn opening(&self, step: &Step) -> Timestamp {
        let is_after = step.due_time >= self.start_time;
        let is_chosen = self.ladder.rungs.get(step.rung as usize).is_some_and(|rung| rung.window.is_some());
        match step.channel {
            _ if is_chosen => step.window.from,
            Channel::Voice => step.window.from,
            _ if is_after => self.start_time,
            _ => Timestamp::MIN_UTC,
        }
    }

    /// It was made for the time at which the event is now.
    pub(super) fn is_of_this_time(&self, step: &Step) -> bool {
        let rung = self.ladder.rungs.get(step.rung as usize);
        rung.is_some_and(|rung| rung.window(self.start_time).until == step.window.until)
    }

    /// Plans again what `again` says of a rung's last step, as long as its window is not over and nothing of it waits.
    pub(super) fn with_rungs_ahead(&self, now: Timestamp, again: impl Fn(&Rung, &Step) -> bool) -> Self {
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
}
