//! How an attempt goes on. A vendor is asked once at a time; what may have happened is looked up before it is asked again,
//! and whatever is not wanted any more is taken back as soon as it is known to be there.

use chrono::Duration;

use super::{Attempt, Channel, Ending, Event, Heard, Route, Taken, Work};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step, back_off},
    outcome::Outcome,
    time::Timestamp,
};

/// Twilio may ring five seconds longer than asked; whoever rings longer than this is taken back.
pub(super) const LONGEST_RING: Duration = Duration::seconds(55);
/// A message without a last word is looked at after so long.
const LONGEST_DELIVERY: Duration = Duration::minutes(15);
/// A call whose last word is missing is looked at so long after its limit; the call itself is looked up by then.
const LATE_WORD: Duration = Duration::minutes(2);
/// How often it is tried to take something back.
const MOST_ENDS: u32 = 5;

pub(super) type Decided = Result<Step<Attempt>, Refusal>;

impl Machine for Attempt {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Decided {
        use {Event as E, Work as W};
        match (&self.work, event) {
            (W::Waiting { .. }, E::Admitted { route, verdict, cost_micros }) => {
                Ok(Self { verdict, cost_micros, ..self.clone() }.make(route, now))
            }
            (W::Waiting { .. }, E::Denied { verdict, reason, error }) => {
                let denied = Self { verdict, ..self.clone() };
                Ok(denied.over(Ending::Failed, (reason, &error), now))
            }
            (W::Waiting { .. }, E::Held { until }) => Ok(Step::to(Self { work: W::Waiting { until }, ..self.clone() })),

            (W::Creating, E::Created { round, outcome }) if round == self.round => Ok(self.created(outcome, now)),
            (W::Creating, E::Stopped { round, reason, error }) if round == self.round => {
                Ok(self.stopped((reason, &error), now))
            }
            (W::Looking { looks }, E::Found { round, outcome }) if round == self.round => {
                Ok(self.found(*looks, outcome, now))
            }
            (W::Ending { tries, .. }, E::Answered { round, outcome }) if round == self.round => {
                Ok(self.ended(*tries, outcome, now))
            }
            (W::Placed { .. }, E::Answered { round, outcome }) if round == self.round => Ok(self.looked(outcome, now)),

            (_, E::Told { sid, heard }) => self.told(sid, heard, now),
            (W::Placed { .. } | W::Ending { .. }, E::MenuRepeated) => {
                Ok(Step::to(Self { menus: self.menus + 1, ..self.clone() }))
            }
            (W::Over, E::Withdrawn { .. }) => Err(Refusal::stale("it is over")),
            (_, E::Withdrawn { why }) => self.withdrawn(why, now),
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
                | E::Found { .. }
                | E::Answered { .. }
                | E::MenuRepeated,
            ) => Err(Refusal::stale("the answer belongs to what is over")),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::Waiting { until } | Work::Doubtful { until, .. } => Some(until),
            Work::Placed { watch } => watch,
            Work::Ending { again, .. } => again,
            Work::Creating | Work::Looking { .. } | Work::Over => None,
        }
    }
}

impl Attempt {
    /// It was not made, because it was not wanted any more, or not allowed, when its turn came.
    fn stopped(&self, (reason, error): (&str, &str), now: Timestamp) -> Step<Self> {
        match reason {
            "withdrawn" => self.over(Ending::Withdrawn, (&self.withdrawn, error), now),
            "outside_critical_window" => self.over(Ending::Expired, (reason, error), now),
            _ => self.over(Ending::Failed, (reason, error), now),
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
        if !next.withdrawn.is_empty() {
            return next.take_back(0, now);
        }
        next.watched(now).news("attempt.placed")
    }

    /// Placed, or over if that is what was heard.
    pub(super) fn watched(self, now: Timestamp) -> Step<Self> {
        match self.heard.ending(self.channel) {
            Some(ending) => self.heard_out(ending, now),
            None => {
                let watch = self.watch(now);
                Step::to(Self { work: Work::Placed { watch }, ..self })
            }
        }
    }

    /// The end that was heard, with the reason people are told.
    fn heard_out(self, ending: Ending, now: Timestamp) -> Step<Self> {
        let is_ours = ending == Ending::Withdrawn && !self.withdrawn.is_empty();
        let reason = if is_ours { self.withdrawn.clone() } else { reason_of(ending).to_owned() };
        let error = match (ending.reached_nobody(), self.heard.error_code) {
            (true, code) if code != 0 => format!("the vendor reports error {code}"),
            _ => String::new(),
        };
        let error_code = self.heard.error_code;
        let next = Self { error_code, ..self };
        next.over(ending, (&reason, &error), now)
    }

    /// When somebody has to look after it. A connected person is left alone until long after the call must have ended.
    fn watch(&self, now: Timestamp) -> Option<Timestamp> {
        let begun = self.begin_time.unwrap_or(now);
        match self.channel {
            Channel::Voice if self.heard.is_answered() => Some(now + self.limits.time_limit.delta() + LATE_WORD),
            Channel::Voice => {
                let rung_out = self.ring_end(now);
                Some(self.limits.not_after.map_or(rung_out, |wall| wall.min(rung_out)))
            }
            Channel::Sms | Channel::Whatsapp => Some(begun + LONGEST_DELIVERY),
            Channel::Email => None,
        }
    }

    /// Counted from now, when it begins to ring; a call that waits in the account's queue is held by the wall.
    fn ring_end(&self, now: Timestamp) -> Timestamp {
        let earlier = match &self.work {
            Work::Placed { watch } if !self.heard.is_answered() => *watch,
            _ => None,
        };
        let fresh = now + LONGEST_RING;
        earlier.map_or(fresh, |earlier| earlier.min(fresh))
    }

    fn told(&self, sid: String, heard: Heard, now: Timestamp) -> Decided {
        if !self.vendor_sid.is_empty() && self.vendor_sid != sid {
            return Err(Refusal::stale("another call of the same attempt is known already"));
        }
        let next = Self { vendor_sid: sid, heard: self.heard.clone().joined(heard), ..self.clone() };
        if next == *self {
            return Err(Refusal::stale("that was known"));
        }
        Ok(match next.work {
            // Its own answer is still out: what was told is the proof that it happened.
            Work::Creating | Work::Doubtful { .. } | Work::Looking { .. } if !next.withdrawn.is_empty() => {
                next.known().take_back(0, now)
            }
            Work::Creating | Work::Doubtful { .. } | Work::Looking { .. } | Work::Waiting { .. } => {
                next.known().watched(now).news("attempt.placed")
            }
            Work::Placed { .. } => next.watched(now),
            Work::Ending { .. } => match next.heard.ending(next.channel) {
                Some(ending) => next.heard_out(ending, now),
                None => Step::to(next),
            },
            Work::Over => next.corrected(),
        })
    }

    /// What nobody knew is known now.
    fn known(self) -> Self {
        Self { error: String::new(), reason: String::new(), error_code: 0, ..self }
    }

    /// More became known of what is over: a key that was pressed counts whenever it is told.
    fn corrected(self) -> Step<Self> {
        match self.heard.ending(self.channel) {
            Some(ending) if self.ending != Some(ending) => {
                let reason = reason_of(ending).to_owned();
                Step::to(Self { ending: Some(ending), reason, ..self }).news("attempt.ended")
            }
            _ => Step::to(self),
        }
    }

    fn withdrawn(&self, why: &'static str, now: Timestamp) -> Decided {
        if !self.withdrawn.is_empty() {
            return Err(Refusal::stale("it is being taken back"));
        }
        let next = Self { withdrawn: why.to_owned(), ..self.clone() };
        Ok(match next.work {
            Work::Waiting { .. } => next.over(Ending::Withdrawn, (why, ""), now),
            // Who talks is not cut off, and what is written cannot be taken back.
            Work::Placed { .. } if next.channel == Channel::Voice && !next.heard.is_answered() => {
                next.take_back(0, now)
            }
            Work::Creating
            | Work::Doubtful { .. }
            | Work::Looking { .. }
            | Work::Placed { .. }
            | Work::Ending { .. }
            | Work::Over => Step::to(next),
        })
    }

    fn take_back(self, tries: u32, now: Timestamp) -> Step<Self> {
        // What is written stays written; it goes on to its end.
        let (Channel::Voice, Some(account_id)) = (self.channel, self.account_id) else { return self.watched(now) };
        let round = self.round + 1;
        let effect = Effect::EndAttempt { account_id, attempt_id: self.id, round };
        Step::to(Self { work: Work::Ending { tries, again: None }, round, ..self }).effect(effect)
    }

    fn ended(&self, tries: u32, outcome: Outcome<Heard>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(heard) => {
                let next = Self { heard: self.heard.clone().joined(heard), ..self.clone() };
                // Somebody answered meanwhile, or Twilio took the order and the callback tells the rest.
                Self { work: Work::Placed { watch: None }, ..next }.watched(now)
            }
            Outcome::Refused(_) | Outcome::Unknown(_) if tries + 1 < MOST_ENDS => {
                let again = Some(now + Duration::milliseconds(500 << tries));
                Step::to(Self { work: Work::Ending { tries: tries + 1, again }, ..self.clone() })
            }
            Outcome::Refused(_) | Outcome::Unknown(_) => {
                let watch = Some(now + LONGEST_RING);
                Step::to(Self { work: Work::Placed { watch }, ..self.clone() }).news("attempt.not-taken-back")
            }
        }
    }

    /// The vendor was asked how it stands, because its last word is missing.
    fn looked(&self, outcome: Outcome<Heard>, now: Timestamp) -> Step<Self> {
        let heard = match outcome {
            Outcome::Done(heard) => self.heard.clone().joined(heard),
            Outcome::Refused(_) | Outcome::Unknown(_) => self.heard.clone(),
        };
        let next = Self { heard, ..self.clone() };
        match next.heard.ending(next.channel) {
            Some(ending) => next.heard_out(ending, now),
            None if next.channel == Channel::Voice => next.over(Ending::Unknown, ("outcome_unknown", ""), now),
            None => next.over(Ending::Sent, ("", ""), now),
        }
    }

    fn woken(&self, now: Timestamp) -> Decided {
        match self.work {
            Work::Doubtful { looks, until } if now >= until => Ok(self.look_up(looks)),
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
        let is_ringing = self.channel == Channel::Voice && !self.heard.is_answered();
        if is_ringing && self.withdrawn.is_empty() {
            let is_at_wall = self.limits.not_after.is_some_and(|wall| now >= wall);
            let why = if is_at_wall { "outside_critical_window" } else { "ring_timeout" };
            return Self { withdrawn: why.to_owned(), ..self.clone() }.take_back(0, now);
        }
        let Some(account_id) = self.account_id else { return self.over(Ending::Unknown, ("outcome_unknown", ""), now) };
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

fn reason_of(ending: Ending) -> &'static str {
    match ending {
        Ending::NoAnswer => "no_answer",
        Ending::Busy => "busy",
        Ending::Machine => "answering_machine",
        Ending::Fax => "fax",
        Ending::NoKey => "no_key",
        Ending::Undelivered => "undelivered",
        Ending::Failed => "failed",
        Ending::Withdrawn => "withdrawn",
        Ending::Unknown => "outcome_unknown",
        Ending::Expired => "outside_critical_window",
        Ending::Answered | Ending::Sent | Ending::Delivered | Ending::Simulated => "",
    }
}
