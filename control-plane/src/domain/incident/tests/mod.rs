//! What the tests of incidents share: a ladder, an event, and a way to tell what became of a step.

mod answers;
mod any;
mod going_on;
mod moves;
mod samples;
mod windows;

use chrono::Duration;
use uuid::Uuid;

use super::*;
use crate::domain::{
    ladder::{MOST_CALLS, Reached, Rung, Span, Target},
    machine::{Machine, Step as Decision},
    sample::{at, rung},
    seconds::Seconds,
};

/// The event starts.
fn start() -> Timestamp {
    at("2026-08-04T09:00:00Z")
}

/// So many seconds from the start of the event.
fn from_start(seconds: i64) -> Timestamp {
    start() + Duration::seconds(seconds)
}

fn contact(number: u128) -> ContactId {
    ContactId::from_uuid(Uuid::from_u128(number))
}

fn tried(number: u32) -> AttemptId {
    AttemptId::from_uuid(Uuid::from_u128(100 + u128::from(number)))
}

fn ladder(rungs: Vec<Rung>) -> Ladder {
    Ladder {
        rungs,
        most_calls: MOST_CALLS,
        requires_consent: false,
        calling_hours: None,
        acknowledged_for: None,
        closes_after: Seconds(3600),
    }
}

/// A mail, a message and a call to the person, and a call to who stands in.
fn usual() -> Ladder {
    let call = Rung { redials: 1, ..rung(Channel::Voice, -120) };
    let stand_in = Rung { target: Target::StandIn(0), ..rung(Channel::Voice, 600) };
    ladder(vec![rung(Channel::Email, -720), rung(Channel::Sms, -300), call, stand_in])
}

fn incident(ladder: Ladder) -> Incident {
    Incident {
        id: IncidentId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        policy_id: PolicyId::from_uuid(Uuid::from_u128(3)),
        policy_version: 4,
        ladder,
        meeting_id: Some(MeetingId::from_uuid(Uuid::from_u128(5))),
        event_key: "board-7".into(),
        title: "Board".into(),
        start_time: start(),
        contact_id: contact(6),
        stand_ins: vec![contact(7)],
        state: State::Open,
        outcome: None,
        answered_by: String::new(),
        answer_time: None,
        acknowledged_until: None,
        exhausted: false,
        steps: Vec::new(),
        end_time: None,
        version: 1,
        create_time: from_start(-1000),
        update_time: from_start(-1000),
    }
}

fn opened(ladder: Ladder, now: Timestamp) -> Incident {
    incident(ladder).after(Event::Opened, now)
}

/// With these rungs, opened long before the event.
fn armed(rungs: Vec<Rung>) -> Incident {
    opened(ladder(rungs), from_start(-1000))
}

fn ended(number: u32, ending: Ending) -> Event {
    Event::Ended { number, ending, reason: ending.to_string(), error: String::new() }
}

fn moved(start: Timestamp) -> Event {
    Event::Moved { start, title: "Board".into() }
}

fn acknowledged() -> Event {
    Event::Acknowledged { by: "the desk".into() }
}

fn checked_in(check_in: CheckIn) -> Event {
    Event::CheckedIn { check_in, by: "Ada".into() }
}

impl Incident {
    fn stepped(&self, event: Event, now: Timestamp) -> Decision<Self> {
        self.step(event.clone(), now).unwrap_or_else(|refusal| panic!("{event:?} in {self:?}: {}", refusal.message))
    }

    fn after(&self, event: Event, now: Timestamp) -> Self {
        self.stepped(event, now).next
    }

    /// The step that is due begins and ends like this.
    fn tries(&self, ending: Ending, now: Timestamp) -> Self {
        let (held, number) = self.begins(now);
        held.after(ended(number, ending), now)
    }

    /// The step that is due begins.
    fn begins(&self, now: Timestamp) -> (Self, u32) {
        let step = self.due_step(now).unwrap_or_else(|| panic!("nothing is due: {:?}", self.steps));
        assert!(step.window.holds(now), "outside its window: {step:?}");
        let number = step.number;
        (self.after(Event::Began { number, attempt_id: tried(number) }, now), number)
    }

    /// The step that is due is refused by the guards.
    fn denied_now(&self, reason: &'static str, now: Timestamp) -> Self {
        let number = self.due_step(now).expect("one is due").number;
        let why = Denial { attempt_id: None, reason, error: "the guards said so".into() };
        self.after(Event::Denied { number, why }, now)
    }

    fn statuses(&self) -> Vec<Status> {
        self.steps.iter().map(|step| step.status).collect()
    }

    /// How far from the start of the event each step is that waits, in seconds.
    fn waiting(&self) -> Vec<i64> {
        let waiting = self.steps.iter().filter(|step| step.is_waiting());
        waiting.map(|step| (step.due_time - self.start_time).num_seconds()).collect()
    }
}
