//! How many calls a second one account, number or caller may bring. Token buckets; the time is handed in. What somebody over
//! the limit hears is decided elsewhere.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::Mutex,
};

use tokio::time::Instant;

use crate::settings::Limits;

/// A burst may hold this many seconds' worth of calls.
const BURST_SECONDS: f64 = 4.0;
/// Sweep full buckets, which say nothing, before there are more than this.
const MOST_BUCKETS: usize = 100_000;

/// Buckets of one kind, by a hash of the name: a collision costs two strangers a shared bucket and no memory of numbers.
struct Buckets {
    rate: f64,
    hasher: RandomState,
    filled: Mutex<Filled>,
}

struct Filled {
    buckets: HashMap<u64, Bucket>,
    sweep_at: usize,
}

impl Default for Filled {
    fn default() -> Self {
        Self { buckets: HashMap::new(), sweep_at: MOST_BUCKETS }
    }
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// All buckets of an edge.
pub struct RateLimit {
    accounts: Buckets,
    numbers: Buckets,
    callers: Buckets,
}

impl RateLimit {
    /// With the rates of the settings.
    pub fn new(limits: &Limits) -> Self {
        Self {
            accounts: Buckets::new(limits.calls_per_account),
            numbers: Buckets::new(limits.calls_per_number),
            callers: Buckets::new(limits.calls_per_caller),
        }
    }

    /// Who is over the limit with one more call now, if anybody. A caller without a number has no bucket.
    pub fn exceeded(
        &self,
        account: &str,
        number: Option<&str>,
        caller: Option<&str>,
        now: Instant,
    ) -> Option<&'static str> {
        let over = |buckets: &Buckets, name: Option<&str>| name.is_some_and(|name| !buckets.take(name, now));
        // The narrowest first, so that a noisy caller does not use up what the account has.
        if over(&self.callers, caller) {
            Some("caller")
        } else if over(&self.numbers, number) {
            Some("number")
        } else if over(&self.accounts, Some(account)) {
            Some("account")
        } else {
            None
        }
    }
}

impl Buckets {
    fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate), hasher: RandomState::new(), filled: Mutex::default() }
    }

    fn take(&self, name: &str, now: Instant) -> bool {
        if self.rate == 0.0 {
            return true;
        }
        let most = self.rate * BURST_SECONDS;
        let name = self.hasher.hash_one(name);
        let mut filled = self.filled.lock().expect("nobody panics while holding the buckets");
        if filled.buckets.len() >= filled.sweep_at {
            filled.buckets.retain(|_, bucket| bucket.level(now, self.rate) < most);
            // As many new ones as are in use: sweeping costs each of them little, however many there are.
            filled.sweep_at = MOST_BUCKETS.max(2 * filled.buckets.len());
        }
        let bucket = filled.buckets.entry(name).or_insert(Bucket { tokens: most, at: now });
        bucket.tokens = bucket.level(now, self.rate).min(most);
        bucket.at = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }
}

impl Bucket {
    fn level(&self, now: Instant, rate: f64) -> f64 {
        self.tokens + now.saturating_duration_since(self.at).as_secs_f64() * rate
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::RateLimit;
    use crate::settings::Limits;

    fn limits(calls_per_account: u32, calls_per_number: u32, calls_per_caller: u32) -> RateLimit {
        RateLimit::new(&Limits { calls_per_account, calls_per_number, calls_per_caller, ..Limits::default() })
    }

    #[tokio::test]
    async fn a_burst_is_taken_and_then_the_rate() {
        let (limit, start) = (limits(0, 1, 0), Instant::now());
        let call = |now| limit.exceeded("AC1", Some("+1"), None, now);
        for _ in 0..4 {
            assert_eq!(call(start), None);
        }
        assert_eq!(call(start), Some("number"));
        assert_eq!(call(start + Duration::from_secs(1)), None);
        assert_eq!(call(start + Duration::from_secs(1)), Some("number"));
    }

    #[tokio::test]
    async fn a_noisy_caller_leaves_the_number_to_others() {
        let (limit, now) = (limits(0, 2, 1), Instant::now());
        for _ in 0..100 {
            limit.exceeded("AC1", Some("+1"), Some("+2"), now);
        }
        assert_eq!(limit.exceeded("AC1", Some("+1"), Some("+2"), now), Some("caller"));
        assert_eq!(limit.exceeded("AC1", Some("+1"), Some("+3"), now), None);
    }

    #[tokio::test]
    async fn zero_is_no_limit() {
        let (limit, now) = (limits(0, 0, 0), Instant::now());
        assert!((0..1000).all(|_| limit.exceeded("AC1", Some("+1"), Some("+2"), now).is_none()));
    }
}
