//! How a notification gets to its people. A mail vendor that is away is tried for a day; an unknown outcome is repeated
//! after a pause, because two copies of an alarm are better than none.

use chrono::Duration;

use super::{Event, Means, Notification, Taken, Work};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step, back_off},
    outcome::Outcome,
    time::Timestamp,
};

/// How long a mail vendor that is away is tried.
const PATIENCE: Duration = Duration::hours(24);
/// Until a mail that may have been sent is sent again. No mail vendor with an answer still outstanding takes so long.
const GRACE: Duration = Duration::minutes(10);
/// How often a mail may have been sent before it is left at that.
const MOST_DOUBTS: u32 = 3;

impl Machine for Notification {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match (&self.work, event) {
            (_, Event::Told(means)) => Ok(self.begin(means)),
            (Work::Sending { doubts }, Event::Answered { round, outcome }) if round == self.attempt => {
                Ok(self.learn(*doubts, outcome, now))
            }
            (
                Work::Sending { .. }
                | Work::Waiting { .. }
                | Work::Doubtful { .. }
                | Work::Sent
                | Work::Failed
                | Work::Unknown
                | Work::NotConfigured,
                Event::Answered { .. },
            ) => Err(Refusal::stale("the answer belongs to an attempt that is over")),
            (Work::Failed | Work::Unknown | Work::NotConfigured, Event::ResendRequested(means)) => {
                Ok(self.begin(means))
            }
            (Work::Sent, Event::ResendRequested(_)) => {
                Err(Refusal::new("NOTIFICATION_SENT", "the mail vendor took it; it is not sent twice"))
            }
            (Work::Sending { .. } | Work::Waiting { .. } | Work::Doubtful { .. }, Event::ResendRequested(_)) => {
                Err(Refusal::new("NOTIFICATION_PENDING", "it is being sent, or will be by itself"))
            }
            (Work::Waiting { doubts, until } | Work::Doubtful { doubts, until }, Event::Tick) if now >= *until => {
                Ok(self.send(*doubts))
            }
            (
                Work::Sending { .. }
                | Work::Waiting { .. }
                | Work::Doubtful { .. }
                | Work::Sent
                | Work::Failed
                | Work::Unknown
                | Work::NotConfigured,
                Event::Tick,
            ) => Err(Refusal::stale("too early")),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::Waiting { until, .. } | Work::Doubtful { until, .. } => Some(until),
            Work::Sending { .. } | Work::Sent | Work::Failed | Work::Unknown | Work::NotConfigured => None,
        }
    }
}

impl Notification {
    fn begin(&self, means: Means) -> Step<Self> {
        let lacking = match means {
            Means::None => Some("the server has no mail vendor; set CALLPLANE_MAIL"),
            Means::Vendor if self.recipients.is_empty() => {
                Some("nobody is to be told; add addresses with `callplane monitor update-policy`")
            }
            Means::Vendor => None,
        };
        match lacking {
            None => self.send(0),
            Some(why) => {
                let next = Self { work: Work::NotConfigured, last_error: why.to_owned(), ..self.clone() };
                Step::to(next).news("notification.not-configured")
            }
        }
    }

    fn send(&self, doubts: u32) -> Step<Self> {
        let attempt = self.attempt + 1;
        Step::to(Self { work: Work::Sending { doubts }, attempt, ..self.clone() })
            .effect(Effect::SendMail { notification_id: self.id, round: attempt })
    }

    fn learn(&self, doubts: u32, outcome: Outcome<Taken>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(Taken { message_id, simulated }) => {
                let next = Self {
                    work: Work::Sent,
                    last_error: String::new(),
                    vendor_message_id: message_id,
                    simulated,
                    send_time: Some(now),
                    ..self.clone()
                };
                Step::to(next).news("notification.sent")
            }
            Outcome::Refused(refused) if refused.cause.is_transient() && now - self.create_time < PATIENCE => {
                let until = now + back_off(self.attempt);
                let work = Work::Waiting { doubts, until };
                Step::to(Self { work, last_error: refused.message, ..self.clone() })
            }
            Outcome::Refused(refused) => self.give_up(Work::Failed, refused.message),
            Outcome::Unknown(why) if doubts + 1 < MOST_DOUBTS => {
                let work = Work::Doubtful { doubts: doubts + 1, until: now + GRACE };
                Step::to(Self { work, last_error: why, ..self.clone() })
            }
            Outcome::Unknown(why) => self.give_up(Work::Unknown, why),
        }
    }

    fn give_up(&self, work: Work, why: String) -> Step<Self> {
        Step::to(Self { work, last_error: why, ..self.clone() }).news("notification.failed")
    }
}
