//! How an attempt goes on. A vendor is asked once at a time; what may have happened is looked up before it is asked again,
//! and whatever is not wanted any more is taken back as soon as it is known to be there.

use super::{
    Attempt, Channel, Ending, Event, Route, Taken, Work,
    withdrawal::{AT_THE_WALL, RANG_OUT},
};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step, back_off},
    time::Timestamp,
};

pub(super) type Decided = Result<Step<Attempt>, Refusal>;

impl Machine for Attempt {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Decided {
        let step = self.decided(event, now)?;
        Ok(Step { next: step.next.rated_later(self, now), ..step })
    }

    fn deadline(&self) -> Option<Timestamp> {
        let own = match self.work {
            Work::Waiting { until } | Work::Doubtful { until, .. } => Some(until),
            Work::Placed { watch } => watch,
            Work::Ending { again, .. } => again,
            Work::Creating | Work::Looking { .. } | Work::Over => None,
        };
        [own, self.strays_again()].into_iter().flatten().min()
    }
}

impl Attempt {
    fn decided(&self, event: Event, now: Timestamp) -> Decided {
        use {Event as E, Work as W};
        match (&self.work, event) {
            (W::Waiting { .. }, E::Admitted { route, verdict, cost_micros }) => {
                Ok(Self { verdict, cost_micros, ..self.clone() }.make(route, now))
            }
            (W::Waiting { .. }, E::Denied { verdict, reason, error }) => {
                if reason == AT_THE_WALL
                    && let Some(step) = self.ran_out_unchecked(verdict.clone(), now)
                {
                    return Ok(step);
                }
                let denied = Self { verdict, ..self.clone() };
                Ok(denied.over(Ending::Failed, (reason, &error), now))
            }
            (W::Waiting { .. }, E::Held { until }) => Ok(Step::to(Self { work: W::Waiting { until }, ..self.clone() })),

            (W::Creating, E::Created { round, outcome }) if round == self.round => Ok(self.created(outcome, now)),
            (W::Creating, E::Stopped { round, reason, error }) if round == self.round => {
                Ok(self.stopped((reason, &error), now))
            }
            (W::Creating, E::Checked { round, said }) if round == self.round => Ok(self.checked(&said, now)),
            (W::Looking { looks, absent }, E::Found { round, outcome }) if round == self.round => {
                Ok(self.found((*looks, *absent), outcome, now))
            }
            (W::Ending { tries, .. }, E::Answered { round, outcome }) if round == self.round => {
                Ok(self.ended(*tries, outcome, now))
            }
            (W::Placed { watch: None }, E::Answered { round, outcome }) if round == self.round => {
                Ok(self.looked(outcome, now))
            }

            (_, E::Told { sid, heard }) => self.told(sid, heard, now),
            (_, E::Strayed { sid, account_id, heard }) => self.strayed((sid, account_id), heard, now),
            (_, E::StrayAnswered { sid, outcome }) => self.stray_answered(&sid, outcome, now),
            (W::Placed { .. } | W::Ending { .. }, E::MenuRepeated) => {
                Ok(Step::to(Self { menus: self.menus + 1, ..self.clone() }))
            }
            (_, E::Withdrawn { why }) => self.withdrawn(why, now),
            (_, E::PriceDue) => self.price_is_due(now),
            (_, E::Priced { looks, outcome }) => self.priced(looks, &outcome, now),
            (_, E::Tick) => self.woken(now),

            (
                W::Waiting { .. }
                | W::Creating
                | W::Doubtful { .. }
                | W::Looking { .. }
                | W::Placed { .. }
                | W::Ending { .. }
                | W::Over,
                E::Admitted { .. }
                | E::Denied { .. }
                | E::Held { .. }
                | E::Created { .. }
                | E::Stopped { .. }
                | E::Checked { .. }
                | E::Found { .. }
                | E::Answered { .. }
                | E::MenuRepeated,
            ) => Err(Refusal::stale("the answer belongs to what is over")),
        }
    }

    /// Asks the vendor to make it.
    fn make(self, Route { account_id, phone_number_id, from }: Route, now: Timestamp) -> Step<Self> {
        let round = self.round + 1;
        let next = Self {
            work: Work::Creating,
            round,
            tries: self.tries + 1,
            owes_slot: false,
            account_id,
            phone_number_id,
            from,
            begin_time: self.begin_time.or(Some(now)),
            ..self
        };
        let effect = Effect::MakeAttempt { account_id, attempt_id: next.id, round };
        Step::to(next).effect(effect).news("attempt.began")
    }

    /// The vendor has it: whatever it said is heard, and somebody looks after it.
    pub(super) fn placed(&self, taken: Taken, now: Timestamp) -> Step<Self> {
        let Taken { sid, heard, simulated } = taken;
        let next = Self {
            vendor_sid: if self.vendor_sid.is_empty() { sid } else { self.vendor_sid.clone() },
            heard: self.heard.clone().joined(heard),
            simulated: self.simulated || simulated,
            error: String::new(),
            reason: String::new(),
            error_code: 0,
            ..self.clone()
        };
        if simulated {
            return next.over(Ending::Simulated, ("", ""), now);
        }
        if next.channel == Channel::Email {
            return next.over(Ending::Sent, ("", ""), now);
        }
        next.looked_after(now)
    }

    fn woken(&self, now: Timestamp) -> Decided {
        if let Some(step) = self.stray_due(now) {
            return Ok(step);
        }
        match self.work {
            Work::Doubtful { looks, absent, until } if now >= until => Ok(self.look_up((looks, absent), now)),
            Work::Ending { tries, again: Some(again) } if now >= again => Ok(self.clone().take_back(tries, now)),
            Work::Placed { watch: Some(watch) } if now >= watch => Ok(self.overdue(now)),
            // Waiting is woken with the guards' verdict, not with a tick.
            Work::Waiting { .. }
            | Work::Creating
            | Work::Doubtful { .. }
            | Work::Looking { .. }
            | Work::Placed { .. }
            | Work::Ending { .. }
            | Work::Over => Err(Refusal::stale("too early")),
        }
    }

    /// It rings too long or into the event, or its last word is missing.
    fn overdue(&self, now: Timestamp) -> Step<Self> {
        let Some(account_id) = self.account_id else { return self.over(Ending::Unknown, ("outcome_unknown", ""), now) };
        if self.is_ringing() && self.withdrawn.is_empty() {
            let is_at_wall = self.limits.not_after.is_some_and(|wall| now >= wall);
            let why = if is_at_wall { AT_THE_WALL } else { RANG_OUT };
            return Self { withdrawn: why.to_owned(), ..self.clone() }.take_back(0, now);
        }
        let round = self.round + 1;
        let effect = Effect::ReadAttempt { account_id, attempt_id: self.id, round };
        Step::to(Self { work: Work::Placed { watch: None }, round, ..self.clone() }).effect(effect)
    }

    /// Over, for good.
    pub(super) fn over(&self, ending: Ending, (reason, error): (&str, &str), now: Timestamp) -> Step<Self> {
        let next = Self {
            work: Work::Over,
            ending: Some(ending),
            reason: reason.to_owned(),
            error: error.to_owned(),
            end_time: Some(now),
            ..self.clone()
        };
        Step::to(next).news("attempt.ended")
    }

    /// Once more, later.
    pub(super) fn later(&self, now: Timestamp) -> Step<Self> {
        let until = now + back_off(self.tries.saturating_sub(1));
        Step::to(Self { work: Work::Waiting { until }, ..self.clone() })
    }
}
