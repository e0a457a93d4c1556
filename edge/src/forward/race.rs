//! One webhook's way through the control planes: the first one nearly always answers; the rest of this file is about when it
//! does not.

use std::{future::Future, pin::pin};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{sleep_until, timeout_at};

use super::{
    Class, Duration, Forwarder, Instant, Lane, Ordering, Outcome, Spend, Unanswered, Webhook, batch::Asked, reply,
};

/// Before the control planes are asked again about the same webhook; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Control planes that have all just stopped may be restarting: for so long webhooks wait for one to come back.
const GRACE: Duration = Duration::from_millis(1500);

type Attempt = Result<Outcome, Unanswered>;

/// Which control planes were asked about a webhook since it last began anew.
#[derive(Default)]
struct Tried(Vec<usize>);

impl Forwarder {
    /// The answer, within the deadline.
    pub async fn ask(&self, webhook: &Webhook, class: Class) -> Attempt {
        let start = Instant::now();
        let deadline = start + self.shared.deadline;
        let asked = Asked::about(webhook);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut tried = Tried::default();
        let Some(lane) = self.pick(turn, &mut tried) else {
            let race = Race::new(self, &asked, class, (turn, tried), deadline);
            return Box::pin(race.run()).await;
        };
        let mut first = pin!(ask_one(lane, asked.clone(), class));
        let answer = timeout_at((start + self.patience(class)).min(deadline), &mut first).await;
        if let Ok(Ok(outcome)) = answer {
            return Ok(outcome);
        }
        let mut race = Race::new(self, &asked, class, (turn, tried), deadline);
        match answer {
            Ok(failed) => race.last = failed.err().unwrap_or(Unanswered::NoReply),
            Err(_) => {
                race.last = Unanswered::Silent;
                race.attempts.push(first.boxed());
            }
        }
        Box::pin(race.run()).await
    }

    /// Before a second one is asked: a lost callback is repaired later, so its first one must be in trouble for sure.
    fn patience(&self, class: Class) -> Duration {
        if class == Class::Caller { self.hedge_after } else { self.shared.deadline / 2 }
    }

    /// Whether one of the control planes, all of which are down, answers again soon enough. An outage that is older than the
    /// grace is no restart, and nobody waits for its end.
    async fn comes_back(&self, deadline: Instant) -> bool {
        let mut ups = self.shared.ups.subscribe();
        let since = self.replicas.iter().map(|replica| replica.lane.down_since()).max().flatten();
        if self.replicas.iter().any(|replica| replica.lane.admits()) {
            return true;
        }
        let Some(since) = since else { return true };
        let until = (since + GRACE.min(self.shared.deadline / 2)).min(deadline);
        timeout_at(until, ups.changed()).await.is_ok()
    }

    /// The next one in turn that is up and was not asked, if the budget has something left for it.
    fn pick_if(&self, turn: usize, tried: &mut Tried, spend: Option<Spend>) -> Option<&Lane> {
        let before = tried.0.len();
        let lane = self.pick(turn, tried)?;
        if spend.is_none_or(|spend| self.allows(spend)) {
            return Some(lane);
        }
        tried.0.truncate(before);
        None
    }

    fn pick(&self, turn: usize, tried: &mut Tried) -> Option<&Lane> {
        let count = self.replicas.len();
        let mut indexes = (0..count).map(|step| turn.wrapping_add(step) % count);
        let index = indexes.find(|index| !tried.0.contains(index) && self.replicas[*index].lane.admits())?;
        tried.0.push(index);
        Some(&self.replicas[index].lane)
    }
}

/// A webhook whose first attempt did not answer.
struct Race<'a> {
    forwarder: &'a Forwarder,
    asked: &'a Asked,
    class: Class,
    turn: usize,
    tried: Tried,
    deadline: Instant,
    attempts: FuturesUnordered<BoxFuture<'a, Attempt>>,
    last: Unanswered,
    /// When another one is asked, if one is.
    next_start: Option<Instant>,
    /// Those that were asked before are asked again.
    again: bool,
    pause: Duration,
}

impl<'a> Race<'a> {
    fn new(
        forwarder: &'a Forwarder,
        asked: &'a Asked,
        class: Class,
        (turn, tried): (usize, Tried),
        deadline: Instant,
    ) -> Self {
        let (attempts, last, next_start) = (FuturesUnordered::new(), Unanswered::AllDown, Some(Instant::now()));
        let (again, pause) = (false, FIRST_PAUSE);
        Self { forwarder, asked, class, turn, tried, deadline, attempts, last, next_start, again, pause }
    }

    async fn run(mut self) -> Attempt {
        loop {
            tokio::select! {
                biased;
                Some(answer) = self.attempts.next() => match answer {
                    Ok(outcome) => return Ok(outcome),
                    Err(unanswered) => {
                        self.last = unanswered;
                        self.next_start = Some(Instant::now());
                    }
                },
                () = wait_until(self.next_start) => if !self.go_on().await {
                    return Err(self.last);
                },
                () = sleep_until(self.deadline) => return Err(Unanswered::Silent),
            }
        }
    }

    /// Asks another one, and another; the same ones again after a pause; waits a while for one to come back. False when there
    /// is nothing left to do.
    async fn go_on(&mut self) -> bool {
        let (forwarder, spend) = (self.forwarder, self.spend());
        if let Some(lane) = forwarder.pick_if(self.turn, &mut self.tried, spend) {
            match spend {
                Some(Spend::Hedge) => lane.metrics.hedged(),
                Some(_) => lane.metrics.retried(),
                None => {}
            }
            self.attempts.push(ask_one(lane, self.asked.clone(), self.class).boxed());
            (self.again, self.next_start) = (false, Some(Instant::now() + forwarder.patience(self.class)));
            return true;
        }
        if !self.attempts.is_empty() {
            self.next_start = None;
            return true;
        }
        if !forwarder.replicas.iter().any(|replica| replica.lane.admits()) {
            self.tried.0.clear();
            return forwarder.comes_back(self.deadline).await;
        }
        // Those that are up were asked and have failed. A full queue is not for waiting before it.
        if self.again || self.last == Unanswered::Overloaded {
            return false;
        }
        self.again = true;
        self.tried.0.clear();
        self.next_start = Some(Instant::now() + self.pause);
        self.pause *= 2;
        true
    }

    /// What one attempt more is charged as; the first one, and one after a queue of ours was full, asks nobody a second time.
    fn spend(&self) -> Option<Spend> {
        match self.last {
            _ if self.again => Some(Spend::Again),
            Unanswered::AllDown | Unanswered::Overloaded => None,
            Unanswered::Silent if !self.attempts.is_empty() => Some(Spend::Hedge),
            _ if self.class == Class::Caller => Some(Spend::CallersFailover),
            _ => Some(Spend::Failover),
        }
    }
}

fn ask_one(lane: &Lane, asked: Asked, class: Class) -> impl Future<Output = Attempt> + Send + '_ {
    lane.ask(asked, class).map(|reply| reply::outcome(reply?))
}

async fn wait_until(start: Option<Instant>) {
    match start {
        Some(start) => sleep_until(start).await,
        None => std::future::pending().await,
    }
}
