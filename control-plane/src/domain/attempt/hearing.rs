//! What is heard of an attempt, from webhooks and from looks at it, in any order: when it is over, how long it is left alone,
//! and what is made of news about one that was given up.

use chrono::Duration;

use super::{
    Attempt, Channel, Ending, Heard, WITHDRAWN, Work,
    machine::Decided,
    withdrawal::{AT_THE_WALL, RANG_OUT},
};
use crate::domain::{
    machine::{Refusal, Step},
    outcome::Outcome,
    time::Timestamp,
};

/// Twilio may ring five seconds longer than asked; whoever rings longer than this is taken back.
const LONGEST_RING: Duration = Duration::seconds(55);
/// A message without a last word is looked at after so long.
const LONGEST_DELIVERY: Duration = Duration::minutes(15);
/// A call whose last word is missing is looked at so long after its limit; the call itself is looked up by then.
const LATE_WORD: Duration = Duration::minutes(2);

impl Attempt {
    pub(super) fn told(&self, sid: String, heard: Heard, now: Timestamp) -> Decided {
        if !self.vendor_sid.is_empty() && self.vendor_sid != sid {
            return Err(Refusal::stale("another call of the same attempt is known already"));
        }
        let next = Self { vendor_sid: sid, heard: self.heard.clone().joined(heard), ..self.clone() };
        if next == *self {
            return Err(Refusal::stale("that was known"));
        }
        Ok(match next.work {
            // Its own answer is still out: what was told is the proof that it happened.
            Work::Creating | Work::Doubtful { .. } | Work::Looking { .. } | Work::Waiting { .. } => {
                next.known().looked_after(now)
            }
            Work::Placed { .. } => next.watched(now),
            // Who answered meanwhile is not cut off.
            Work::Ending { .. } if !next.is_ringing() => next.watched(now),
            Work::Ending { .. } => Step::to(next),
            Work::Over if self.vendor_sid.is_empty() && next.goes_on() => next.known().looked_after(now),
            Work::Over => next.corrected(now),
        })
    }

    /// What nobody knew is known now.
    fn known(self) -> Self {
        Self { error: String::new(), reason: String::new(), error_code: 0, ending: None, end_time: None, ..self }
    }

    /// It is a call, and it is not over.
    fn goes_on(&self) -> bool {
        self.channel == Channel::Voice && self.heard.call.is_some_and(|status| !status.is_final())
    }

    /// The vendor has it. What rings and is not wanted any more is taken back.
    pub(super) fn looked_after(self, now: Timestamp) -> Step<Self> {
        match self.is_ringing() && !self.withdrawn.is_empty() {
            true => self.take_back(0, now),
            false => self.watched(now).news("attempt.placed"),
        }
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

    /// When somebody has to look after it. A connected person is left alone until long after the call must have ended.
    fn watch(&self, now: Timestamp) -> Option<Timestamp> {
        let begun = self.begin_time.unwrap_or(now);
        match self.channel {
            Channel::Voice if self.heard.is_answered() => Some(now + self.limits.time_limit.delta() + LATE_WORD),
            // It is being taken back, and what came of that is told.
            Channel::Voice if !self.withdrawn.is_empty() => Some(now + LONGEST_RING),
            Channel::Voice => {
                let rung_out = self.ring_end(now);
                Some(self.limits.not_after.map_or(rung_out, |wall| wall.min(rung_out)))
            }
            Channel::Sms | Channel::Whatsapp => Some(begun + LONGEST_DELIVERY),
            Channel::Email => None,
        }
    }

    /// Counted from when the vendor took it; a call that waits in the account's queue is held by the wall as well.
    fn ring_end(&self, now: Timestamp) -> Timestamp {
        let earlier = match &self.work {
            Work::Placed { watch } => *watch,
            _ => None,
        };
        let fresh = now + LONGEST_RING;
        earlier.map_or(fresh, |earlier| earlier.min(fresh))
    }

    /// The vendor was asked how it stands, because its last word is missing.
    pub(super) fn looked(&self, outcome: Outcome<Heard>, now: Timestamp) -> Step<Self> {
        let heard = match outcome {
            Outcome::Done(heard) => self.heard.clone().joined(heard),
            Outcome::Refused(_) | Outcome::Unknown(_) => self.heard.clone(),
        };
        let next = Self { heard, ..self.clone() };
        // Somebody answered, and nobody told us: they are left alone as if we had been told.
        let is_answered_now = next.heard.is_answered() && !self.heard.is_answered();
        match next.heard.ending(next.channel) {
            Some(ending) => next.heard_out(ending, now),
            None if is_answered_now => next.watched(now),
            None if next.channel == Channel::Voice => next.over(Ending::Unknown, ("outcome_unknown", ""), now),
            None => next.over(Ending::Sent, ("", ""), now),
        }
    }

    /// The end that was heard, with the reason people are told.
    fn heard_out(self, ending: Ending, now: Timestamp) -> Step<Self> {
        let (ending, reason) = self.meaning(ending);
        let error_code = self.heard.error_code;
        let error = match ending.reached_nobody() && error_code != 0 {
            true => format!("the vendor reports error {error_code}"),
            false => String::new(),
        };
        Self { error_code, ..self }.over(ending, (&reason, &error), now)
    }

    /// More became known of what is over: a key that was pressed counts whenever it is told.
    fn corrected(self, now: Timestamp) -> Step<Self> {
        let heard = self.heard.ending(self.channel);
        match heard.filter(|heard| self.ending != Some(self.meaning(*heard).0)) {
            Some(heard) => {
                let end_time = self.end_time;
                let step = self.heard_out(heard, now);
                Step { next: Self { end_time, ..step.next }, ..step }
            }
            None => Step::to(self),
        }
    }

    /// A call that we took back because nobody answered it in time was not withdrawn by anybody: nobody answered.
    fn meaning(&self, heard: Ending) -> (Ending, String) {
        match (heard, self.withdrawn.as_str()) {
            (Ending::Withdrawn, RANG_OUT) => (Ending::NoAnswer, RANG_OUT.to_owned()),
            (Ending::Withdrawn, AT_THE_WALL) => (Ending::Expired, AT_THE_WALL.to_owned()),
            (Ending::Withdrawn, why) if !why.is_empty() => (Ending::Withdrawn, why.to_owned()),
            (heard, _) => (heard, reason_of(heard).to_owned()),
        }
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
        Ending::Withdrawn => WITHDRAWN,
        Ending::Unknown => "outcome_unknown",
        Ending::Expired => AT_THE_WALL,
        Ending::Answered | Ending::Sent | Ending::Delivered | Ending::Simulated => "",
    }
}
