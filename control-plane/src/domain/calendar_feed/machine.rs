//! When a calendar is looked at. A look that fails, or whose outcome nobody knows, is repeated later and changes nothing: a
//! look has no consequences of its own.

use chrono::Duration;

use super::{CalendarFeed, Event, LONGEST_PAUSE, Look, RHYTHM, Reading, State, Work};
use crate::domain::{
    effect::Effect,
    machine::{Machine, Refusal, Step},
    outcome::{Outcome, Refused},
    time::Timestamp,
};

impl Machine for CalendarFeed {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        use {Event as E, Work as W};
        match (&self.work, event) {
            (W::New, E::Created) => Ok(self.look().news("calendar.created")),
            (W::Looking | W::Resting { .. }, E::Created) => Err(Refusal::stale("it is there already")),

            (W::Resting { until }, E::Tick) if now >= *until => Ok(self.look()),
            (W::New | W::Looking | W::Resting { .. }, E::Tick) => Err(Refusal::stale("too early")),

            // The look that is under way may have asked for changes only.
            (W::New | W::Looking, E::Asked) => Ok(Step::to(self.whole_next())),
            (W::Resting { .. }, E::Asked) => Ok(self.whole_next().look()),

            (W::Looking, E::Looked { round, outcome }) if round == self.round => Ok(self.learn(outcome, now)),
            (W::New | W::Looking | W::Resting { .. }, E::Looked { .. }) => {
                Err(Refusal::stale("the answer belongs to a look that is over"))
            }
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::Resting { until } => Some(until),
            Work::New | Work::Looking => None,
        }
    }
}

impl CalendarFeed {
    fn whole_next(&self) -> Self {
        Self { whole_round: self.round + 1, ..self.clone() }
    }

    fn look(&self) -> Step<Self> {
        let round = self.round + 1;
        let effect = Effect::FetchCalendar { calendar_feed_id: self.id, round };
        Step::to(Self { work: Work::Looking, round, ..self.clone() }).effect(effect)
    }

    fn learn(&self, outcome: Outcome<Look>, now: Timestamp) -> Step<Self> {
        let (next, pause) = match outcome {
            Outcome::Done(look) => (self.read(look), RHYTHM),
            Outcome::Refused(Refused { message, .. }) | Outcome::Unknown(message) => self.failed(message),
        };
        let news = self.news(&next);
        let next = Self { look_time: Some(now), ..next };
        let step = match next.whole_round > next.round {
            true => next.look(),
            false => Step::to(Self { work: Work::Resting { until: now + pause }, ..next }),
        };
        news.into_iter().fold(step, Step::news)
    }

    fn read(&self, look: Look) -> Self {
        let well = Self { state: State::Read, last_error: String::new(), failures: 0, ..self.clone() };
        match look {
            Look::Unchanged => well,
            Look::Read(reading) => {
                let Reading { etag, last_modified, read_time, is_suspicious, skipped } = *reading;
                let read_time = Some(read_time);
                match is_suspicious {
                    // Without what it takes to ask for changes only, it is read whole until it is itself again.
                    true => Self {
                        state: State::Suspicious,
                        last_error: SUSPICIOUS.to_owned(),
                        etag: None,
                        last_modified: None,
                        ..well
                    },
                    false => Self { etag, last_modified, read_time, skipped, ..well },
                }
            }
        }
    }

    fn failed(&self, why: String) -> (Self, Duration) {
        let failures = self.failures.saturating_add(1);
        let pause = (RHYTHM * (1 << (failures - 1).min(8))).min(LONGEST_PAUSE);
        (Self { state: State::Failed, last_error: why, failures, ..self.clone() }, pause)
    }

    /// Only what is new about how it goes.
    fn news(&self, next: &Self) -> Option<&'static str> {
        match next.state {
            same if same == self.state => None,
            State::Pending => None,
            State::Read => Some("calendar.read"),
            State::Failed => Some("calendar.failed"),
            State::Suspicious => Some("calendar.suspicious"),
        }
    }
}

const SUSPICIOUS: &str =
    "the calendar suddenly holds no event at all; its meetings stay until it does, or until it is added anew";
