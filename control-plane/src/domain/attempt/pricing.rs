//! What an attempt really cost. Twilio rates a call or message some time after it ended, and is asked ever more seldom, for a day.
//! The attempt is over meanwhile; until the price is known, and if it never is, the estimate counts.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{Attempt, Channel, Work, machine::Decided};
use crate::domain::{
    effect::Effect,
    machine::{Refusal, Step},
    money::{Currency, Money},
    outcome::Outcome,
    time::Timestamp,
};

/// Before each look, in minutes: three of them within a quarter of an hour, the last one after less than a day.
const PAUSES: [i64; 10] = [2, 4, 8, 16, 32, 64, 128, 256, 512, 360];

/// Whether the price is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Pricing {
    /// It is estimated.
    #[default]
    Estimated,
    /// The vendor is asked at `at`, after so many looks.
    Due { looks: u32, at: Timestamp },
    /// The vendor is being asked.
    Asking { looks: u32 },
    /// By the vendor's word.
    Known,
}

impl Pricing {
    /// Nothing has to be kept of it.
    pub(super) fn is_estimated(&self) -> bool {
        *self == Self::Estimated
    }
}

/// What a vendor says of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// Not yet.
    Unrated,
    /// Nothing is billed for it.
    Free,
    /// This much.
    Rated(Money),
}

impl Attempt {
    /// When the vendor is to be asked what it cost.
    pub fn price_time(&self) -> Option<Timestamp> {
        match self.pricing {
            Pricing::Due { at, .. } => Some(at),
            Pricing::Estimated | Pricing::Asking { .. } | Pricing::Known => None,
        }
    }

    /// As it is after a step: what ended at a vendor is rated there later.
    pub(super) fn rated_later(self, before: &Self, now: Timestamp) -> Self {
        let is_billed = !self.vendor_sid.is_empty() && !self.simulated && self.channel != Channel::Email;
        let is_new = before.work != Work::Over || before.vendor_sid.is_empty();
        match self.work == Work::Over && is_billed && is_new && self.pricing.is_estimated() {
            true => Self { pricing: due(0, now), ..self },
            false => self,
        }
    }

    pub(super) fn price_is_due(&self, now: Timestamp) -> Decided {
        match (&self.pricing, self.account_id) {
            (Pricing::Due { looks, at }, Some(account_id)) if now >= *at => {
                let effect = Effect::PriceAttempt { account_id, attempt_id: self.id, looks: *looks };
                Ok(Step::to(Self { pricing: Pricing::Asking { looks: *looks }, ..self.clone() }).effect(effect))
            }
            (Pricing::Estimated | Pricing::Due { .. } | Pricing::Asking { .. } | Pricing::Known, _) => {
                Err(Refusal::stale("too early"))
            }
        }
    }

    pub(super) fn priced(&self, looks: u32, outcome: &Outcome<Price>, now: Timestamp) -> Decided {
        if self.pricing != (Pricing::Asking { looks }) {
            return Err(Refusal::stale("the answer belongs to what is over"));
        }
        let (pricing, cost_micros) = match outcome {
            Outcome::Done(Price::Rated(price)) if price.currency == Currency::USD => (Pricing::Known, price.micros),
            // Budgets are in dollars, and nobody here knows what another currency is worth.
            Outcome::Done(Price::Rated(_)) => (Pricing::Estimated, self.cost_micros),
            Outcome::Done(Price::Free) => (Pricing::Known, 0),
            Outcome::Done(Price::Unrated) | Outcome::Refused(_) | Outcome::Unknown(_) => {
                (due(looks + 1, now), self.cost_micros)
            }
        };
        Ok(Step::to(Self { pricing, cost_micros, ..self.clone() }))
    }
}

/// The next look, or none any more.
fn due(looks: u32, now: Timestamp) -> Pricing {
    let pause = usize::try_from(looks).ok().and_then(|looks| PAUSES.get(looks));
    pause.map_or(Pricing::Estimated, |pause| Pricing::Due { looks, at: now + Duration::minutes(*pause) })
}
