//! Closed loop: callers that each make one call after another over a connection of their own. The next webhook of a call
//! goes out when the last was answered, as Twilio does; the rate is what the stage carries.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Line, Load, Outcome};
use crate::{Failure, webhook::STEPS};

impl Load {
    /// Makes this many calls at a time for this long; those under way at the end are brought to theirs, and do not count
    /// in the figures.
    pub async fn closed(&self, callers: usize, measured: Duration) -> Result<Outcome, Failure> {
        let end = Instant::now() + measured;
        let mut calling = JoinSet::new();
        for _ in 0..callers {
            calling.spawn(Caller::call_until(self.clone(), end));
        }
        let mut outcome = Outcome::default();
        while let Some(caller) = calling.join_next().await {
            outcome.add(caller??);
        }
        Ok(outcome.sorted())
    }
}

struct Caller {
    load: Load,
    line: Line,
    end: Instant,
    outcome: Outcome,
}

impl Caller {
    async fn call_until(load: Load, end: Instant) -> Result<Outcome, Failure> {
        let line = Line::connect(load.address, None).await?;
        let mut caller = Self { load, line, end, outcome: Outcome::default() };
        while Instant::now() < end && caller.outcome.wrong.is_empty() {
            caller.call().await;
        }
        Ok(caller.outcome)
    }

    async fn call(&mut self) {
        let call = self.load.exchange.call();
        for step in 0..STEPS {
            let step = self.load.step(step);
            let signed = self.load.webhooks.signed(&call, step);
            let path = signed.path;
            let started = Instant::now();
            if let Err(wrong) = self.line.post(signed, step).await {
                return self.outcome.wrong.push(format!("{path} of call {}: {wrong}", call.sid));
            }
            let now = Instant::now();
            if now < self.end {
                self.outcome.took.push(u32::try_from((now - started).as_micros()).unwrap_or(u32::MAX));
            }
        }
        self.outcome.acknowledged += 1;
        self.outcome.calls += u64::from(Instant::now() < self.end);
    }
}
