//! Rules about how reports arrive: late, twice, out of order, dropped. TwiML requests can only be
//! repeated, because a call cannot go on without its answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Kind, Webhook};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    #[default]
    OnTime,
    Twice,
    /// After everything else of the call.
    Late,
    /// After the next report of the call.
    OutOfOrder,
    /// When `release` is called.
    Held,
    Dropped,
}

impl Delivery {
    pub fn name(self) -> &'static str {
        match self {
            Delivery::OnTime => "on_time",
            Delivery::Twice => "twice",
            Delivery::Late => "late",
            Delivery::OutOfOrder => "out_of_order",
            Delivery::Held => "held",
            Delivery::Dropped => "dropped",
        }
    }
}

/// An absent matcher matches everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Kind>,
    /// `CallStatus`, `MessageStatus` or `RecordingStatus` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// A part of the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_sid: Option<String>,
    pub delivery: Delivery,
    /// How many webhooks it takes; 0 is all of them.
    #[serde(default)]
    pub count: u32,
}

impl DeliveryRule {
    /// All reports of this kind, with any status.
    pub fn of(webhook: Kind, delivery: Delivery) -> Self {
        Self { webhook: Some(webhook), status: None, url: None, account_sid: None, delivery, count: 0 }
    }

    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.status = Some(status.to_owned());
        self
    }

    fn takes(&self, webhook: &Webhook) -> bool {
        let status = ["CallStatus", "MessageStatus", "RecordingStatus"].iter().find_map(|name| webhook.parameter(name));
        self.webhook.is_none_or(|kind| kind == webhook.kind)
            && self.status.as_deref().is_none_or(|wanted| status == Some(wanted))
            && self.url.as_deref().is_none_or(|part| webhook.url.contains(part))
            && self.account_sid.as_deref().is_none_or(|sid| sid == webhook.account_sid)
    }
}

#[derive(Debug, Default)]
pub struct DeliveryRules {
    rules: Mutex<Vec<DeliveryRule>>,
}

impl DeliveryRules {
    pub fn new(rules: Vec<DeliveryRule>) -> Self {
        Self { rules: Mutex::new(rules) }
    }

    pub fn add(&self, rule: DeliveryRule) {
        self.lock().push(rule);
    }

    pub fn list(&self) -> Vec<DeliveryRule> {
        self.lock().clone()
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The first rule that takes this webhook; it is used up by one.
    pub fn decide(&self, webhook: &Webhook) -> Option<Delivery> {
        let mut rules = self.lock();
        let found = rules.iter().position(|rule| rule.takes(webhook))?;
        let delivery = rules[found].delivery;
        match rules[found].count {
            0 => {}
            1 => {
                rules.remove(found);
            }
            _ => rules[found].count -= 1,
        }
        Some(delivery)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<DeliveryRule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In which order held webhooks are sent when they are released.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOrder {
    #[default]
    AsSent,
    Reversed,
    /// The same seed gives the same order.
    Shuffled(u64),
}

impl ReleaseOrder {
    pub fn arrange<T>(self, items: &mut [T]) {
        match self {
            ReleaseOrder::AsSent => {}
            ReleaseOrder::Reversed => items.reverse(),
            ReleaseOrder::Shuffled(seed) => shuffle(items, seed),
        }
    }
}

/// Fisher-Yates over a small congruential generator: repeatable, and nothing more is needed.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = (state >> 33) as usize % (last + 1);
        items.swap(last, pick);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(value: &str) -> Webhook {
        Webhook {
            kind: Kind::Status,
            account_sid: "AC1".into(),
            sid: "CA1".into(),
            method: "POST".into(),
            url: "http://127.0.0.1/status".into(),
            parameters: vec![("CallStatus".into(), value.into())],
            idempotency_token: None,
        }
    }

    #[test]
    fn a_rule_for_one_status_leaves_the_others_alone() {
        let rules = DeliveryRules::new(vec![DeliveryRule::of(Kind::Status, Delivery::Dropped).status("ringing")]);
        assert_eq!(rules.decide(&status("ringing")), Some(Delivery::Dropped));
        assert_eq!(rules.decide(&status("completed")), None);
    }

    #[test]
    fn a_shuffle_keeps_everything_and_repeats_itself() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..8).collect();
            ReleaseOrder::Shuffled(seed).arrange(&mut items);
            items
        };
        assert_eq!(order(7), order(7));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..8).collect::<Vec<_>>());
    }
}
