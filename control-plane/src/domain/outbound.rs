//! What limits everything that goes out of a workspace: the emergency stop, budgets, prices and rates.

use std::collections::BTreeMap;

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
            voice_prices: BTreeMap::new(),
            message_prices: BTreeMap::new(),
        }
    }
}

impl Limits {
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
