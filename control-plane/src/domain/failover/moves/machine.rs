//! How a move goes on. Turning the routing is the pivot: before it everything can be taken back, after it there is only
//! forward, again and again, and at last a person.

use chrono::Duration;

use super::{Blame, Ended, Event, Kind, Move, Order, Rest, State, Unwound, Work};
use crate::domain::{
    machine::{Machine, Refusal, Step},
    time::Timestamp,
};

/// How long a number has to come to rest after the turn before it is asked again.
const LOOK: Duration = Duration::seconds(60);
/// How often it is asked before a person must look.
const LOOKS: u32 = 5;

const LATE: Refusal = Refusal::stale("the move is over, or further on");

impl Machine for Move {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        use Work as W;
        match (&self.work, event) {
            (W::Waiting, Event::Began { until }) => {
                Ok(Step::to(Self { begin_time: Some(now), ..self.at(W::Preparing { until }) }).news("move.began"))
            }
            (W::Waiting, Event::Edited { why }) => Ok(self.end(W::Skipped { why }, now).news("move.skipped")),
            (W::Waiting, Event::Dropped { why }) => Ok(self.end(W::Undone { why }, now).news("move.undone")),
            (W::Preparing { .. }, Event::Settled(Rest::Right)) => Ok(self.flip(now)),
            (W::Preparing { .. }, Event::Settled(Rest::Wrong { why, blame })) => {
                Ok(self.unwind(why, Unwound::Failed(blame), now))
            }
            (W::Preparing { .. }, Event::Dropped { why }) => Ok(self.unwind(why, Unwound::Undone, now)),
            (W::Preparing { .. }, Event::Edited { why }) => Ok(self.unwind(why, Unwound::Skipped, now)),
            (W::Preparing { until }, Event::Tick { seen }) if now >= *until => {
                Ok(self.unwind(not_ready(&seen), Unwound::Failed(Blame::Surroundings), now))
            }
            (W::Verifying { .. }, Event::Settled(Rest::Right)) => Ok(self.verified(now)),
            (W::Verifying { tries, .. }, Event::Settled(Rest::Wrong { why, .. })) => {
                Ok(self.look_again(*tries, why, now))
            }
            (W::Verifying { until, tries }, Event::Tick { seen }) if now >= *until => {
                Ok(self.look_again(*tries, seen, now))
            }
            (W::Detaching { .. }, Event::Settled(Rest::Right)) => Ok(self.moved(String::new(), now)),
            // The old account may be dead: what it still holds does no harm, and is told.
            (W::Detaching { .. }, Event::Settled(Rest::Wrong { why, .. })) => Ok(self.moved(still_held(&why), now)),
            (W::Detaching { until }, Event::Tick { seen }) if now >= *until => Ok(self.moved(still_held(&seen), now)),
            (W::Unwinding { why, then, .. }, Event::Settled(_)) => Ok(self.unwound(why.clone(), *then, now)),
            (W::Unwinding { until, why, then }, Event::Tick { .. }) if now >= *until => {
                Ok(self.unwound(why.clone(), *then, now))
            }
            (W::Stuck { .. }, Event::Retried) => {
                let work = W::Verifying { until: now + LOOK, tries: 0 };
                Ok(Step::to(Self { end_time: None, ..self.at(work) }).news("move.retried"))
            }
            (W::Stuck { why }, Event::Accepted { actor }) => {
                Ok(self.moved(format!("not verified: {why}; accepted by {actor}"), now))
            }

            (
                W::Waiting
                | W::Preparing { .. }
                | W::Verifying { .. }
                | W::Detaching { .. }
                | W::Unwinding { .. }
                | W::Moved { .. }
                | W::Undone { .. }
                | W::Failed { .. }
                | W::LeftOut { .. }
                | W::Skipped { .. }
                | W::Stuck { .. },
                Event::Began { .. }
                | Event::Edited { .. }
                | Event::Settled(_)
                | Event::Tick { .. }
                | Event::Dropped { .. }
                | Event::Retried
                | Event::Accepted { .. },
            ) => Err(LATE),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match &self.work {
            Work::Preparing { until }
            | Work::Verifying { until, .. }
            | Work::Detaching { until }
            | Work::Unwinding { until, .. } => Some(*until),
            // The failover says when its turn comes, and what becomes of it when it is stuck.
            Work::Waiting
            | Work::Moved { .. }
            | Work::Undone { .. }
            | Work::Failed { .. }
            | Work::LeftOut { .. }
            | Work::Skipped { .. }
            | Work::Stuck { .. } => None,
        }
    }
}

fn not_ready(seen: &str) -> String {
    match seen {
        "" => "the number was not ready in time".to_owned(),
        seen => format!("the number was not ready in time: {seen}"),
    }
}

fn still_held(why: &str) -> String {
    format!("the old number is not let go of completely: {why}")
}

impl Move {
    /// Where it stands, in a word.
    pub fn state(&self) -> State {
        match &self.work {
            Work::Waiting => State::Waiting,
            Work::Preparing { .. } => State::Preparing,
            Work::Verifying { .. } => State::Verifying,
            Work::Detaching { .. } => State::Detaching,
            Work::Unwinding { .. } => State::Unwinding,
            Work::Moved { .. } => State::Moved,
            Work::Undone { .. } => State::Undone,
            Work::Failed { .. } => State::Failed,
            Work::LeftOut { .. } => State::LeftOut,
            Work::Skipped { .. } => State::Skipped,
            Work::Stuck { .. } => State::Stuck,
        }
    }

    /// Why it is where it is; empty when all is well.
    pub fn why(&self) -> &str {
        match &self.work {
            Work::Waiting | Work::Preparing { .. } | Work::Verifying { .. } | Work::Detaching { .. } => "",
            Work::Unwinding { why, .. }
            | Work::Undone { why }
            | Work::Failed { why, .. }
            | Work::LeftOut { why }
            | Work::Skipped { why }
            | Work::Stuck { why }
            | Work::Moved { note: why } => why,
        }
    }

    /// How it came to rest by this step.
    pub fn ended_since(&self, before: &Self) -> Option<Ended> {
        if before.state() == self.state() {
            return None;
        }
        match &self.work {
            Work::Moved { .. } if before.state() == State::Stuck => None,
            Work::Moved { .. } => Some(Ended::Moved),
            Work::Failed { blame, .. } => Some(Ended::Failed(*blame)),
            Work::Undone { .. } => Some(Ended::Undone),
            Work::Skipped { .. } => Some(Ended::Skipped),
            Work::Stuck { .. } => Some(Ended::Stuck),
            Work::Waiting
            | Work::Preparing { .. }
            | Work::Verifying { .. }
            | Work::Detaching { .. }
            | Work::Unwinding { .. }
            | Work::LeftOut { .. } => None,
        }
    }

    /// What is to be done in the transaction of this step.
    pub fn orders_since(&self, before: &Self) -> Vec<Order> {
        if before.work == self.work {
            return Vec::new();
        }
        match (&self.work, self.kind) {
            (Work::Preparing { .. }, _) => vec![Order::Converge],
            (Work::Verifying { .. }, _) if self.flip_time != before.flip_time => vec![Order::Flip, Order::Converge],
            (Work::Verifying { .. }, _) => vec![Order::Converge],
            (Work::Detaching { .. }, _) => vec![Order::Detach],
            (Work::Unwinding { .. }, _) => vec![Order::RemoveImport],
            // The number of a rollback is the line's own: it was never in the pool.
            (Work::Undone { .. } | Work::Failed { .. } | Work::Skipped { .. }, Kind::Rollback) => Vec::new(),
            (Work::Failed { blame: Blame::Number, .. }, _) => vec![Order::PutAside],
            (Work::Undone { .. } | Work::Failed { .. } | Work::Skipped { .. }, _) => vec![Order::GiveBack],
            (Work::Moved { .. }, Kind::Rollback) => vec![Order::GiveBackOld],
            (Work::Moved { .. }, Kind::Rehearsal) => vec![Order::Return],
            (Work::Moved { .. } | Work::Waiting | Work::LeftOut { .. } | Work::Stuck { .. }, _) => Vec::new(),
        }
    }

    fn at(&self, work: Work) -> Self {
        Self { work, ..self.clone() }
    }

    fn end(&self, work: Work, now: Timestamp) -> Step<Self> {
        Step::to(Self { end_time: Some(now), ..self.at(work) })
    }

    /// The number is what it shall be: the agent is reached by it from now on.
    fn flip(&self, now: Timestamp) -> Step<Self> {
        let work = Work::Verifying { until: now + LOOK, tries: 0 };
        Step::to(Self { flip_time: Some(now), ..self.at(work) }).news("move.flipped")
    }

    fn verified(&self, now: Timestamp) -> Step<Self> {
        if !self.detaches {
            return self.moved(String::new(), now);
        }
        Step::to(self.at(Work::Detaching { until: now + LOOK })).news("move.verified")
    }

    fn moved(&self, note: String, now: Timestamp) -> Step<Self> {
        self.end(Work::Moved { note }, now).news("move.moved")
    }

    fn look_again(&self, tries: u32, why: String, now: Timestamp) -> Step<Self> {
        if tries + 1 >= LOOKS {
            return self.end(Work::Stuck { why }, now).news("move.stuck");
        }
        Step::to(self.at(Work::Verifying { until: now + LOOK, tries: tries + 1 }))
    }

    /// Nothing was turned. What ElevenLabs imported must go; webhooks of ours on a backup number do no harm.
    fn unwind(&self, why: String, then: Unwound, now: Timestamp) -> Step<Self> {
        match self.is_native {
            true => Step::to(self.at(Work::Unwinding { until: now + LOOK, why, then })).news("move.unwinding"),
            false => self.unwound(why, then, now),
        }
    }

    fn unwound(&self, why: String, then: Unwound, now: Timestamp) -> Step<Self> {
        match then {
            Unwound::Failed(blame) => self.end(Work::Failed { why, blame }, now).news("move.failed"),
            Unwound::Undone => self.end(Work::Undone { why }, now).news("move.undone"),
            Unwound::Skipped => self.end(Work::Skipped { why }, now).news("move.skipped"),
        }
    }
}
