//! How real calls went, which says more than any probe: whether they still come, whether they are answered, whether there
//! are many more than usual, where they go, whether Twilio still makes ours, and whether it still tells us of them.

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
/// So many refusals are no single number that may not be called,
const REFUSED: u32 = 3;
/// if they are such a share of what was asked for.
const REFUSED_PERCENT: u32 = 25;
/// A share of calls without a webhook that is no lost delivery.
const UNHEARD_PERCENT: u32 = 50;

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
    /// Calls and messages that the account was asked to make in the last quarter of an hour.
    pub asked: u32,
    /// Those of them that it refused as not its to make.
    pub refused: u32,
    /// Calls of the last quarter of an hour that are old enough to have been told of.
    pub due: u32,
    /// Those of them that no webhook told of: we asked.
    pub unheard: u32,
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
        let missed = (self.lately.recent_missed, Cause::Unanswered, "were not answered");
        let unreached = (self.lately.recent_unreached, Cause::AgentUnreachable, "did not reach their agent");
        let readings = [
            self.silence(),
            self.too_many_of_recent(missed),
            self.too_many_of_recent(unreached),
            self.surge(),
            self.forbidden(policy),
            self.refused(),
            self.unheard(),
        ];
        readings.into_iter().flatten().collect()
    }

    fn silence(&self) -> Option<Reading> {
        let usual: f64 = self.norm.answered.values().sum();
        let is_silent = usual >= NORM && self.lately.answered.values().all(|answered| *answered == 0);
        let message = || format!("no call of the account was answered in 15 minutes; {usual:.0} usually are");
        is_silent.then(|| fail(Cause::Silent, message()))
    }

    fn too_many_of_recent(&self, (bad, cause, what): (u32, Cause, &str)) -> Option<Reading> {
        let of = self.lately.recent;
        let percent = f64::from(bad) * 100.0 / f64::from(of.max(1));
        let is_too_many = of >= CALLS && bad >= MISSED && percent >= self.norm.missed_percent + OVER;
        is_too_many.then(|| fail(cause, format!("{bad} of {of} inbound calls of the last 5 minutes {what}")))
    }

    fn surge(&self) -> Option<Reading> {
        let (hourly, usual) = (self.lately.hourly, self.norm.hourly);
        let is_surge = hourly >= SURGE_CALLS && f64::from(hourly) > usual * SURGE && usual > 0.0;
        is_surge.then(|| fail(Cause::CallSurge, format!("{hourly} calls in an hour; {usual:.0} are usual")))
    }

    fn forbidden(&self, policy: &Policy) -> Option<Reading> {
        let forbidden = self.lately.outbound.iter().filter(|(country, _)| policy.forbids(**country));
        let forbidden: Vec<String> = forbidden.map(|(country, calls)| format!("{calls} to {country}")).collect();
        let message = || format!("calls where none may go, in the last hour: {}", forbidden.join(", "));
        (!forbidden.is_empty()).then(|| fail(Cause::BlockedCountry, message()))
    }

    /// They go out through another account, so nobody is moved for them.
    fn refused(&self) -> Option<Reading> {
        let LatelyHeard { asked, refused, .. } = self.lately;
        let is_too_many = refused >= REFUSED && refused * 100 >= asked * REFUSED_PERCENT;
        let message = || {
            format!(
                "{refused} of {asked} calls and messages of the last 15 minutes were refused as not this account's to make"
            )
        };
        is_too_many.then(|| fail(Cause::CreatesRefused, message()))
    }

    /// Twilio and our edges lost each other: callers get no answer, and another account would not bring one.
    fn unheard(&self) -> Option<Reading> {
        let LatelyHeard { due, unheard, .. } = self.lately;
        let is_too_many = due >= CALLS && unheard * 100 >= due * UNHEARD_PERCENT;
        let message = || {
            format!(
                "no webhook told of {unheard} of {due} calls of the last 15 minutes: look at the edges, moving would not help"
            )
        };
        is_too_many.then(|| fail(Cause::WebhooksSilent, message()))
    }
}

fn fail(cause: Cause, message: String) -> Reading {
    Reading::fail(Kind::Traffic, cause, message)
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
    fn refusals_count_when_they_are_no_single_number_and_a_quarter_of_all() {
        let of = |asked, refused| {
            let lately = LatelyHeard { asked, refused, ..LatelyHeard::default() };
            causes(&Traffic { lately, norm: Norm::default() }, &policy())
        };
        assert_eq!(of(2, 2), [(None, false)]);
        assert_eq!(of(3, 3), [(Some(Cause::CreatesRefused), false)]);
        assert_eq!(of(12, 3), [(Some(Cause::CreatesRefused), false)]);
        assert_eq!(of(13, 3), [(None, false)]);
    }

    #[test]
    fn every_second_call_without_a_webhook_is_noticed_and_a_lost_delivery_is_not() {
        let of = |due, unheard| {
            let lately = LatelyHeard { due, unheard, ..LatelyHeard::default() };
            causes(&Traffic { lately, norm: Norm::default() }, &policy())
        };
        assert_eq!(of(4, 4), [(None, false)]);
        assert_eq!(of(10, 4), [(None, false)]);
        assert_eq!(of(10, 5), [(Some(Cause::WebhooksSilent), false)]);
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
