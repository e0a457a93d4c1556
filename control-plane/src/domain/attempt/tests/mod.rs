//! What the tests of attempts share: one of each channel, the events a vendor and people cause, and a way to tell them.

mod any;
mod checking;
mod doubt;
mod orders;
mod prices;
mod samples;
mod strays;
mod unwanted;
mod written;

use chrono::Duration;
use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::Effect,
    machine::{Machine, Step},
    outcome::{Cause, Refused},
    sample::at,
};

const SID: &str = "CA1";

/// Two minutes before the event.
fn begin() -> Timestamp {
    at("2026-08-04T08:58:00Z")
}

/// The event starts, and no call to it rings any more.
fn wall() -> Timestamp {
    at("2026-08-04T09:00:00Z")
}

fn seconds(seconds: i64) -> Duration {
    Duration::seconds(seconds)
}

fn account(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn attempt(channel: Channel) -> Attempt {
    let content = match channel {
        Channel::Voice => Content::Talk(Talk { text: "The board meets".into(), asks: true, ..Talk::default() }),
        Channel::Sms | Channel::Whatsapp => Content::Text("The board meets".into()),
        Channel::Email => Content::Mail { subject: "Board".into(), text: "The board meets".into() },
    };
    let is_call = channel == Channel::Voice;
    Attempt {
        id: AttemptId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        channel,
        to: Address(if channel == Channel::Email { "ada@example.com" } else { "+14155550155" }.to_owned()),
        contact_id: Some(ContactId::from_uuid(Uuid::from_u128(3))),
        step: Some((IncidentId::from_uuid(Uuid::from_u128(4)), 1)),
        event_key: "board-7".into(),
        person_key: "ada".into(),
        lane: Lane::Escalation,
        content,
        limits: Limits { not_after: is_call.then(wall), ..Limits::default() },
        account_id: None,
        phone_number_id: None,
        from: None,
        avoided: Vec::new(),
        verdict: Verdict::default(),
        work: Work::Waiting { until: begin() },
        round: 0,
        tries: 0,
        owes_slot: true,
        vendor_sid: String::new(),
        call_id: None,
        message_id: None,
        strays: Vec::new(),
        heard: Heard::default(),
        menus: 0,
        withdrawn: String::new(),
        ending: None,
        reason: String::new(),
        error: String::new(),
        error_code: 0,
        simulated: false,
        cost_micros: 0,
        pricing: Pricing::Estimated,
        begin_time: None,
        end_time: None,
        version: 1,
        create_time: begin(),
        update_time: begin(),
    }
}

fn admitted(account_id: Option<AccountId>) -> Event {
    let from = account_id.map(|_| "+15005550006".parse().expect("a number"));
    let route = Route { account_id, phone_number_id: None, from };
    Event::Admitted { route, verdict: Verdict::default(), cost_micros: 14_000 }
}

fn taken(status: call::Status) -> Taken {
    Taken { sid: SID.into(), heard: of_call(Some(status), ""), simulated: false }
}

fn told(heard: Heard) -> Event {
    Event::Told { sid: SID.into(), heard }
}

fn status(status: call::Status) -> Event {
    told(of_call(Some(status), ""))
}

fn key(digit: &str) -> Event {
    told(Heard { key: digit.into(), ..Heard::default() })
}

fn refused(cause: Cause, code: i32) -> Refused {
    Refused { cause, code, http_status: 400, message: "the vendor refused it".into() }
}

fn lost<T>() -> Outcome<T> {
    Outcome::Unknown("the connection broke before the answer".into())
}

impl Attempt {
    fn stepped(&self, event: Event, now: Timestamp) -> Step<Self> {
        self.step(event.clone(), now).unwrap_or_else(|refusal| panic!("{event:?} in {self:?}: {}", refusal.message))
    }

    fn after(&self, event: Event, now: Timestamp) -> Self {
        self.stepped(event, now).next
    }

    /// As it is told in the flow: what does not fit changes nothing.
    fn after_or_same(&self, event: Event, now: Timestamp) -> Self {
        self.step(event, now).map_or_else(|_| self.clone(), |step| step.next)
    }

    fn replied(&self, outcome: Outcome<Taken>, now: Timestamp) -> Self {
        self.after(Event::Created { round: self.round, outcome }, now)
    }

    fn sought(&self, outcome: Outcome<Option<Taken>>, now: Timestamp) -> Self {
        self.after(Event::Found { round: self.round, outcome }, now)
    }

    fn answered(&self, outcome: Outcome<Heard>, now: Timestamp) -> Step<Self> {
        self.stepped(Event::Answered { round: self.round, outcome }, now)
    }

    /// Woken at the moment it asked for.
    fn wakes_up(&self) -> (Step<Self>, Timestamp) {
        let due = self.deadline().unwrap_or_else(|| panic!("nothing wakes it: {self:?}"));
        let early = self.step(Event::Tick, due - Duration::microseconds(1));
        assert!(early.is_err() || due <= begin(), "woken early: {self:?}");
        (self.stepped(Event::Tick, due), due)
    }

    /// Looked up at the moment it asked for, with this answer.
    fn looked_up(&self, outcome: Outcome<Option<Taken>>) -> (Self, Timestamp) {
        let (step, due) = self.wakes_up();
        assert!(matches!(step.effects[..], [Effect::FindAttempt { .. }]), "{step:?}");
        (step.next.sought(outcome, due), due)
    }

    fn end(&self) -> (Option<Ending>, &str) {
        (self.ending, self.reason.as_str())
    }
}

/// Let through, and the vendor is being asked.
fn asked(channel: Channel) -> Attempt {
    let account_id = (channel != Channel::Email).then(|| account(5));
    attempt(channel).after(admitted(account_id), begin())
}

/// A call that the vendor took.
fn placed() -> Attempt {
    asked(Channel::Voice).replied(Outcome::Done(taken(call::Status::Queued)), begin())
}

fn ringing() -> Attempt {
    placed().after(status(call::Status::Ringing), begin())
}

/// A call of which nobody knows whether the vendor took it.
fn doubtful() -> Attempt {
    asked(Channel::Voice).replied(lost(), begin())
}

fn makes(step: &Step<Attempt>) -> bool {
    step.effects.iter().any(|effect| matches!(effect, Effect::MakeAttempt { .. }))
}

fn ends(step: &Step<Attempt>) -> bool {
    step.effects.iter().any(|effect| matches!(effect, Effect::EndAttempt { .. }))
}
