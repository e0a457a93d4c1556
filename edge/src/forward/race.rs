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
            return Box::pin(self.go_on(&asked, class, turn, tried, None, Unanswered::AllDown, deadline)).await;
        };
        let mut first = pin!(ask_one(lane, asked.clone(), class));
        let (silent, last) = match timeout_at((start + self.patience(class)).min(deadline), &mut first).await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(unanswered)) => (None, unanswered),
            Err(_) => (Some(first.boxed()), Unanswered::Silent),
        };
        Box::pin(self.go_on(&asked, class, turn, tried, silent, last, deadline)).await
    }

    /// Before a second one is asked: a lost callback is repaired later, so its first one must be in trouble for sure.
    fn patience(&self, class: Class) -> Duration {
        if class == Class::Caller { self.hedge_after } else { self.shared.deadline / 2 }
    }

    /// Asks another one, and another; the same ones again after a pause; waits a while for one to come back.
    #[allow(
        clippy::too_many_arguments,
        reason = "what the first attempt left, at the one place that goes on from there"
    )]
    async fn go_on<'a>(
        &'a self,
        asked: &'a Asked,
        class: Class,
        turn: usize,
        mut tried: Tried,
        silent: Option<BoxFuture<'a, Attempt>>,
        mut last: Unanswered,
        deadline: Instant,
    ) -> Attempt {
        let mut attempts: FuturesUnordered<BoxFuture<'a, Attempt>> = silent.into_iter().collect();
        let mut next_start = Some(Instant::now());
        let mut pause = FIRST_PAUSE;
        let mut again = false;
        loop {
            tokio::select! {
                biased;
                Some(answer) = attempts.next() => match answer {
                    Ok(outcome) => return Ok(outcome),
                    Err(unanswered) => {
                        last = unanswered;
                        next_start = Some(Instant::now());
                    }
                },
                () = wait_until(next_start) => {
                    let spend = if again { Some(Spend::Again) } else { spend(class, &last, attempts.is_empty()) };
                    if let Some(lane) = self.pick_if(turn, &mut tried, spend) {
                        match spend {
                            Some(Spend::Hedge) => lane.metrics.hedged(),
                            Some(_) => lane.metrics.retried(),
                            None => {}
                        }
                        attempts.push(ask_one(lane, asked.clone(), class).boxed());
                        (again, next_start) = (false, Some(Instant::now() + self.patience(class)));
                    } else if !attempts.is_empty() {
                        next_start = None;
                    } else if self.replicas.iter().any(|replica| replica.lane.admits()) {
                        // Those that are up were asked and have failed. A full queue is not for waiting before it.
                        if again || last == Unanswered::Overloaded {
                            return Err(last);
                        }
                        again = true;
                        tried.0.clear();
                        next_start = Some(Instant::now() + pause);
                        pause *= 2;
                    } else if !self.comes_back(deadline).await {
                        return Err(last);
                    } else {
                        tried.0.clear();
                    }
                }
                () = sleep_until(deadline) => return Err(Unanswered::Silent),
            }
        }
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

/// What one attempt more is charged as; the first one, and one after a queue of ours was full, asks nobody a second time.
fn spend(class: Class, last: &Unanswered, nobody_is_asked: bool) -> Option<Spend> {
    match last {
        Unanswered::AllDown | Unanswered::Overloaded => None,
        Unanswered::Silent if !nobody_is_asked => Some(Spend::Hedge),
        _ if class == Class::Caller => Some(Spend::CallersFailover),
        _ => Some(Spend::Failover),
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
