//! Open loop: calls come at a fixed rate whether or not the ones before were answered, and an answer's time counts from when
//! its webhook was to be sent. A stall is thus seen by all it delays, not only by the one that was under way.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{Mutex as Turn, Semaphore, mpsc},
};

use super::{Line, Load, Outcome};
use crate::{
    Failure,
    webhook::{STEPS, Signed},
    world::Call,
};

/// Between two webhooks of a call; Twilio's are seconds apart, which a measurement of seconds cannot wait for.
const APART: f64 = 0.05;
/// A proxy of Twilio's keeps some connections; more than this many are never needed unless the stage stands still.
const MOST_LINES: usize = 512;

/// How calls come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Calls a second.
    pub rate: f64,
    /// Before it counts.
    pub warm_up: Duration,
    /// As long as it counts.
    pub measured: Duration,
}

/// When a webhook is to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Due {
    at: Duration,
    call: usize,
    step: usize,
}

impl Pace {
    /// Every webhook of every call, in the order of their times. They come evenly: the steps of different calls take turns.
    fn schedule(&self) -> Vec<Due> {
        let between = 1.0 / self.rate;
        let apart = (APART * self.rate).round().max(1.0) * between + between / STEPS as f64;
        let calls = ((self.warm_up + self.measured).as_secs_f64() * self.rate) as usize;
        let at = |call: usize, step: usize| Duration::from_secs_f64(call as f64 * between + step as f64 * apart);
        let mut schedule: Vec<Due> =
            (0..calls).flat_map(|call| (0..STEPS).map(move |step| Due { at: at(call, step), call, step })).collect();
        schedule.sort_by_key(|due| due.at);
        schedule
    }
}

impl Load {
    /// Makes calls at this pace and waits for every answer.
    pub async fn open(&self, pace: Pace) -> Result<Outcome, Failure> {
        let schedule = pace.schedule();
        let calls = (0..schedule.len() / STEPS).map(|_| OneCall::new(self.exchange.call())).collect();
        let (told, mut answers) = mpsc::unbounded_channel();
        let office = Arc::new(Office {
            load: self.clone(),
            calls,
            lines: Mutex::default(),
            free: Semaphore::new(MOST_LINES),
            start: Instant::now(),
            counts: pace.warm_up..pace.warm_up + pace.measured,
        });
        let runtime = Handle::current();
        // A thread of its own: the runtime's timer knows milliseconds only.
        thread::spawn(move || {
            for due in schedule {
                if let Some(early) = (office.start + due.at).checked_duration_since(Instant::now()) {
                    thread::sleep(early);
                }
                runtime.spawn(Arc::clone(&office).send(due, told.clone()));
            }
        });
        let mut outcome = Outcome::default();
        while let Some(answer) = answers.recv().await {
            outcome.add(answer);
        }
        Ok(outcome.sorted())
    }
}

/// A call and how many of its webhooks were acknowledged. They are sent in order, each after the answer to the last.
struct OneCall {
    call: Call,
    acknowledged: Turn<usize>,
}

impl OneCall {
    fn new(call: Call) -> Self {
        Self { call, acknowledged: Turn::new(0) }
    }
}

struct Office {
    load: Load,
    calls: Vec<OneCall>,
    lines: Mutex<Vec<Line>>,
    free: Semaphore,
    start: Instant,
    counts: std::ops::Range<Duration>,
}

impl Office {
    async fn send(self: Arc<Self>, due: Due, told: mpsc::UnboundedSender<Outcome>) {
        let call = &self.calls[due.call];
        let step = self.load.step(due.step);
        let signed = self.load.webhooks.signed(&call.call, step);
        let path = signed.path;
        let late = self.start.elapsed().saturating_sub(due.at);
        let mut acknowledged = call.acknowledged.lock().await;
        let mut outcome = Outcome::default();
        match self.post(signed, step).await {
            Ok(()) => *acknowledged += 1,
            Err(wrong) => outcome.wrong.push(format!("{path} of call {}: {wrong}", call.call.sid)),
        }
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let is_last = due.step + 1 == STEPS;
        outcome.acknowledged = u64::from(is_last && *acknowledged == STEPS);
        if self.counts.contains(&due.at) {
            outcome.took.push(micros(self.start.elapsed().saturating_sub(due.at)));
            outcome.late.push(micros(late));
            outcome.calls = u64::from(is_last);
        }
        // Nobody listens only when the bench ends early.
        drop(told.send(outcome));
    }

    async fn post(&self, signed: Signed, step: usize) -> Result<(), String> {
        let _free = self.free.acquire().await.map_err(|error| error.to_string())?;
        let mut line = match self.idle_line() {
            Some(line) => line,
            None => Line::connect(self.load.address, None).await.map_err(|error| error.to_string())?,
        };
        line.post(signed, step).await?;
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        Ok(())
    }

    /// The one that was used last.
    fn idle_line(&self) -> Option<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| lines.pop()).find(Line::is_open)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, STEPS};

    #[test]
    fn webhooks_are_due_evenly_and_those_of_a_call_in_order() {
        let pace = Pace { rate: 100.0, warm_up: Duration::from_secs(1), measured: Duration::from_secs(2) };
        let schedule = pace.schedule();
        assert_eq!(schedule.len(), 300 * STEPS);
        // While all steps are under way, one every 2 ms.
        for pair in schedule.windows(2).skip(STEPS * 30).take(1000) {
            let gap = (pair[1].at - pair[0].at).as_micros();
            assert!((1999..=2001).contains(&gap), "{gap} µs between {pair:?}");
        }
        let mut next = vec![0; 300];
        for due in schedule {
            assert_eq!(due.step, next[due.call]);
            next[due.call] += 1;
        }
    }
}
