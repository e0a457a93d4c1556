//! What limits everything that goes out of a workspace: the emergency stop, budgets, prices and rates.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    id::WorkspaceId,
    ladder::Channel,
    money::{Currency, Money},
    seconds::Seconds,
    time::Timestamp,
};

/// What people edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// What may be spent in a day, UTC; `None` for no limit.
    pub daily: Option<Money>,
    /// What may be spent in a month, UTC.
    pub monthly: Option<Money>,
    /// Calls that an account begins in a second.
    pub calls_per_second: u32,
    /// Calls and messages that begin in a minute at most; 0 for no limit.
    pub attempts_per_minute: u32,
    /// Calls and messages to one number in 24 hours at most; 0 for no limit.
    pub daily_attempts_per_number: u32,
    /// Only numbers that begin so are reached; empty for all.
    pub allowed_prefixes: BTreeSet<String>,
    /// Numbers that begin so are not reached.
    pub blocked_prefixes: BTreeSet<String>,
    /// What a minute of a call costs, by the first digits of the called number, such as `+49`.
    pub voice_prices: BTreeMap<String, Money>,
    /// What a message costs, the same way.
    pub message_prices: BTreeMap<String, Money>,
}

/// Twilio queues what is more than this unless an account was given more: a queued call rings when nobody wants it.
const CALLS_PER_SECOND: u32 = 1;
/// What is reckoned with where nobody said better: above what most countries cost.
const VOICE_PRICE: Money = Money { currency: Currency::USD, micros: 50_000 };
const MESSAGE_PRICE: Money = Money { currency: Currency::USD, micros: 10_000 };

impl Default for Limits {
    fn default() -> Self {
        Self {
            daily: None,
            monthly: None,
            calls_per_second: CALLS_PER_SECOND,
            attempts_per_minute: 0,
            daily_attempts_per_number: 0,
            allowed_prefixes: BTreeSet::new(),
            blocked_prefixes: BTreeSet::new(),
            voice_prices: BTreeMap::new(),
            message_prices: BTreeMap::new(),
        }
    }
}

impl Limits {
    /// What is spent or begun is counted, and held against a limit.
    pub fn are_counted(&self) -> bool {
        let budgets = self.daily.is_some() || self.monthly.is_some();
        budgets || self.attempts_per_minute > 0 || self.daily_attempts_per_number > 0
    }

    /// What an attempt costs at most. Every begun minute is billed.
    pub fn estimate(&self, channel: Channel, to: &str, time_limit: Seconds) -> Money {
        match channel {
            Channel::Voice => {
                let Money { currency, micros } = longest(&self.voice_prices, to).unwrap_or(VOICE_PRICE);
                let minutes = i64::from(time_limit.get().div_ceil(60).max(1));
                Money { currency, micros: micros.saturating_mul(minutes) }
            }
            Channel::Sms | Channel::Whatsapp => longest(&self.message_prices, to).unwrap_or(MESSAGE_PRICE),
            Channel::Email => Money { currency: Currency::USD, micros: 0 },
        }
    }
}

/// What the lists of prefixes say of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// It may be reached.
    Allowed,
    /// Its prefix is blocked.
    Blocked,
    /// Only others are allowed.
    NotListed,
}

impl Limits {
    /// Whether a number may be reached, as far as its prefix goes; `None` when nobody asks. The longest prefix decides, and
    /// of one that is on both lists the block.
    pub fn destination(&self, to: &str) -> Option<Destination> {
        if self.allowed_prefixes.is_empty() && self.blocked_prefixes.is_empty() {
            return None;
        }
        let longest = |list: &BTreeSet<String>| {
            list.iter().filter(|prefix| to.starts_with(prefix.as_str())).map(String::len).max()
        };
        Some(match (longest(&self.allowed_prefixes), longest(&self.blocked_prefixes)) {
            (allowed, Some(blocked)) if allowed.is_none_or(|allowed| allowed <= blocked) => Destination::Blocked,
            (None, None) if !self.allowed_prefixes.is_empty() => Destination::NotListed,
            _ => Destination::Allowed,
        })
    }
}

/// The price of the longest prefix.
fn longest(prices: &BTreeMap<String, Money>, to: &str) -> Option<Money> {
    let fitting = prices.iter().filter(|(prefix, _)| to.starts_with(prefix.as_str()));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, price)| *price)
}

/// What limits a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Nothing goes out.
    pub stopped: bool,
    /// Why.
    pub stop_reason: String,
    /// Since when.
    pub stop_time: Option<Timestamp>,
    /// What people edit.
    pub limits: Limits,
    /// Counts its changes.
    pub version: i64,
    /// When it was first changed.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

impl Policy {
    /// Of a workspace that never changed it.
    pub fn new(workspace_id: WorkspaceId, now: Timestamp) -> Self {
        let (stopped, stop_reason, stop_time) = (false, String::new(), None);
        let limits = Limits::default();
        Self { workspace_id, stopped, stop_reason, stop_time, limits, version: 0, create_time: now, update_time: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_allows_or_blocks() {
        let list = |prefixes: &[&str]| prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        let of = |allowed: &[&str], blocked: &[&str], to: &str| {
            Limits { allowed_prefixes: list(allowed), blocked_prefixes: list(blocked), ..Limits::default() }
                .destination(to)
        };
        assert_eq!(of(&[], &[], "+4930123456"), None);
        assert_eq!(of(&["+49"], &[], "+4930123456"), Some(Destination::Allowed));
        assert_eq!(of(&["+49"], &[], "+14155550100"), Some(Destination::NotListed));
        assert_eq!(of(&["+49"], &["+49900"], "+49900123456"), Some(Destination::Blocked));
        assert_eq!(of(&["+1415"], &["+1"], "+14155550100"), Some(Destination::Allowed));
        assert_eq!(of(&["+1"], &["+1"], "+14155550100"), Some(Destination::Blocked));
        assert_eq!(of(&[], &["+1900"], "+14155550100"), Some(Destination::Allowed));
    }

    #[test]
    fn the_longest_prefix_prices_every_begun_minute() {
        let cents = |cents: i64| Money { currency: Currency::USD, micros: cents * 10_000 };
        let voice_prices = BTreeMap::from([("+49".to_owned(), cents(2)), ("+4915".to_owned(), cents(10))]);
        let limits = Limits { voice_prices, ..Limits::default() };
        let of = |to: &str, seconds| limits.estimate(Channel::Voice, to, Seconds(seconds));
        assert_eq!(of("+493012345678", 60), cents(2));
        assert_eq!(of("+4915112345678", 61), cents(20));
        assert_eq!(of("+14155550100", 60), cents(5));
        assert_eq!(limits.estimate(Channel::Email, "a@example.com", Seconds(0)).micros, 0);
    }
}
