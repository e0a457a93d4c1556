//! What happens to an incident, event by event. Total over state and event; what a step leads to is in `progress`.

use super::{CheckIn, Event, Incident, Outcome, State, plan};
use crate::domain::{
    machine::{Machine, Refusal, Step as Decision},
    time::Timestamp,
};

type Decided = Result<Decision<Incident>, Refusal>;

const OVER: Refusal = Refusal::new("INCIDENT_RESOLVED", "the incident is resolved already");

impl Machine for Incident {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Decided {
        use {Event as E, State as S};
        match (self.state, event) {
            (S::Open, E::Opened) if self.steps.is_empty() => Ok(self.armed(now)),
            (_, E::Opened) => Err(Refusal::stale("it is open already")),

            (S::Open | S::Escalating, E::Began { number, attempt_id }) => self.begun(number, attempt_id, now),
            (S::Open | S::Escalating, E::Denied { number, why }) => self.denied(number, why, now),
            (S::Open | S::Escalating, E::Held { number, until }) => self.held(number, until),
            (S::Acknowledged | S::Resolved, E::Began { .. } | E::Denied { .. } | E::Held { .. }) => {
                Err(Refusal::stale("nothing more is tried"))
            }

            (_, E::Taken { number, simulated }) => self.taken(number, simulated, now),
            (_, E::Ended { number, ending, reason, error }) => self.ended(number, (ending, reason, error), now),

            (S::Open | S::Escalating, E::Acknowledged { by }) => Ok(self.acknowledged(by, now)),
            (S::Acknowledged, E::Acknowledged { .. }) => {
                Err(Refusal::new("INCIDENT_ACKNOWLEDGED", "somebody acknowledged the incident already"))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::Resolved { by }) => {
                Ok(self.over(Outcome::Resolved, by, now))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::CheckedIn { check_in: CheckIn::Joined, by }) => {
                Ok(self.over(Outcome::Joined, by, now))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::CheckedIn { check_in: CheckIn::Missed, .. }) => {
                Ok(self.missed(now))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::EventCancelled) => {
                Ok(self.over(Outcome::EventCancelled, String::new(), now))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::Moved { start, title }) => Ok(self.moved(start, title, now)),
            (S::Resolved, E::Reinstated { start, title }) if self.outcome == Some(Outcome::EventCancelled) => {
                Ok(self.reinstated(start, title, now))
            }
            (S::Open | S::Escalating | S::Acknowledged, E::Reinstated { .. }) => {
                Err(Refusal::stale("its event was not called off"))
            }
            (
                S::Resolved,
                E::Acknowledged { .. }
                | E::Resolved { .. }
                | E::CheckedIn { .. }
                | E::EventCancelled
                | E::Moved { .. }
                | E::Reinstated { .. },
            ) => Err(OVER),

            (S::Open | S::Escalating | S::Acknowledged, E::Tick) => self.woken(now),
            (S::Resolved, E::Tick) => Err(Refusal::stale("it is over")),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let due = self.steps.iter().filter(|step| step.is_waiting()).map(super::Step::wake_time).min();
        match self.state {
            State::Open | State::Escalating => Some(due.unwrap_or_else(|| self.close_time())),
            State::Acknowledged => {
                Some(self.acknowledged_until.map_or(self.close_time(), |until| until.min(self.close_time())))
            }
            State::Resolved => None,
        }
    }
}

impl Incident {
    fn armed(&self, now: Timestamp) -> Decision<Self> {
        let steps = plan(self, now);
        Decision::to(Self { steps, ..self.clone() }).news("incident.opened")
    }

    fn acknowledged(&self, by: String, now: Timestamp) -> Decision<Self> {
        let next = Self {
            state: State::Acknowledged,
            answered_by: by,
            answer_time: Some(now),
            acknowledged_until: self.acknowledged_until_from(now),
            ..self.quiet("acknowledged", now)
        };
        Decision::to(next).news("incident.acknowledged")
    }

    /// When an acknowledgement of now stops counting.
    pub(super) fn acknowledged_until_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.ladder.acknowledged_for.map(|length| now + length.delta())
    }

    fn over(&self, outcome: Outcome, by: String, now: Timestamp) -> Decision<Self> {
        let next = Self {
            state: State::Resolved,
            outcome: Some(outcome),
            answered_by: if by.is_empty() { self.answered_by.clone() } else { by },
            answer_time: if outcome == Outcome::NotReached { self.answer_time } else { Some(now) },
            acknowledged_until: None,
            end_time: Some(now),
            ..self.quiet(outcome.as_str(), now)
        };
        Decision::to(next).news("incident.resolved")
    }

    /// Others are tried at once. An acknowledgement of somebody who did not come counts no more.
    fn missed(&self, now: Timestamp) -> Decision<Self> {
        let again = if self.state == State::Acknowledged { self.resumed(now) } else { self.clone() };
        let next = Self { state: State::Escalating, ..again };
        next.pulled_forward(now).settled("incident.missed")
    }

    fn woken(&self, now: Timestamp) -> Decided {
        if now >= self.close_time() {
            let outcome = match self.state {
                State::Acknowledged => Outcome::Resolved,
                State::Open | State::Escalating | State::Resolved => Outcome::NotReached,
            };
            return Ok(self.over(outcome, String::new(), now));
        }
        match self.acknowledged_until {
            Some(until) if self.state == State::Acknowledged && now >= until => {
                let next = Self { state: State::Escalating, ..self.resumed(now) };
                Ok(next.settled("incident.acknowledgement-expired"))
            }
            _ => Err(Refusal::stale("too early")),
        }
    }
}
