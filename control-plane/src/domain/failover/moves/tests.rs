use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    machine::{Machine, Step},
    sample::{agent_id, at},
};

fn a_move(kind: Kind, is_native: bool) -> Move {
    let now = noon();
    let number = |number| PhoneNumberId::from_uuid(Uuid::from_u128(number));
    Move {
        id: MoveId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        failover_id: FailoverId::from_uuid(Uuid::from_u128(3)),
        kind,
        place: 0,
        assignment: Assignment::Agent(agent_id(1)),
        display_name: "Desk".to_owned(),
        agent_id: Some(agent_id(1)),
        from_id: Some(number(4)),
        to_id: Some(number(5)),
        original_id: None,
        is_native,
        detaches: is_native,
        own_before: None,
        agent_version: None,
        work: Work::Waiting,
        begin_time: None,
        flip_time: None,
        end_time: None,
        version: 1,
        create_time: now,
        update_time: now,
    }
}

fn noon() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn began() -> Event {
    Event::Began { until: noon() + chrono::Duration::minutes(5) }
}

fn after(before: &Move, event: Event, now: Timestamp) -> (Move, Vec<Order>) {
    let Step { next, effects, .. } = before.step(event, now).expect("it fits");
    assert!(effects.is_empty(), "a move never talks to a vendor");
    let next = Move { version: before.version + 1, ..next };
    let orders = next.orders_since(before);
    (next, orders)
}

fn wrong() -> Event {
    blamed(Blame::Surroundings)
}

fn blamed(blame: Blame) -> Event {
    Event::Settled(Rest::Wrong { why: "refused".to_owned(), blame })
}

#[test]
fn a_number_is_made_ready_turned_and_looked_at_once_more() {
    let (preparing, orders) = after(&a_move(Kind::Failover, false), began(), noon());
    assert_eq!((preparing.state(), &orders[..]), (State::Preparing, &[Order::Converge][..]));
    let (verifying, orders) = after(&preparing, Event::Settled(Rest::Right), noon());
    assert_eq!(
        (verifying.state(), verifying.flip_time, &orders[..]),
        (State::Verifying, Some(noon()), &[Order::Flip, Order::Converge][..])
    );
    let (moved, orders) = after(&verifying, Event::Settled(Rest::Right), noon());
    assert_eq!((moved.state(), orders.len(), moved.ended_since(&verifying)), (State::Moved, 0, Some(Ended::Moved)));
}

#[test]
fn an_elevenlabs_number_lets_go_of_the_old_one_last_and_what_was_imported_is_removed_when_it_fails() {
    let (preparing, _) = after(&a_move(Kind::Failover, true), began(), noon());
    let (verifying, _) = after(&preparing, Event::Settled(Rest::Right), noon());
    let (detaching, orders) = after(&verifying, Event::Settled(Rest::Right), noon());
    assert_eq!((detaching.state(), &orders[..]), (State::Detaching, &[Order::Detach][..]));
    let (moved, _) = after(&detaching, wrong(), noon());
    assert_eq!(moved.state(), State::Moved, "a dead account that holds it does no harm");
    assert!(moved.why().contains("not let go of completely"));
    let (unwinding, orders) = after(&preparing, wrong(), noon());
    assert_eq!((unwinding.state(), &orders[..]), (State::Unwinding, &[Order::RemoveImport][..]));
    let (failed, orders) = after(&unwinding, Event::Settled(Rest::Right), noon());
    assert_eq!((failed.state(), &orders[..]), (State::Failed, &[Order::GiveBack][..]));
}

#[test]
fn a_number_that_is_not_ready_in_time_goes_back_to_the_pool() {
    let (preparing, _) = after(&a_move(Kind::Failover, false), began(), noon());
    let deadline = preparing.deadline().expect("a deadline");
    let seen = "not confirmed yet".to_owned();
    assert!(preparing.step(Event::Tick { seen: seen.clone() }, deadline - chrono::Duration::seconds(1)).is_err());
    let (failed, orders) = after(&preparing, Event::Tick { seen }, deadline);
    assert_eq!((failed.state(), &orders[..]), (State::Failed, &[Order::GiveBack][..]));
    assert!(failed.why().contains("not confirmed yet"));
}

#[test]
fn a_number_that_is_bad_by_itself_is_put_aside() {
    let (preparing, _) = after(&a_move(Kind::Failover, false), began(), noon());
    let (failed, orders) = after(&preparing, blamed(Blame::Number), noon());
    assert_eq!((failed.state(), &orders[..]), (State::Failed, &[Order::PutAside][..]));
}

#[test]
fn after_the_turn_it_is_looked_at_five_times_and_then_a_person_says() {
    let (preparing, _) = after(&a_move(Kind::Failover, false), began(), noon());
    let (mut held, _) = after(&preparing, Event::Settled(Rest::Right), noon());
    for _ in 0..4 {
        let (next, orders) = after(&held, wrong(), noon() + chrono::Duration::seconds(1));
        assert_eq!((next.state(), &orders[..]), (State::Verifying, &[Order::Converge][..]));
        held = next;
    }
    let (stuck, _) = after(&held, wrong(), noon());
    assert_eq!((stuck.state(), stuck.ended_since(&held)), (State::Stuck, Some(Ended::Stuck)));
    let (retried, orders) = after(&stuck, Event::Retried, noon());
    assert_eq!((retried.state(), &orders[..]), (State::Verifying, &[Order::Converge][..]));
    let (accepted, _) = after(&stuck, Event::Accepted { actor: "tok_1".into() }, noon());
    assert_eq!((accepted.state(), accepted.ended_since(&stuck)), (State::Moved, None));
    assert!(accepted.why().contains("tok_1"));
}

#[test]
fn a_rollback_gives_the_backup_number_back_last_and_a_drill_returns_by_itself() {
    for (kind, order) in [(Kind::Rollback, Order::GiveBackOld), (Kind::Rehearsal, Order::Return)] {
        let (preparing, _) = after(&a_move(kind, false), began(), noon());
        let (verifying, _) = after(&preparing, Event::Settled(Rest::Right), noon());
        let (moved, orders) = after(&verifying, Event::Settled(Rest::Right), noon());
        assert_eq!((moved.state(), &orders[..]), (State::Moved, &[order][..]));
    }
    let (skipped, orders) = after(&a_move(Kind::Rollback, false), Event::Edited { why: "paused".into() }, noon());
    assert_eq!((skipped.state(), orders.len()), (State::Skipped, 0), "the line's own number is in no pool");
}

#[test]
fn every_stored_state_still_loads() {
    for sample in [
        r#"{"state":"waiting"}"#,
        r#"{"state":"preparing","until":"2026-11-20T12:00:00Z"}"#,
        r#"{"state":"verifying","until":"2026-11-20T12:00:00Z","tries":1}"#,
        r#"{"state":"detaching","until":"2026-11-20T12:00:00Z"}"#,
        r#"{"state":"unwinding","until":"2026-11-20T12:00:00Z","why":"no","then":{"failed":"number"}}"#,
        r#"{"state":"moved","note":""}"#,
        r#"{"state":"undone","why":"no"}"#,
        r#"{"state":"failed","why":"no","blame":"surroundings"}"#,
        r#"{"state":"left-out","why":"no"}"#,
        r#"{"state":"skipped","why":"no"}"#,
        r#"{"state":"stuck","why":"no"}"#,
    ] {
        serde_json::from_str::<Work>(sample).unwrap_or_else(|error| panic!("{sample}: {error}"));
    }
}

fn happens() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(began()),
        1 => Just(Event::Edited { why: "edited".into() }),
        4 => Just(Event::Settled(Rest::Right)),
        2 => Just(wrong()),
        1 => Just(blamed(Blame::Number)),
        2 => Just(Event::Tick { seen: String::new() }),
        1 => Just(Event::Dropped { why: "stopped".into() }),
        1 => Just(Event::Retried),
        1 => Just(Event::Accepted { actor: "tok_1".into() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Turned once, and only when the number was right; after it only forward; the number has one owner, who gives it back
    /// exactly when nothing was turned; at rest is at rest.
    #[test]
    fn whatever_happens_a_line_is_turned_once_or_not_at_all(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        is_native in any::<bool>(),
        story in prop::collection::vec((happens(), 0..90_i64), 1..60)
    ) {
        let mut held = a_move(kind, is_native);
        let (mut now, mut flips, mut given_back) = (noon(), 0, 0);
        for (event, seconds) in story {
            now += chrono::Duration::seconds(seconds);
            let Ok(step) = held.step(event.clone(), now) else { continue };
            prop_assert!(step.effects.is_empty());
            let next = Move { version: held.version + 1, ..step.next };
            let orders = next.orders_since(&held);
            if orders.contains(&Order::Flip) {
                prop_assert_eq!(&event, &Event::Settled(Rest::Right));
                prop_assert_eq!(held.state(), State::Preparing);
                flips += 1;
            }
            given_back += orders.iter().filter(|order| matches!(order, Order::GiveBack | Order::PutAside)).count();
            prop_assert!(flips <= 1);
            prop_assert_eq!(flips == 1, next.flip_time.is_some());
            let is_back = matches!(next.state(), State::Undone | State::Failed | State::Skipped);
            prop_assert!(!(is_back && flips > 0), "after the turn only forward: {:?}", next);
            prop_assert_eq!(given_back == 1, is_back && kind != Kind::Rollback);
            if held.state().is_at_rest() {
                let goes_on = held.state() == State::Stuck;
                prop_assert!(goes_on, "{:?} after {:?}", next, held);
            }
            let is_asleep = next.state().is_at_rest() || next.state() == State::Waiting;
            prop_assert_eq!(next.deadline().is_none(), is_asleep);
            prop_assert_eq!(next.end_time.is_some(), next.state().is_at_rest());
            held = next;
        }
    }
}
