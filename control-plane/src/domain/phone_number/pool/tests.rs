use proptest::prelude::*;
use uuid::Uuid;

use super::{
    super::{Event, tests::number},
    *,
};
use crate::domain::{machine::Machine, sample::agent_id};

fn move_id(number: u128) -> MoveId {
    MoveId::from_uuid(Uuid::from_u128(number))
}

fn desk() -> Assignment {
    Assignment::Agent(agent_id(1))
}

fn after(number: &PhoneNumber, events: impl IntoIterator<Item = PoolEvent>) -> PhoneNumber {
    events.into_iter().fold(number.clone(), |number, event| {
        number
            .step(Event::Pool(event.clone()), number.create_time)
            .unwrap_or_else(|no| panic!("{event:?}: {no:?}"))
            .next
    })
}

fn refusal(number: &PhoneNumber, event: Event) -> &'static str {
    number.step(event, number.create_time).expect_err("refused").reason
}

#[test]
fn a_backup_number_goes_from_the_pool_to_a_move_and_back() {
    let by = move_id(1);
    let reserved =
        after(&number(State::Active), [PoolEvent::Pooled, PoolEvent::Pinned(agent_id(1)), PoolEvent::Reserved { by }]);
    assert!(!reserved.is_free_backup());
    let taken = after(&reserved, [PoolEvent::Taken { by, assignment: desk() }]);
    assert_eq!((taken.assignment, taken.pool.as_ref().map(|pool| pool.state)), (Some(desk()), Some(PoolState::InUse)));
    let back = after(&taken, [PoolEvent::Released { by }]);
    assert!(back.is_free_backup());
    assert_eq!(back.pool.expect("pooled").pinned_agent_id, Some(agent_id(1)), "a pin outlives a failover");
}

#[test]
fn only_a_confirmed_number_that_takes_calls_and_that_nobody_answers_can_wait_in_the_pool() {
    use crate::domain::telephony::Capabilities;
    for (state, reason) in [
        (State::Pending, "NUMBER_NOT_VERIFIED"),
        (State::Refused, "NUMBER_REFUSED"),
        (State::VerifyOnly, "NUMBER_VERIFY_ONLY"),
    ] {
        assert_eq!(refusal(&number(state), Event::Pool(PoolEvent::Pooled)), reason);
    }
    let mute = PhoneNumber { capabilities: Capabilities::default(), ..number(State::Active) };
    assert_eq!(refusal(&mute, Event::Pool(PoolEvent::Pooled)), "NUMBER_WITHOUT_VOICE");
    let busy = PhoneNumber { assignment: Some(desk()), ..number(State::Active) };
    assert_eq!(refusal(&busy, Event::Pool(PoolEvent::Pooled)), "NUMBER_IN_USE");
    let waiting = after(&number(State::Active), [PoolEvent::Pooled]);
    assert_eq!(refusal(&waiting, Event::Pool(PoolEvent::Pooled)), "NUMBER_POOLED");
}

#[test]
fn nobody_assigns_a_waiting_number_or_takes_one_away_from_a_failover_by_hand() {
    let by = move_id(1);
    let free = after(&number(State::Active), [PoolEvent::Pooled]);
    let reserved = after(&free, [PoolEvent::Reserved { by }]);
    let taken = after(&reserved, [PoolEvent::Taken { by, assignment: desk() }]);
    for waiting in [&free, &reserved, &after(&reserved, [PoolEvent::Quarantined { by, why: "dead".to_owned() }])] {
        assert_eq!(refusal(waiting, Event::Assigned(desk())), "NUMBER_POOLED");
    }
    for held in [&reserved, &taken] {
        assert_eq!(refusal(held, Event::Unassigned), "NUMBER_IN_FAILOVER");
        assert_eq!(refusal(held, Event::Pool(PoolEvent::Unpooled)), "NUMBER_IN_FAILOVER");
        assert!(held.refuse_held_by_a_move().is_err());
    }
    assert!(taken.step(Event::Assigned(desk()), taken.create_time).is_ok(), "an agent can be exchanged while moved");
    assert_eq!(after(&free, [PoolEvent::Unpooled]).pool, None);
}

#[test]
fn a_quarantined_number_is_given_to_nobody_until_an_operator_says_so() {
    let by = move_id(1);
    let why = "its webhooks could not be written".to_owned();
    let reserved = after(&number(State::Active), [PoolEvent::Pooled, PoolEvent::Reserved { by }]);
    let aside = after(&reserved, [PoolEvent::Quarantined { by, why: why.clone() }]);
    assert_eq!(aside.pool.as_ref().map(|pool| pool.reason.clone()), Some(why));
    assert_eq!(refusal(&aside, Event::Pool(PoolEvent::Reserved { by: move_id(2) })), "NUMBER_NOT_FREE");
    let again = after(&aside, [PoolEvent::Requalified]);
    assert!(again.is_free_backup() && again.pool.is_some_and(|pool| pool.reason.is_empty()));
}

#[test]
fn a_number_that_twilio_disowned_is_neither_reserved_nor_taken() {
    let by = move_id(1);
    let free = after(&number(State::Active), [PoolEvent::Pooled]);
    let disowned = |number: PhoneNumber| PhoneNumber { state: State::Refused, ..number };
    assert_eq!(refusal(&disowned(free.clone()), Event::Pool(PoolEvent::Reserved { by })), "NUMBER_NOT_FREE");
    let reserved = disowned(after(&free, [PoolEvent::Reserved { by }]));
    assert_eq!(refusal(&reserved, Event::Pool(PoolEvent::Taken { by, assignment: desk() })), "NUMBER_NOT_FREE");
}

#[test]
fn only_a_number_that_nobody_has_is_set_aside_by_a_look() {
    let by = move_id(1);
    let aside = || PoolEvent::SetAside { why: "it is gone".to_owned() };
    let free = after(&number(State::Active), [PoolEvent::Pooled, PoolEvent::Pinned(agent_id(1))]);
    let pool = after(&free, [aside()]).pool.expect("pooled");
    assert_eq!((pool.state, pool.reason.as_str()), (PoolState::Quarantined, "it is gone"));
    assert_eq!(pool.pinned_agent_id, Some(agent_id(1)), "a pin outlives it");
    let reserved = after(&free, [PoolEvent::Reserved { by }]);
    let taken = after(&reserved, [PoolEvent::Taken { by, assignment: desk() }]);
    for held in [&number(State::Active), &after(&free, [aside()]), &reserved, &taken] {
        assert_eq!(refusal(held, Event::Pool(aside())), "NUMBER_NOT_FREE");
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let by = || (0..3_u128).prop_map(move_id);
    let one = prop_oneof![
        2 => Just(Event::Pool(PoolEvent::Pooled)),
        1 => Just(Event::Pool(PoolEvent::Unpooled)),
        1 => Just(Event::Pool(PoolEvent::Pinned(agent_id(1)))),
        1 => Just(Event::Pool(PoolEvent::Unpinned)),
        4 => by().prop_map(|by| Event::Pool(PoolEvent::Reserved { by })),
        4 => by().prop_map(|by| Event::Pool(PoolEvent::Taken { by, assignment: desk() })),
        2 => by().prop_map(|by| Event::Pool(PoolEvent::Released { by })),
        1 => by().prop_map(|by| Event::Pool(PoolEvent::Quarantined { by, why: "no".to_owned() })),
        1 => Just(Event::Pool(PoolEvent::SetAside { why: "gone".to_owned() })),
        1 => Just(Event::Pool(PoolEvent::Requalified)),
        1 => Just(Event::Assigned(desk())),
        1 => Just(Event::Unassigned),
    ];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    /// Whatever comes in whatever order: a move has a number or has none, loses it only by its own event, and nobody is on a
    /// number that waits.
    #[test]
    fn a_number_belongs_to_one_move_at_a_time(events in events()) {
        let mut number = number(State::Active);
        for event in events {
            let before = number.pool.as_ref().and_then(|pool| pool.reserved_by);
            let Ok(step) = number.step(event.clone(), number.create_time) else { continue };
            number = step.next;
            let held = number.pool.as_ref().and_then(|pool| pool.reserved_by);
            match (before, &event) {
                (Some(owner), Event::Pool(PoolEvent::Released { by } | PoolEvent::Quarantined { by, .. })) => {
                    prop_assert_eq!(owner, *by);
                    prop_assert_eq!(held, None);
                }
                (Some(owner), _) => prop_assert_eq!(held, Some(owner)),
                (None, Event::Pool(PoolEvent::Reserved { by })) => prop_assert_eq!(held, Some(*by)),
                (None, _) => prop_assert_eq!(held, None),
            }
            if let Some(pool) = &number.pool {
                let is_held = matches!(pool.state, PoolState::Reserved | PoolState::InUse);
                prop_assert_eq!(is_held, pool.reserved_by.is_some());
                prop_assert_eq!(number.assignment.is_some(), pool.state == PoolState::InUse);
                prop_assert_eq!(pool.reason.is_empty(), pool.state != PoolState::Quarantined);
            }
        }
    }
}
