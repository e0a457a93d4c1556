use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::Effect,
    machine::{Machine, Step},
    outcome::{Cause, Refused},
    sample::at,
};

const RHYTHM: Rhythm = Rhythm { every: Some(Duration::minutes(16)) };
const OFF: Rhythm = Rhythm { every: None };

fn noon() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn fresh() -> Reconciliation {
    let (workspace, account) = (WorkspaceId::from_uuid(Uuid::nil()), AccountId::from_uuid(Uuid::from_u128(7)));
    Reconciliation::new(workspace, account, RHYTHM, noon() - Duration::hours(1))
}

/// As the store leaves it.
fn saved(step: Step<Reconciliation>, before: &Reconciliation) -> Reconciliation {
    Reconciliation { version: before.version + 1, ..step.next }
}

fn after(held: &Reconciliation, event: Event, now: Timestamp) -> (Reconciliation, Step<Reconciliation>) {
    let step = held.step(event, now).expect("fits");
    (saved(step.clone(), held), step)
}

fn page(calls: u32, next: Option<&str>) -> Outcome<Listed> {
    let tally = Tally { listed: calls, found: calls / 2, repaired: 0 };
    Outcome::Done(Listed { tally, next: next.map(|next| Cursor(next.to_owned())), is_past: false })
}

fn listed(held: &Reconciliation, outcome: Outcome<Listed>) -> Event {
    let Work::Listing { round, .. } = held.work else { panic!("nothing is asked: {held:?}") };
    Event::Listed { round, outcome, rhythm: RHYTHM }
}

fn refused(cause: Cause) -> Outcome<Listed> {
    Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "because".to_owned() })
}

fn outage() -> Window {
    Window { since: noon() - Duration::minutes(10), until: noon() }
}

/// An outage is over and it is this account's turn.
fn listing() -> (Reconciliation, Step<Reconciliation>) {
    let (wanted, _) = after(&fresh(), Event::Wanted(outage()), noon());
    after(&wanted, Event::Tick(RHYTHM), noon())
}

#[test]
fn what_was_missed_is_looked_for_at_once_and_once_more_when_the_list_has_caught_up() {
    let (held, step) = listing();
    // Back to where it was last looked, which was before the outage, and a margin.
    let since = noon() - Duration::minutes(65);
    let [Effect::ListCalls { since: asked, cursor: None, .. }] = &step.effects[..] else { panic!("{step:?}") };
    assert_eq!(*asked, since);
    let (held, step) = after(&held, listed(&held, page(200, Some("/2"))), noon() + Duration::seconds(1));
    let [Effect::ListCalls { since: asked, cursor: Some(cursor), .. }] = &step.effects[..] else { panic!("{step:?}") };
    assert_eq!((*asked, cursor.0.as_str()), (since, "/2"));
    let look = held.look_of(2 + 1).expect("its page").clone();
    let (held, step) = after(&held, listed(&held, page(10, None)), noon() + Duration::seconds(2));
    assert_eq!((held.state(), step.news.len()), (State::Settling, 0));
    assert_eq!(held.doubts_after(&look), Some(noon()), "open calls are asked about after the first look");
    let again = noon() + Duration::seconds(45);
    assert_eq!(held.deadline(), Some(again));
    let (held, _) = after(&held, Event::Tick(RHYTHM), again);
    let (held, step) = after(&held, listed(&held, page(210, None)), again);
    assert_eq!((held.state(), &step.news[..]), (State::Idle, &["reconciliation.ended"][..]));
    let tally = Tally { listed: 210, found: 100 + 5 + 105, repaired: 0 };
    assert_eq!(held.last, Some(Ended { time: again, tally, problem: String::new() }));
    assert_eq!((held.covered_until, held.active_time, held.quiet), (again, again, 0));
}

#[test]
fn an_account_whose_turn_comes_late_needs_no_second_look() {
    let (wanted, _) = after(&fresh(), Event::Wanted(outage()), noon());
    let late = noon() + Duration::seconds(31);
    let (held, _) = after(&wanted, Event::Tick(RHYTHM), late);
    let (held, _) = after(&held, listed(&held, page(0, None)), late);
    assert_eq!((held.state(), held.quiet), (State::Idle, 1));
}

#[test]
fn the_list_is_left_where_its_calls_began_before_what_is_looked_for() {
    let (held, _) = listing();
    let past = Listed { tally: Tally::default(), next: Some(Cursor("/2".to_owned())), is_past: true };
    let (held, step) = after(&held, listed(&held, Outcome::Done(past)), noon());
    assert!(step.effects.is_empty());
    assert_eq!(held.state(), State::Settling);
}

#[test]
fn a_regular_look_takes_up_where_the_last_one_ended_and_makes_no_noise() {
    let held = fresh();
    let due = held.deadline().expect("regular looks are on");
    assert!(held.step(Event::Tick(RHYTHM), due - Duration::microseconds(1)).is_err(), "too early");
    let (held, step) = after(&held, Event::Tick(RHYTHM), due);
    let [Effect::ListCalls { since, .. }] = &step.effects[..] else { panic!("{step:?}") };
    assert_eq!(*since, fresh().covered_until - Duration::minutes(5));
    let quiet = Listed { tally: Tally { listed: 3, ..Tally::default() }, next: None, is_past: false };
    let (held, step) = after(&held, listed(&held, Outcome::Done(quiet)), due);
    assert_eq!((held.state(), held.covered_until, step.news.len()), (State::Idle, due, 0));
}

#[test]
fn regular_looks_that_are_off_ask_nothing_and_a_wish_is_looked_for_all_the_same() {
    let held = fresh();
    let due = held.deadline().expect("looks at the setting");
    let (held, step) = after(&held, Event::Tick(OFF), due);
    assert!(step.effects.is_empty() && held.deadline().expect("later") > due);
    let (held, _) = after(&held, Event::Wanted(Window { since: due, until: due }), due);
    assert!(!after(&held, Event::Tick(OFF), due).1.effects.is_empty());
}

#[test]
fn what_cannot_be_asked_is_asked_again_within_a_minute_and_never_dropped() {
    let (mut held, _) = listing();
    let (mut now, mut pauses, mut news) = (noon(), Vec::new(), Vec::new());
    let failures = [refused(Cause::RateLimited), Outcome::Unknown("lost".to_owned()), refused(Cause::Unreachable)];
    for failure in failures.into_iter().cycle().take(9) {
        let (waiting, step) = after(&held, listed(&held, failure), now);
        news.extend(step.news);
        let deadline = waiting.deadline().expect("waits");
        pauses.push((deadline - now).num_seconds());
        now = deadline;
        held = after(&waiting, Event::Tick(RHYTHM), now).0;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60, 60]);
    assert_eq!(news, ["reconciliation.delayed"]);
    let (held, _) = after(&held, listed(&held, page(4, None)), now);
    assert_eq!((held.state(), held.covered_until), (State::Idle, now));
}

#[test]
fn a_refusal_that_lasts_is_shown_kept_and_tried_again_when_somebody_asks() {
    let (held, _) = listing();
    let (held, step) = after(&held, listed(&held, refused(Cause::Credentials)), noon());
    assert_eq!((held.state(), &step.news[..]), (State::Refused, &["reconciliation.refused"][..]));
    assert!(held.deadline().expect("tried again") > noon() + Duration::minutes(11));
    // Somebody has set better credentials.
    let now = noon() + Duration::minutes(1);
    let (held, _) = after(&held, Event::Wanted(Window { since: now, until: now }), now);
    let (_, step) = after(&held, Event::Tick(RHYTHM), now);
    let [Effect::ListCalls { since, .. }] = &step.effects[..] else { panic!("{step:?}") };
    assert!(*since <= outage().since, "what was missed is still looked for");
}

#[test]
fn a_place_in_the_list_that_grew_old_is_left_for_the_start_of_the_list() {
    let (held, _) = listing();
    let (held, _) = after(&held, listed(&held, page(200, Some("/2"))), noon());
    let (held, _) = after(&held, listed(&held, refused(Cause::Invalid)), noon());
    assert_eq!(held.state(), State::Waiting);
    let (_, step) = after(&held, Event::Tick(RHYTHM), noon() + Duration::seconds(2));
    assert!(matches!(step.effects[..], [Effect::ListCalls { cursor: None, .. }]));
}

#[test]
fn a_wish_that_comes_while_pages_are_read_gets_its_own_turn() {
    let (held, _) = listing();
    let later = Window { since: noon() + Duration::seconds(5), until: noon() + Duration::seconds(6) };
    let (held, _) = after(&held, Event::Wanted(later), later.until);
    let (held, _) = after(&held, listed(&held, page(200, Some("/2"))), later.until);
    assert_eq!(held.wanted, Some(later));
    let (held, _) = after(&held, listed(&held, page(1, None)), later.until);
    assert_eq!(held.deadline(), Some(later.until), "at once");
    let (held, _) = after(&held, Event::Tick(RHYTHM), later.until);
    let Work::Listing { look, .. } = &held.work else { panic!("{held:?}") };
    assert!(look.window.since <= outage().since && look.window.until == later.until && look.urgent);
}

#[test]
fn every_stored_state_still_loads() {
    let look = r#"{"window":{"since":"2026-11-20T11:50:00Z","until":"2026-11-20T12:00:00Z"},
        "begin_time":"2026-11-20T12:00:00Z","urgent":true,"cursor":"/2010-04-01/Accounts/x?PageToken=y","pages":1,
        "tally":{"listed":200,"found":3,"repaired":1}}"#;
    let window = r#"{"since":"2026-11-20T11:50:00Z","until":"2026-11-20T12:00:00Z"}"#;
    for sample in [
        r#"{"state":"idle","next_time":"2026-11-20T12:00:00Z"}"#.to_owned(),
        format!(r#"{{"state":"listing","round":3,"tries":{{"failed":0,"refused":0}},"look":{look}}}"#),
        format!(
            r#"{{"state":"waiting","tries":{{"failed":2,"refused":0}},"look":{look},
            "until":"2026-11-20T12:00:00Z","why":"lost"}}"#
        ),
        format!(
            r#"{{"state":"settling","window":{window},"tally":{{"listed":0,"found":0,"repaired":0}},
            "until":"2026-11-20T12:00:45Z"}}"#
        ),
    ] {
        serde_json::from_str::<Work>(&sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
    serde_json::from_str::<Ended>(
        r#"{"time":"2026-11-20T12:00:00Z","tally":{"listed":1,"found":0,"repaired":0},"problem":""}"#,
    )
    .expect("loads");
}

#[derive(Clone, Debug)]
enum Happens {
    Wanted(i64, i64),
    Tick(bool),
    Answer(Outcome<Listed>),
    Stale(u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    let outcome = prop_oneof![
        3 => (0..200_u32, any::<bool>(), any::<bool>()).prop_map(|(listed, more, is_past)| {
            let tally = Tally { listed, found: listed / 3, repaired: listed / 5 };
            Outcome::Done(Listed { tally, next: more.then(|| Cursor("/next".to_owned())), is_past })
        }),
        1 => Just(refused(Cause::RateLimited)),
        1 => Just(refused(Cause::Suspended)),
        1 => Just(refused(Cause::Invalid)),
        1 => Just(Outcome::Unknown("lost".to_owned())),
    ];
    prop_oneof![
        (0..3000_i64, 0..300_i64).prop_map(|(before, length)| Happens::Wanted(before, length)),
        any::<bool>().prop_map(Happens::Tick),
        outcome.prop_map(Happens::Answer),
        (0..40_u32).prop_map(Happens::Stale),
    ]
}

proptest! {
    /// A page is asked for exactly when the state says so, there is always something that wakes it, and whatever was
    /// ever wanted is within the look, the wish or what a finished look has covered.
    #[test]
    fn whatever_happens_nothing_that_was_wanted_is_forgotten(
        story in proptest::collection::vec((happens(), 1..200_i64), 1..80)
    ) {
        let mut held = fresh();
        let mut now = noon();
        // What is wished and what is looked for, each from when on.
        let (mut wished, mut sought): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        for (happens, seconds) in story {
            now += Duration::seconds(seconds);
            let event = match happens {
                Happens::Wanted(before, length) => {
                    let since = now - Duration::seconds(before);
                    wished = Some(wished.map_or(since, |wished| wished.min(since)));
                    Event::Wanted(Window::asked(since, since + Duration::seconds(length), now))
                }
                Happens::Tick(on) => Event::Tick(if on { RHYTHM } else { OFF }),
                Happens::Answer(outcome) => {
                    let Work::Listing { round, .. } = held.work else { continue };
                    Event::Listed { round, outcome, rhythm: RHYTHM }
                }
                Happens::Stale(back) => {
                    let round = match held.work { Work::Listing { round, .. } => round.wrapping_sub(back + 1), _ => back };
                    Event::Listed { round, outcome: page(1, None), rhythm: RHYTHM }
                }
            };
            let is_stale = matches!(&event, Event::Listed { round, .. } if held.look_of(*round).is_none());
            let stepped = held.step(event, now);
            prop_assert!(!is_stale || stepped.is_err());
            let Ok(step) = stepped else { continue };
            let asked = step.effects.len();
            let next = saved(step, &held);
            let is_listing = matches!(next.work, Work::Listing { .. });
            prop_assert!(asked <= 1 && (asked == 0 || is_listing));
            prop_assert_eq!(next.deadline().is_none(), is_listing);
            prop_assert!(next.covered_until >= held.covered_until);
            let reach = match &next.work {
                Work::Listing { look, .. } | Work::Waiting { look, .. } => Some(look.window.since),
                Work::Settling { window, .. } => Some(window.since),
                Work::Idle { .. } => None,
            };
            match next.wanted {
                Some(wanted) => prop_assert!(wanted.since <= wished.unwrap_or(wanted.since), "{:?}", next),
                None => sought = [sought, wished.take()].into_iter().flatten().min(),
            }
            match (reach, sought) {
                (Some(reach), Some(sought)) => prop_assert!(reach <= sought, "{:?}", next),
                (None, Some(_)) => {
                    prop_assert!(matches!(held.work, Work::Listing { .. }), "only a finished look ends it: {:?}", next);
                    sought = None;
                }
                (_, None) => {}
            }
            held = next;
        }
    }
}
