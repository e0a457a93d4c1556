//! When steps are due, and when they may begin.

use super::*;
use crate::domain::guard::{Case, Consent, Guard, Sender, judge};

/// What the window's guard says of the call at this moment.
fn may_ring(held: &Incident, now: Timestamp) -> bool {
    let window = held.steps.iter().find(|step| step.channel == Channel::Voice).map(|step| step.window);
    let case = Case {
        now,
        incident_open: Some(held.is_alerting()),
        has_address: true,
        stopped: None,
        window,
        calls: Some((0, 2)),
        do_not_call: Some(None),
        destination: None,
        frequency: None,
        volume: None,
        consent: (Consent::Unsaid, false),
        hours: None,
        purse: None,
        sender: Some(Sender::Found),
        free_at: None,
    };
    let verdict = judge(&case);
    assert!(verdict.refusal().is_none_or(|check| check.guard == Guard::Window));
    verdict.refusal().is_none()
}

#[test]
fn a_call_may_begin_from_180_seconds_before_the_event_until_before_it_starts() {
    let held = armed(vec![rung(Channel::Voice, -120)]);
    let at = |seconds| may_ring(&held, from_start(seconds));
    assert_eq!([-181, -180, -120, -1, 0, 1].map(at), [false, true, true, true, false, false]);
    let last = start() - Duration::microseconds(1);
    assert!(may_ring(&held, last));
    assert!(!may_ring(&held, from_start(-180) - Duration::microseconds(1)));
}

#[test]
fn steps_are_due_in_their_order_and_not_a_microsecond_early() {
    let mut held = opened(usual(), from_start(-1000));
    for offset in [-720, -300, -120] {
        let due = from_start(offset);
        assert_eq!(held.deadline(), Some(due));
        assert_eq!(held.due_step(due - Duration::microseconds(1)), None);
        held = held.tries(Ending::NoKey, due);
    }
    assert_eq!((held.deadline(), held.state), (Some(from_start(600)), State::Open));
    let (held, _) = held.begins(from_start(600));
    assert_eq!(held.state, State::Escalating, "somebody else is called");
}

#[test]
fn what_was_due_before_the_incident_was_known_is_due_at_once_while_its_window_is_open() {
    let held = opened(usual(), from_start(-100));
    let due: Vec<_> = held.steps.iter().map(|step| (step.due_time, step.window.holds(from_start(-100)))).collect();
    let now = from_start(-100);
    assert_eq!(due, [(now, true), (now, true), (now, true), (from_start(600), false)]);
    assert_eq!(held.due_step(now).map(|step| step.number), Some(1), "the first rung first");
    let too_late = opened(usual(), from_start(5));
    let passed = too_late.steps.iter().filter(|step| step.due_time == start() && !step.window.holds(from_start(5)));
    assert_eq!(passed.count(), 3, "they are due, and the guards refuse them with a reason");
}

#[test]
fn after_an_hour_away_nothing_rings_late_and_everything_says_why() {
    let now = from_start(3000);
    let mut held = opened(usual(), from_start(-1000));
    let mut steps = 0;
    while let Some(step) = held.due_step(now) {
        assert!(!step.window.holds(now));
        held = held.denied_now("outside_critical_window", now);
        steps += 1;
    }
    assert_eq!((steps, held.exhausted), (4, true));
    assert!(held.steps.iter().all(|step| step.status == Status::Skipped && !step.reason.is_empty()));
}

#[test]
fn a_step_waits_for_the_line_and_is_not_given_up() {
    let held = armed(vec![rung(Channel::Voice, -120)]);
    let now = from_start(-120);
    let until = now + Duration::milliseconds(900);
    let held = held.after(Event::Held { number: 1, until }, now);
    assert_eq!((held.deadline(), held.due_step(now)), (Some(until), None));
    assert_eq!(held.due_step(until).map(|step| step.due_time), Some(now), "it is late, and that is seen");
}

#[test]
fn times_are_counted_absolutely_whatever_the_clocks_do() {
    for moment in ["2026-03-29T01:01:00Z", "2026-10-25T01:01:00Z", "2028-02-29T00:01:00Z", "2028-03-01T00:00:30Z"] {
        let start = at(moment);
        let held = Incident { start_time: start, ..incident(usual()) };
        let held = held.after(Event::Opened, start - Duration::seconds(1000));
        let due: Vec<_> = held.steps.iter().map(|step| (step.due_time - start).num_seconds()).collect();
        assert_eq!(due, [-720, -300, -120, 600], "{moment}");
        let call = held.steps[2].window;
        assert_eq!((call.until - call.from).num_seconds(), 180);
    }
}
