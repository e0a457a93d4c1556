//! Whatever happens, in whatever order: what an incident promises.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Happens {
    /// The step that is due begins, is refused, or waits for the line.
    Began,
    Denied,
    Held(i64),
    /// Told of the n-th step, whatever it is.
    Taken(u32),
    Ended(u32, Ending),
    Stray(u32),
    Acknowledged,
    Missed,
    Joined,
    Resolved,
    Cancelled,
    Moved(i64),
    Tick,
}

fn happens() -> impl Strategy<Value = Happens> {
    let endings = prop::sample::select(Ending::ALL.to_vec());
    prop_oneof![
        12 => Just(Happens::Began),
        3 => Just(Happens::Denied),
        2 => (1..60_i64).prop_map(Happens::Held),
        3 => (1..8_u32).prop_map(Happens::Taken),
        8 => (1..8_u32, endings).prop_map(|(number, ending)| Happens::Ended(number, ending)),
        1 => (1..8_u32).prop_map(Happens::Stray),
        1 => Just(Happens::Acknowledged),
        2 => Just(Happens::Missed),
        1 => prop_oneof![Just(Happens::Joined), Just(Happens::Resolved), Just(Happens::Cancelled)],
        1 => (-2000..4000_i64).prop_map(Happens::Moved),
        4 => Just(Happens::Tick),
    ]
}

/// What the flow would say; none when it would not say anything now.
fn event(happens: Happens, held: &Incident, now: Timestamp) -> Option<Event> {
    let due = held.due_step(now);
    let reason = |held: &Step| if held.window.holds(now) { "do_not_call" } else { "outside_critical_window" };
    Some(match happens {
        Happens::Began if due.is_some_and(|step| step.window.holds(now)) => {
            let number = due?.number;
            Event::Began { number, attempt_id: tried(number) }
        }
        Happens::Began | Happens::Denied => {
            let why = Denial { attempt_id: None, reason: reason(due?), error: "no".into() };
            Event::Denied { number: due?.number, why }
        }
        Happens::Held(wait) => Event::Held { number: due?.number, until: now + Duration::seconds(wait) },
        Happens::Taken(number) => Event::Taken { number, simulated: false },
        Happens::Ended(number, ending) => ended(number, ending),
        Happens::Stray(number) => Event::Began { number, attempt_id: tried(number + 50) },
        Happens::Acknowledged => acknowledged(),
        Happens::Missed => checked_in(CheckIn::Missed),
        Happens::Joined => checked_in(CheckIn::Joined),
        Happens::Resolved => Event::Resolved { by: "the desk".into() },
        Happens::Cancelled => Event::EventCancelled,
        Happens::Moved(seconds) => moved(from_start(seconds)),
        Happens::Tick => Event::Tick,
    })
}

fn may_follow(before: State, after: State) -> bool {
    use State as S;
    match (before, after) {
        (S::Open, _) => true,
        (S::Acknowledged, S::Escalating | S::Resolved) => true,
        (S::Escalating, S::Acknowledged | S::Resolved) => true,
        (one, other) => one == other,
    }
}

fn keeps_its_promises(before: &Incident, event: &Event, decision: &Decision<Incident>, now: Timestamp) {
    let after = &decision.next;
    assert!(decision.effects.is_empty() && !decision.news.is_empty() || matches!(event, Event::Held { .. }));
    assert!(may_follow(before.state, after.state), "{} to {} by {event:?}", before.state, after.state);
    assert_eq!(after.deadline().is_none(), after.state == State::Resolved);
    assert!(after.is_alerting() || after.due_step(now + Duration::days(30)).is_none());
    assert!(after.is_alerting() || after.steps.iter().all(|step| !step.is_waiting()), "still waits: {after:?}");
    assert!(after.steps.len() >= before.steps.len(), "a step is gone");
    for (old, new) in before.steps.iter().zip(&after.steps) {
        assert_eq!((old.number, old.rung), (new.number, new.rung));
        assert!(old.is_waiting() || !new.is_waiting(), "waits again: {new:?}");
        assert!(old.attempt_id.is_none() || old.attempt_id == new.attempt_id, "another try: {new:?}");
    }
    for (step, number) in after.steps.iter().zip(1..) {
        assert_eq!(step.number, number);
        let needs_reason = !matches!(step.status, Status::Pending | Status::Executed);
        assert!(!needs_reason || !step.reason.is_empty(), "no reason: {step:?}");
        assert!(!step.is_waiting() || after.is_of_this_time(step), "waits for another time: {step:?}");
        assert!(step.is_waiting() || step.execute_time.is_some(), "nobody knows when: {step:?}");
    }
    let told = decision.news.iter().filter(|news| **news == "incident.exhausted").count();
    assert_eq!(told == 1, after.exhausted && !before.exhausted, "{:?}", decision.news);
    let goes_on = after.steps.iter().any(|step| step.is_waiting() || step.is_under_way());
    assert!(!after.is_alerting() || after.exhausted != goes_on, "{after:?}");
}

/// Tries per rung, where nothing planned it anew.
fn keeps_its_counts(held: &Incident) {
    for (rung, place) in held.ladder.rungs.iter().zip(0..) {
        let tries = held.steps.iter().filter(|step| step.rung == place && step.attempt_id.is_some()).count();
        assert!(tries <= 1 + rung.redials as usize, "{tries} tries of rung {place}");
    }
}

fn rungs() -> Vec<Rung> {
    let own = Rung { window: Some(Span { from: -90, until: 45 }), ..rung(Channel::Sms, -60) };
    let delivered = Rung { reached: Reached::Delivered, ..rung(Channel::Whatsapp, 700) };
    let mut rungs = usual().rungs;
    rungs.insert(3, own);
    rungs.push(delivered);
    rungs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn whatever_happens_an_incident_keeps_its_promises_and_is_closed(
        opens in -1500..100_i64,
        expires in prop::option::of(0..500_u32),
        story in prop::collection::vec((happens(), 0..90_i64), 1..120),
    ) {
        let mut now = from_start(opens);
        let policy = Ladder { acknowledged_for: expires.map(Seconds), ..ladder(rungs()) };
        let mut held = opened(policy, now);
        let mut is_as_planned = true;
        for (happens, wait) in story {
            now += Duration::seconds(wait);
            let Some(event) = event(happens, &held, now) else { continue };
            let resumes = matches!(event, Event::CheckedIn { .. } | Event::Tick) && held.state == State::Acknowledged;
            let Ok(decision) = held.step(event.clone(), now) else { continue };
            is_as_planned &= !resumes && !matches!(event, Event::Moved { .. });
            keeps_its_promises(&held, &event, &decision, now);
            held = decision.next;
            if is_as_planned {
                keeps_its_counts(&held);
            }
        }
        // Left alone, woken at the times it asks for and refused by the guards, it is closed.
        for _ in 0..60 {
            let Some(wake) = held.deadline() else { break };
            now = now.max(wake);
            let event = event(Happens::Denied, &held, now).unwrap_or(Event::Tick);
            let decision = held.stepped(event.clone(), now);
            keeps_its_promises(&held, &event, &decision, now);
            held = decision.next;
        }
        prop_assert_eq!(held.state, State::Resolved);
        prop_assert!(held.steps.iter().all(|step| !step.is_waiting()));
    }
}
