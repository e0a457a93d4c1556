//! How often a webhook may be asked about a second time: a share of all webhooks, so that a control plane that is slow is
//! not asked twice by everybody. Pure: the time and the count of webhooks are handed in.

use tokio::time::Instant;

/// Of all webhooks.
const SHARE: f64 = 0.2;
/// A second, however few webhooks there are.
const FLOOR: f64 = 10.0;
/// What may gather in quiet times.
const MOST: f64 = 100.0;

/// Why one control plane more is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spend {
    /// The first one is silent. It may be working, so this is what makes a slow one slower.
    Hedge,
    /// Every one has failed, and one of them is asked again.
    Again,
    /// The first one failed, and another one has not been asked yet.
    Failover,
    /// The same, with somebody on the line.
    CallersFailover,
}

impl Spend {
    /// How deep the budget may be in debt for it: a control plane that stops fails hundreds of webhooks at once, which cost
    /// it nothing, and none of them should be lost.
    fn debt(self) -> f64 {
        match self {
            Self::Hedge => 0.0,
            Self::Again => 400.0,
            Self::Failover => 1000.0,
            Self::CallersFailover => 2000.0,
        }
    }
}

/// What is left.
#[derive(Debug)]
pub struct Budget {
    tokens: f64,
    at: Instant,
    asked: usize,
}

impl Budget {
    /// Full.
    pub fn new(now: Instant) -> Self {
        Self { tokens: MOST, at: now, asked: 0 }
    }

    /// One more attempt, if it may be; `asked` is how many webhooks there have ever been.
    pub fn allows(&mut self, spend: Spend, asked: usize, now: Instant) -> bool {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        let webhooks = u32::try_from(asked.wrapping_sub(self.asked)).unwrap_or(u32::MAX);
        self.tokens = (self.tokens + seconds * FLOOR + f64::from(webhooks) * SHARE).min(MOST);
        (self.at, self.asked) = (now, asked);
        let allowed = self.tokens - 1.0 >= -spend.debt();
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Budget, Spend};

    fn spend(budget: &mut Budget, spend: Spend, asked: usize, now: Instant) -> usize {
        (0..10_000).take_while(|_| budget.allows(spend, asked, now)).count()
    }

    #[tokio::test]
    async fn a_fifth_of_the_webhooks_may_be_hedged_and_a_few_a_second_always() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!(spend(&mut budget, Spend::Hedge, 0, start), 100);
        assert_eq!(spend(&mut budget, Spend::Hedge, 200, start), 40);
        assert_eq!(spend(&mut budget, Spend::Hedge, 200, start + Duration::from_secs(1)), 10);
        assert_eq!(spend(&mut budget, Spend::Hedge, 200, start + Duration::from_secs(60)), 100, "no more gathers");
    }

    #[tokio::test]
    async fn callers_may_still_move_when_nobody_else_may() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!(spend(&mut budget, Spend::Hedge, 0, start), 100);
        assert_eq!(spend(&mut budget, Spend::Again, 0, start), 400);
        assert_eq!(spend(&mut budget, Spend::Failover, 0, start), 600);
        assert_eq!(spend(&mut budget, Spend::CallersFailover, 0, start), 1000);
        assert_eq!(spend(&mut budget, Spend::Hedge, 5000, start), 0, "debts are paid first");
    }
}
