use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{super::*, *};
use crate::domain::sample::{at, call_sid, new_call};

fn fact(what: What, status: Status, receive_time: &str) -> Fact {
    Fact {
        status: Some(status),
        from: "+493012345678".into(),
        to: "+15005550006".into(),
        direction: Some(Direction::Inbound),
        ..Fact::bare(what, call_sid(1), at(receive_time))
    }
}

fn progressed(status: Status, sequence: i32, event_time: &str, receive_time: &str) -> Fact {
    Fact { sequence: Some(sequence), event_time: Some(at(event_time)), ..fact(What::Progressed, status, receive_time) }
}

/// A call that came in, rang a person, was talked and ended, with a look at Twilio in between.
fn story() -> Vec<Fact> {
    let completed = progressed(Status::Completed, 3, "2026-08-04T09:01:40Z", "2026-08-04T09:01:43.5Z");
    vec![
        Fact { forwarded_from: "+4930999".into(), ..fact(What::Received, Status::Ringing, "2026-08-04T09:00:00.2Z") },
        progressed(Status::Initiated, 0, "2026-08-04T09:00:00Z", "2026-08-04T09:00:01.1Z"),
        progressed(Status::Ringing, 1, "2026-08-04T09:00:01Z", "2026-08-04T09:00:04.9Z"),
        progressed(Status::InProgress, 2, "2026-08-04T09:00:05Z", "2026-08-04T09:00:05.2Z"),
        Fact { duration: Some(Seconds(95)), sip_response_code: 200, ..completed },
        Fact { from: Party::default(), ..fact(What::DialEnded, Status::Completed, "2026-08-04T09:01:40.6Z") },
        Fact {
            start_time: Some(at("2026-08-04T09:00:00Z")),
            ..fact(What::Fetched, Status::InProgress, "2026-08-04T09:01:00Z")
        },
    ]
}

fn told<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Call {
    let add = |known, fact| Some(merge(known, fact, &new_call()).call);
    facts.into_iter().fold(None, add).expect("at least one fact")
}

fn permutations(facts: &[Fact]) -> Vec<Vec<&Fact>> {
    if facts.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for rest in permutations(&facts[1..]) {
        for place in 0..=rest.len() {
            let mut one = rest.clone();
            one.insert(place, &facts[0]);
            all.push(one);
        }
    }
    all
}

#[test]
fn every_order_of_the_callbacks_of_a_call_ends_in_the_same_row() {
    let story = story();
    let expected = told(&story);
    for order in permutations(&story) {
        assert_eq!(told(order.iter().copied()), expected);
        let twice = order.iter().flat_map(|fact| [*fact, *fact]);
        assert_eq!(told(twice), expected);
        assert_eq!(told(order.iter().chain(order.iter().rev()).copied()), expected);
    }
}

#[test]
fn the_row_tells_the_story_of_the_call() {
    let call = told(&story());
    assert_eq!(call.status, Status::Completed);
    assert_eq!(call.sequence, Some(3));
    assert_eq!(call.direction, Some(Direction::Inbound));
    assert_eq!(call.from.as_str(), "+493012345678");
    assert_eq!(call.start_time, at("2026-08-04T09:00:00Z"));
    assert_eq!(call.answer_time, Some(at("2026-08-04T09:00:05Z")));
    assert_eq!(call.end_time, Some(at("2026-08-04T09:01:40Z")));
    assert_eq!(call.duration, Some(Seconds(95)));
    assert_eq!(call.sip_response_code, 200);
    assert_eq!(call.forwarded_from.as_str(), "+4930999");
    assert_eq!(call.source, Source::Webhook);
    assert_eq!(call.create_time, at("2026-08-04T09:00:00.2Z"));
    assert_eq!(call.update_time, at("2026-08-04T09:01:43.5Z"));
    assert_eq!(call.check_time, Some(at("2026-08-04T09:01:00Z")));
}

#[test]
fn a_status_before_its_call_creates_the_call_and_the_route_is_decided_later_and_once() {
    let story = story();
    let early = merge(None, &story[4], &new_call());
    assert!(early.changed);
    assert_eq!(early.call.decision, None);
    let mut call = merge(Some(early.call), &story[0], &new_call()).call;
    assert_eq!(call.status, Status::Completed);
    let first = serde_json::from_value::<Decision>(serde_json::json!({ "reason": "unassigned", "rule": "first" }));
    let later = serde_json::from_value::<Decision>(serde_json::json!({ "reason": "assigned", "rule": "later" }));
    call.decide(first.expect("a decision"));
    call.decide(later.expect("a decision"));
    assert_eq!(call.decision.expect("decided").rule, "first");
}

#[test]
fn a_repeated_or_late_callback_changes_nothing() {
    let story = story();
    let call = told(&story);
    for fact in &story {
        let again = merge(Some(call.clone()), fact, &new_call());
        assert!(!again.changed, "{fact:?}");
        assert_eq!(again.call, call);
    }
}

#[test]
fn of_two_final_statuses_the_higher_sequence_number_stands_and_then_a_fixed_order() {
    let busy = progressed(Status::Busy, 2, "2026-08-04T09:00:10Z", "2026-08-04T09:00:11Z");
    let completed = progressed(Status::Completed, 1, "2026-08-04T09:00:10Z", "2026-08-04T09:00:11Z");
    assert_eq!(told([&busy, &completed]).status, Status::Busy);
    assert_eq!(told([&completed, &busy]).status, Status::Busy);
    let untold =
        |status| Fact { sequence: None, ..progressed(status, 0, "2026-08-04T09:00:10Z", "2026-08-04T09:00:11Z") };
    assert_eq!(told([&untold(Status::Completed), &untold(Status::NoAnswer)]).status, Status::Completed);
    assert_eq!(told([&untold(Status::NoAnswer), &untold(Status::Completed)]).status, Status::Completed);
}

#[test]
fn a_call_known_from_twilios_list_alone_says_so() {
    let story = story();
    assert_eq!(told([&story[6]]).source, Source::Reconciled);
    assert_eq!(told([&story[6], &story[0]]).source, Source::Webhook);
}

#[test]
fn an_agent_that_was_not_reached_is_remembered_once() {
    let mut call = Call { agent_id: Some(crate::domain::sample::agent_id(1)), ..told(&story()) };
    call.hand_over(Some(crate::domain::sample::agent_id(1)));
    call.hand_over(None);
    call.hand_over(None);
    assert_eq!(call.tried_agent_ids, [crate::domain::sample::agent_id(1)]);
    assert_eq!(call.agent_id, None);
}

#[test]
fn a_stored_call_still_loads() {
    let sample = serde_json::json!({
        "id": "call_00000000000000000000000007", "workspace_id": "wsp_00000000000000000000000000",
        "call_sid": "CA00000000000000000000000000000001", "parent_call_sid": null,
        "account_id": "acc_00000000000000000000000000", "phone_number_id": null, "direction": "inbound",
        "from": "anonymous", "to": "+15005550006", "status": "in-progress", "sequence": 2, "agent_id": null,
        "decision": { "agent_id": null, "route_plan_id": null, "reason": "unassigned" },
        "start_time": "2026-08-04T09:00:00Z", "answer_time": null, "end_time": null, "duration": null,
        "source": "webhook", "recording_sids": ["RE00000000000000000000000000000001"], "version": 3,
        "create_time": "2026-08-04T09:00:00Z", "update_time": "2026-08-04T09:00:00Z",
    });
    let call: Call = serde_json::from_value(sample).expect("loads");
    assert_eq!(call.status, Status::InProgress);
    let again: Call = serde_json::from_value(serde_json::to_value(&call).expect("plain")).expect("own form");
    assert_eq!(again, call);
}

#[test]
fn no_number_shows_in_debug() {
    let shown = format!("{:?} {:?}", told(&story()), story());
    assert!(!shown.contains("12345678") && !shown.contains("5550006"), "{shown}");
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (0..600i64).prop_map(|second| at("2026-08-04T09:00:00Z") + chrono::Duration::seconds(second))
}

fn parties() -> impl Strategy<Value = Party> {
    select(vec!["", "+493012345678", "anonymous", "client:desk"]).prop_map(Party::from)
}

prop_compose! {
    fn facts()(
        what in select(What::ALL), status in option::of(select(Status::ALL)), sequence in option::of(0..6i32),
        receive_time in moments(), event_time in option::of(moments()), times in (option::of(moments()), option::of(moments())),
        from in parties(), to in parties(), direction in option::of(select(Direction::ALL)),
        duration in option::of((0..90u32).prop_map(Seconds)), sip_response_code in select(vec![0, 200, 486]),
        answered_by in select(vec!["", "human", "unknown"]), simulated: bool,
    ) -> Fact {
        Fact {
            status, sequence, event_time, start_time: times.0, end_time: times.1, from, to, direction, duration,
            sip_response_code, simulated, answered_by: answered_by.to_owned(),
            ..Fact::bare(what, call_sid(1), receive_time)
        }
    }
}

fn reordered() -> impl Strategy<Value = (Vec<Fact>, Vec<Fact>)> {
    vec(facts(), 1..8).prop_flat_map(|facts| {
        let repeated = vec(select(facts.clone()), 0..4)
            .prop_map({
                let facts = facts.clone();
                move |more| [facts.clone(), more].concat()
            })
            .prop_shuffle();
        (Just(facts), repeated)
    })
}

proptest! {
    #[test]
    fn whatever_the_facts_their_order_and_repetition_do_not_matter((facts, reordered) in reordered()) {
        prop_assert_eq!(told(&facts), told(&reordered));
    }

    #[test]
    fn a_final_status_stays_final(facts in vec(facts(), 1..8)) {
        let mut known: Option<Call> = None;
        for fact in &facts {
            let was_final = known.as_ref().is_some_and(|call| call.status.is_final());
            let call = merge(known, fact, &new_call()).call;
            prop_assert!(!was_final || call.status.is_final());
            known = Some(call);
        }
    }
}

/// What Twilio's list says of a call at some moment, in whole seconds.
fn listed(moment: i64, rings: i64, talks: i64) -> Fact {
    let second = |second| at("2026-08-04T09:00:00Z") + chrono::Duration::seconds(second);
    let status = match moment {
        early if early < rings => Status::Ringing,
        meanwhile if meanwhile < rings + talks => Status::InProgress,
        _ => Status::Completed,
    };
    let is_over = status.is_final();
    Fact {
        start_time: Some(second(0)),
        end_time: is_over.then(|| second(rings + talks)),
        duration: is_over.then_some(Seconds(talks as u32)),
        direction: Some(Direction::Inbound),
        from: "+493012345678".into(),
        to: "+15005550006".into(),
        status: Some(status),
        ..Fact::bare(What::Fetched, call_sid(1), second(moment))
    }
}

/// What the webhooks of the same call say, each received a little later.
fn webhooks(rings: i64, talks: i64, lag: i64) -> Vec<Fact> {
    let second = |second| at("2026-08-04T09:00:00Z") + chrono::Duration::seconds(second);
    let late = |second_: i64| second(second_) + chrono::Duration::milliseconds(lag);
    let parties = |fact: Fact| Fact { from: "+493012345678".into(), to: "+15005550006".into(), ..fact };
    let received = Fact {
        status: Some(Status::Ringing),
        direction: Some(Direction::Inbound),
        ..Fact::bare(What::Received, call_sid(1), late(0))
    };
    let ended = Fact {
        status: Some(Status::Completed),
        sequence: Some(3),
        event_time: Some(second(rings + talks)),
        duration: Some(Seconds(talks as u32)),
        direction: Some(Direction::Inbound),
        ..Fact::bare(What::Progressed, call_sid(1), late(rings + talks))
    };
    vec![parties(received), parties(ended)]
}

/// The way facts are taken in: a list does not touch a call of which everything is known.
fn taken_in(facts: &[Fact]) -> Option<Call> {
    facts.iter().fold(None, |known: Option<Call>, fact| match known {
        Some(call) if fact.what == What::Fetched && call.is_told() => Some(call),
        known => Some(merge(known, fact, &new_call()).call),
    })
}

proptest! {
    /// Webhooks and pages of the list, any of them missing, in any order and more than once: whenever one of them tells
    /// of the end, the call is over in the same way, and only Twilio's whole seconds make a difference.
    #[test]
    fn a_call_told_by_webhooks_and_by_lists_in_any_order_is_the_same_call(
        (rings, talks, lag) in (1..30_i64, 1..300_i64, 0..900_i64),
        moments in vec(0..400_i64, 0..5),
        kept in vec(any::<bool>(), 2),
        seed in vec(any::<prop::sample::Index>(), 0..16),
    ) {
        let mut facts: Vec<Fact> = moments.into_iter().map(|moment| listed(moment, rings, talks)).collect();
        let heard = webhooks(rings, talks, lag).into_iter().zip(kept).filter(|(_, kept)| *kept);
        facts.extend(heard.map(|(fact, _)| fact));
        let mut shuffled = facts.clone();
        for (place, index) in seed.iter().enumerate().filter(|_| !facts.is_empty()) {
            shuffled.push(index.get(&facts).clone());
            let length = shuffled.len();
            shuffled.swap(place % length, index.index(length));
        }
        let (Some(one), Some(other)) = (taken_in(&facts), taken_in(&shuffled)) else { return Ok(()) };
        let essence = |call: &Call| {
            (call.status, call.duration, call.end_time, call.from.clone(), call.to.clone(), call.direction)
        };
        prop_assert_eq!(essence(&one), essence(&other));
        let tells_the_end = facts.iter().any(|fact| fact.status.is_some_and(Status::is_final));
        prop_assert_eq!(one.status.is_final(), tells_the_end);
        prop_assert!((one.start_time - other.start_time).num_seconds().abs() <= rings);
        let has_webhook = facts.iter().any(|fact| fact.what != What::Fetched);
        prop_assert_eq!(one.source == Source::Reconciled, !has_webhook);
    }
}
