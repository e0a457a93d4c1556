//! What an attempt really cost: asked for after its end, ever more seldom, and never for more than a day.

use super::{call::Status, *};
use crate::domain::money::{Currency, Money};

const ESTIMATE: i64 = 500_000;

fn ended() -> Attempt {
    let held = Attempt { cost_micros: ESTIMATE, ..ringing() };
    held.after(status(Status::InProgress), begin()).after(status(Status::Completed), begin())
}

fn price(micros: i64) -> Outcome<Price> {
    Outcome::Done(Price::Rated(Money { currency: Currency::USD, micros }))
}

/// The vendor is asked when it is time, and answers so.
fn asked_for(held: &Attempt, outcome: Outcome<Price>) -> (Attempt, Timestamp) {
    let at = held.price_time().expect("it is to be asked for");
    assert!(held.step(Event::PriceDue, at - Duration::microseconds(1)).is_err(), "too early");
    let step = held.stepped(Event::PriceDue, at);
    let [Effect::PriceAttempt { looks, .. }] = step.effects[..] else { panic!("one question: {step:?}") };
    assert!(step.next.step(Event::PriceDue, at).is_err(), "it is being asked for");
    (step.next.after(Event::Priced { looks, outcome }, at), at)
}

#[test]
fn the_price_replaces_the_estimate_and_the_attempt_stays_over() {
    let held = ended();
    assert_eq!((held.state(), held.deadline(), held.cost_micros), (State::Over, None, ESTIMATE));
    let (unrated, _) = asked_for(&held, Outcome::Done(Price::Unrated));
    assert_eq!((unrated.cost_micros, unrated.end()), (ESTIMATE, held.end()));
    let (rated, _) = asked_for(&unrated, price(14_000));
    assert_eq!((rated.cost_micros, &rated.pricing, rated.price_time()), (14_000, &Pricing::Known, None));
    assert_eq!((rated.end(), rated.end_time), (held.end(), held.end_time));
}

#[test]
fn it_is_asked_for_three_times_in_a_quarter_of_an_hour_and_for_a_day_at_most() {
    let (mut held, mut asked) = (ended(), Vec::new());
    while held.price_time().is_some() {
        let outcome = if asked.len() % 2 == 0 { lost() } else { Outcome::Done(Price::Unrated) };
        let (next, at) = asked_for(&held, outcome);
        asked.push(at - begin());
        held = next;
    }
    assert_eq!(asked.iter().filter(|after| **after <= Duration::minutes(15)).count(), 3);
    assert!(asked.last().is_some_and(|last| *last > Duration::hours(22) && *last < Duration::hours(24)), "{asked:?}");
    assert_eq!((held.cost_micros, held.pricing), (ESTIMATE, Pricing::Estimated));
}

#[test]
fn what_cost_nothing_costs_nothing_and_another_currency_is_not_reckoned() {
    let (free, _) = asked_for(&ended(), Outcome::Done(Price::Free));
    assert_eq!((free.cost_micros, free.pricing), (0, Pricing::Known));
    let yen = Money { currency: "JPY".parse().expect("a currency"), micros: 3_000_000 };
    let (foreign, _) = asked_for(&ended(), Outcome::Done(Price::Rated(yen)));
    assert_eq!((foreign.cost_micros, foreign.price_time()), (ESTIMATE, None));
}

#[test]
fn only_what_a_vendor_took_is_asked_for_and_an_answer_counts_once() {
    let refused = asked(Channel::Voice).replied(Outcome::Refused(refused(Cause::Invalid, 21211)), begin());
    let simulated = Taken { simulated: true, ..taken(Status::Queued) };
    let simulated = asked(Channel::Voice).replied(Outcome::Done(simulated), begin());
    let mailed = asked(Channel::Email).replied(Outcome::Done(taken(Status::Queued)), begin());
    for held in [refused, simulated, mailed] {
        assert_eq!((held.state(), held.price_time()), (State::Over, None), "{held:?}");
    }
    let (rated, at) = asked_for(&ended(), price(14_000));
    assert!(rated.step(Event::Priced { looks: 0, outcome: price(1) }, at).is_err());
    // More becomes known of its end, and its price stays.
    assert_eq!(rated.after(key("1"), at).cost_micros, 14_000);
}
