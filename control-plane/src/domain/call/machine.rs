//! A call as a durable machine: while it is open and quiet, it asks Twilio how it stands. Webhooks do not come through
//! here but through `merge`, many at a time.

use super::{Call, Fact, NewCall, merge, quiet_deadline};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step},
    outcome::Outcome,
    telephony::CallSeen,
    time::Timestamp,
};

/// What can happen to a call besides webhooks.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It was quiet for too long.
    Tick,
    /// Twilio showed it, or did not.
    Read(Outcome<Option<Box<CallSeen>>>),
}

impl Machine for Call {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Tick => match quiet_deadline(self) {
                None => Err(Refusal::stale("the call is over")),
                Some(deadline) if now >= deadline => Ok(self.ask(now)),
                // Webhooks leave the wake-up time where it was; saving the call moves it to where it belongs.
                Some(_) => Ok(Step::to(self.clone())),
            },
            Event::Read(_) if self.status.is_final() => Err(Refusal::stale("the call is over")),
            Event::Read(Outcome::Done(Some(seen))) => Ok(self.learn(&seen, now)),
            // Twilio keeps calls for months: one it does not know, or will not show, is asked about again later.
            Event::Read(Outcome::Done(None) | Outcome::Refused(_) | Outcome::Unknown(_)) => {
                Ok(Step::to(Self { check_time: Some(now), ..self.clone() }))
            }
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        quiet_deadline(self)
    }
}

impl Call {
    /// Asking counts as a check, so that the next one is not due before the answer had its time.
    fn ask(&self, now: Timestamp) -> Step<Self> {
        Step::to(Self { check_time: Some(now), ..self.clone() }).effect(Effect::ReadCall {
            account_id: self.account_id,
            call_id: self.id,
            call_sid: self.call_sid.clone(),
        })
    }

    fn learn(&self, seen: &CallSeen, now: Timestamp) -> Step<Self> {
        let new = NewCall {
            id: self.id,
            workspace_id: self.workspace_id,
            account_id: self.account_id,
            phone_number_id: self.phone_number_id,
        };
        let merged = merge(Some(self.clone()), &Fact::fetched(seen, now, self.simulated), &new);
        let step = Step::to(Self { check_time: Some(now), ..merged.call });
        match merged.changed {
            true => step.news("call.reconciled"),
            false => step,
        }
    }
}
