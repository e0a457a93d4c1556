//! How real calls went, which says more than any probe: whether they still come, whether they are answered, whether there
//! are many more than usual, and where they go.

use std::collections::BTreeMap;

use super::{Cause, Kind, Norm, Policy, Reading};
use crate::domain::{country::Country, id::PhoneNumberId, time::Timestamp};

/// Silence after so many calls in a quarter of an hour is no coincidence.
const NORM: f64 = 10.0;
/// So many calls must be missed before their share says anything.
const MISSED: u32 = 2;
/// So many calls must have come before their share says anything.
const CALLS: u32 = 5;
/// A share of missed calls that is so many points over the usual one.
const OVER: f64 = 15.0;
/// So many times the usual calls are a surge,
const SURGE: f64 = 5.0;
/// if there are at least so many.
const SURGE_CALLS: u32 = 20;

/// Calls lately, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatelyHeard {
    /// Answered inbound calls of the last quarter of an hour, by number.
    pub answered: BTreeMap<PhoneNumberId, u32>,
    /// Inbound calls of the last five minutes that are over or answered.
    pub recent: u32,
    /// Those of them that Twilio could not put through or nobody answered.
    pub recent_missed: u32,
    /// Those of them in which an agent could not be reached.
    pub recent_unreached: u32,
    /// All calls of the last hour.
    pub hourly: u32,
    /// Outbound calls of the last hour, by country.
    pub outbound: BTreeMap<Country, u32>,
}

/// Calls lately, beside how they usually go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Lately.
    pub lately: LatelyHeard,
    /// Usually, at this time of the day.
    pub norm: Norm,
}

impl Norm {
    /// Good for a quarter of an hour.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.time.is_some_and(|time| now >= time && now - time < chrono::Duration::minutes(15))
    }
}

impl Traffic {
    /// What the calls say.
    pub fn readings(&self, policy: &Policy) -> Vec<Reading> {
        let mut readings = self.silent_numbers();
        readings.extend(self.whole(policy));
        if readings.is_empty() {
            readings.push(Reading::pass(Kind::Traffic, self.summary()));
        }
        readings
    }

    fn summary(&self) -> String {
        let answered: u32 = self.lately.answered.values().sum();
        format!("{answered} inbound calls answered in 15 minutes, {} calls in an hour", self.lately.hourly)
    }

    fn silent_numbers(&self) -> Vec<Reading> {
        let is_silent = |id: &PhoneNumberId| self.lately.answered.get(id).copied().unwrap_or_default() == 0;
        let silent = self.norm.answered.iter().filter(|(id, norm)| **norm >= NORM && is_silent(id));
        let silent = silent.map(|(id, norm)| {
            let message = format!("no call was answered in 15 minutes; {norm:.0} usually are at this time");
            Reading::fail(Kind::Traffic, Cause::Silent, message).of_number(*id)
        });
        silent.collect()
    }

    fn whole(&self, policy: &Policy) -> Vec<Reading> {
        let fail = |cause, message: String| Reading::fail(Kind::Traffic, cause, message);
        let (lately, norm) = (&self.lately, &self.norm);
        let mut readings = Vec::new();
        let usual: f64 = norm.answered.values().sum();
        if usual >= NORM && lately.answered.values().all(|answered| *answered == 0) {
            let message = format!("no call of the account was answered in 15 minutes; {usual:.0} usually are");
            readings.push(fail(Cause::Silent, message));
        }
        for (bad, cause, what) in [
            (lately.recent_missed, Cause::Unanswered, "were not answered"),
            (lately.recent_unreached, Cause::AgentUnreachable, "did not reach their agent"),
        ] {
            let percent = f64::from(bad) * 100.0 / f64::from(lately.recent.max(1));
            if lately.recent >= CALLS && bad >= MISSED && percent >= norm.missed_percent + OVER {
                let of = lately.recent;
                readings.push(fail(cause, format!("{bad} of {of} inbound calls of the last 5 minutes {what}")));
            }
        }
        if lately.hourly >= SURGE_CALLS && f64::from(lately.hourly) > norm.hourly * SURGE && norm.hourly > 0.0 {
            let message = format!("{} calls in an hour; {:.0} are usual", lately.hourly, norm.hourly);
            readings.push(fail(Cause::CallSurge, message));
        }
        let forbidden = lately.outbound.iter().filter(|(country, _)| policy.forbids(**country));
        let forbidden: Vec<String> = forbidden.map(|(country, calls)| format!("{calls} to {country}")).collect();
        if !forbidden.is_empty() {
            let message = format!("calls where none may go, in the last hour: {}", forbidden.join(", "));
            readings.push(fail(Cause::BlockedCountry, message));
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{id::WorkspaceId, sample::at};

    fn policy() -> Policy {
        Policy::new(WorkspaceId::from_uuid(Uuid::nil()), at("2026-11-20T12:00:00Z"))
    }

    fn number(id: u128) -> PhoneNumberId {
        PhoneNumberId::from_uuid(Uuid::from_u128(id))
    }

    fn causes(traffic: &Traffic, policy: &Policy) -> Vec<(Option<Cause>, bool)> {
        traffic.readings(policy).iter().map(|reading| (reading.cause, reading.phone_number_id.is_some())).collect()
    }

    #[test]
    fn silence_against_a_norm_of_ten_is_noticed_and_against_nine_it_is_not() {
        let with = |norm: f64, answered: u32| Traffic {
            lately: LatelyHeard { answered: BTreeMap::from([(number(1), answered)]), ..LatelyHeard::default() },
            norm: Norm { answered: BTreeMap::from([(number(1), norm)]), ..Norm::default() },
        };
        assert_eq!(causes(&with(10.0, 0), &policy()), [(Some(Cause::Silent), true), (Some(Cause::Silent), false)]);
        assert_eq!(causes(&with(9.0, 0), &policy()), [(None, false)]);
        assert_eq!(causes(&with(10.0, 1), &policy()), [(None, false)]);
    }

    #[test]
    fn one_silent_number_among_others_is_not_the_account() {
        let norm = Norm { answered: BTreeMap::from([(number(1), 12.0), (number(2), 12.0)]), ..Norm::default() };
        let lately = LatelyHeard { answered: BTreeMap::from([(number(2), 3)]), ..LatelyHeard::default() };
        assert_eq!(causes(&Traffic { lately, norm }, &policy()), [(Some(Cause::Silent), true)]);
    }

    /// F04: a quarter of two calls a minute.
    #[test]
    fn every_fourth_of_ten_calls_in_five_minutes_is_noticed() {
        let lately = |missed| LatelyHeard { recent: 10, recent_missed: missed, ..LatelyHeard::default() };
        let norm = Norm { missed_percent: 3.0, ..Norm::default() };
        let of = |missed| causes(&Traffic { lately: lately(missed), norm: norm.clone() }, &policy());
        assert_eq!(of(1), [(None, false)]);
        assert_eq!(of(2), [(Some(Cause::Unanswered), false)]);
        let usually_bad = Norm { missed_percent: 20.0, ..Norm::default() };
        assert_eq!(causes(&Traffic { lately: lately(2), norm: usually_bad }, &policy()), [(None, false)]);
    }

    #[test]
    fn a_surge_is_more_than_five_times_the_norm_and_not_a_handful() {
        let of = |hourly, norm| {
            let lately = LatelyHeard { hourly, ..LatelyHeard::default() };
            causes(&Traffic { lately, norm: Norm { hourly: norm, ..Norm::default() } }, &policy())
        };
        assert_eq!(of(51, 10.0), [(Some(Cause::CallSurge), false)]);
        assert_eq!(of(50, 10.0), [(None, false)]);
        assert_eq!(of(12, 1.0), [(None, false)]);
        assert_eq!(of(500, 0.0), [(None, false)], "an account without a history has no norm");
    }

    #[test]
    fn calls_to_a_blocked_country_are_noticed() {
        let germany: Country = "DE".parse().expect("a country");
        let blocked = Policy { blocked_countries: vec![germany], ..policy() };
        let lately = LatelyHeard { outbound: BTreeMap::from([(germany, 3)]), ..LatelyHeard::default() };
        let traffic = Traffic { lately, norm: Norm::default() };
        assert_eq!(causes(&traffic, &blocked), [(Some(Cause::BlockedCountry), false)]);
        assert_eq!(causes(&traffic, &policy()), [(None, false)]);
    }
}
