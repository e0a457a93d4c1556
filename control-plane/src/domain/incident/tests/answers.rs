//! What people say: somebody has it, somebody closes it, the person came or did not; and what time says when nobody does.

use super::*;

fn expiring() -> Incident {
    opened(Ladder { acknowledged_for: Some(Seconds(200)), ..usual() }, from_start(-1000))
}

#[test]
fn an_acknowledgement_cancels_everything_that_waits_in_the_same_step() {
    let (held, _) = opened(usual(), from_start(-1000)).begins(from_start(-720));
    let held = held.after(acknowledged(), from_start(-700));
    assert_eq!((held.state, held.answered_by.as_str()), (State::Acknowledged, "the desk"));
    assert_eq!(held.statuses(), [Status::Pending, Status::Cancelled, Status::Cancelled, Status::Cancelled]);
    assert!(held.steps[1..].iter().all(|step| step.reason == "acknowledged"));
    assert_eq!(held.under_way().collect::<Vec<_>>(), [tried(1)], "whoever is called is to be let go");
    assert_eq!((held.due_step(from_start(3600)), held.deadline()), (None, Some(held.close_time())));
    for event in [
        acknowledged(),
        Event::Began { number: 2, attempt_id: tried(2) },
        Event::Held { number: 2, until: start() },
        Event::Denied { number: 2, why: Denial { attempt_id: None, reason: "no", error: String::new() } },
    ] {
        assert!(held.step(event, from_start(-300)).is_err());
    }
}

#[test]
fn an_end_that_comes_after_the_acknowledgement_is_kept_and_leads_to_nothing() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    let held = held.begins(from_start(-300)).0.after(acknowledged(), from_start(-290));
    let held = held.after(ended(2, Ending::Undelivered), from_start(-280));
    assert_eq!((held.steps[1].status, held.waiting().len()), (Status::Failed, 0));
}

#[test]
fn an_acknowledgement_that_counts_no_more_resumes_what_is_ahead() {
    let held = expiring().tries(Ending::Sent, from_start(-720)).after(acknowledged(), from_start(-310));
    assert_eq!(held.deadline(), Some(from_start(-110)));
    assert!(held.step(Event::Tick, from_start(-111)).is_err());
    let held = held.after(Event::Tick, from_start(-110));
    assert_eq!((held.state, held.answered_by.as_str()), (State::Escalating, ""));
    // The message and the call were due meanwhile, and their windows are open still.
    assert_eq!(held.waiting(), [-110, -110, 600]);
    assert_eq!(held.steps.len(), 7, "what was cancelled stays cancelled; steps are planned anew");
    let late = expiring().after(acknowledged(), from_start(-100)).after(Event::Tick, from_start(100));
    assert_eq!(late.waiting(), [600], "what is over stays over");
}

#[test]
fn an_acknowledgement_without_a_limit_counts_until_the_end() {
    let held = opened(usual(), from_start(-1000)).after(acknowledged(), from_start(-700));
    assert!(held.step(Event::Tick, from_start(1000)).is_err());
    let end = held.close_time();
    assert_eq!(end, from_start(1200 + 3600));
    let held = held.after(Event::Tick, end);
    assert_eq!(
        (held.state, held.outcome, held.answered_by.as_str()),
        (State::Resolved, Some(Outcome::Resolved), "the desk")
    );
}

#[test]
fn a_person_who_misses_it_brings_the_next_rung_forward_but_not_before_its_window() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    let mail_only = held.after(checked_in(CheckIn::Missed), from_start(-700));
    assert_eq!((mail_only.state, mail_only.waiting()), (State::Escalating, vec![-700, -120, 600]));
    let texted = held.tries(Ending::Delivered, from_start(-300)).after(checked_in(CheckIn::Missed), from_start(-290));
    assert_eq!(texted.waiting(), [-180, 600]);
    let in_window =
        held.tries(Ending::Delivered, from_start(-300)).after(checked_in(CheckIn::Missed), from_start(-150));
    assert_eq!(in_window.waiting(), [-150, 600]);
}

#[test]
fn a_person_who_acknowledged_and_misses_it_starts_the_ladder_again() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    let held = held.after(acknowledged(), from_start(-700)).after(checked_in(CheckIn::Missed), from_start(-200));
    assert_eq!((held.state, held.waiting()), (State::Escalating, vec![-200, -120, 600]));
    assert_eq!((held.answered_by.as_str(), held.answer_time), ("", None));
}

#[test]
fn whoever_joins_resolves_or_cancels_ends_everything() {
    for (event, outcome, by) in [
        (checked_in(CheckIn::Joined), Outcome::Joined, "Ada"),
        (Event::Resolved { by: "the desk".into() }, Outcome::Resolved, "the desk"),
        (Event::EventCancelled, Outcome::EventCancelled, ""),
    ] {
        let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
        for before in [held.clone(), held.after(acknowledged(), from_start(-710))] {
            let after = before.after(event.clone(), from_start(-700));
            assert_eq!((after.state, after.outcome, after.deadline()), (State::Resolved, Some(outcome), None));
            assert!(by.is_empty() || after.answered_by == by);
            assert!(after.steps[1..].iter().all(|step| step.status == Status::Cancelled && !step.reason.is_empty()));
        }
    }
}

#[test]
fn what_is_resolved_absorbs_everything_but_how_its_tries_ended() {
    let (held, _) = armed(vec![rung(Channel::Voice, -120)]).begins(from_start(-120));
    let over = held.after(checked_in(CheckIn::Joined), from_start(-100));
    for event in [
        Event::Opened,
        Event::Tick,
        Event::Began { number: 1, attempt_id: tried(1) },
        acknowledged(),
        Event::Resolved { by: String::new() },
        checked_in(CheckIn::Joined),
        checked_in(CheckIn::Missed),
        moved(from_start(900)),
        Event::EventCancelled,
    ] {
        assert!(over.step(event.clone(), from_start(7200)).is_err(), "{event:?}");
    }
    let known = over.after(ended(1, Ending::Answered), from_start(-90));
    assert_eq!(known.steps[0].ending, Some(Ending::Answered));
    assert_eq!((known.state, known.outcome, known.exhausted), (over.state, over.outcome, over.exhausted));
}

#[test]
fn what_nobody_cared_for_is_closed_and_stays_known_as_tried() {
    let held = armed(vec![rung(Channel::Voice, -120)]).tries(Ending::NoKey, from_start(-120));
    let end = from_start(3600);
    assert_eq!((held.exhausted, held.deadline()), (true, Some(end)));
    assert!(held.step(Event::Tick, end - Duration::microseconds(1)).is_err());
    let closed = held.after(Event::Tick, end);
    assert_eq!((closed.outcome, closed.exhausted, closed.answer_time), (Some(Outcome::NotReached), true, None));
    let late = closed.after(ended(1, Ending::Answered), end);
    assert!(late.exhausted, "a late word does not rewrite what was");
}

#[test]
fn a_delivery_reaches_somebody_where_the_rung_says_so() {
    let reached = Rung { reached: Reached::Delivered, ..rung(Channel::Sms, -300) };
    let held = armed(vec![reached, rung(Channel::Voice, -120)]).tries(Ending::Delivered, from_start(-300));
    assert_eq!((held.state, held.waiting().len()), (State::Acknowledged, 0));
    let only_told = armed(vec![rung(Channel::Sms, -300), rung(Channel::Voice, -120)]);
    assert_eq!(only_told.tries(Ending::Delivered, from_start(-300)).state, State::Open);
}

#[test]
fn a_try_that_nobody_knows_the_end_of_may_still_ring_and_is_taken_back_too() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Unknown, from_start(-720));
    assert_eq!(held.under_way().collect::<Vec<_>>(), [tried(1)]);
    assert!(!held.steps[0].is_under_way(), "nobody waits for it");
}

#[test]
fn a_delivery_counts_no_longer_than_an_acknowledgement() {
    let reached = Rung { reached: Reached::Delivered, ..rung(Channel::Sms, -300) };
    let expiring = Ladder { acknowledged_for: Some(Seconds(200)), ..ladder(vec![reached, rung(Channel::Voice, -120)]) };
    let held = opened(expiring, from_start(-1000)).tries(Ending::Delivered, from_start(-300));
    assert_eq!((held.state, held.deadline()), (State::Acknowledged, Some(from_start(-100))));
    let held = held.after(Event::Tick, from_start(-100));
    assert_eq!((held.state, held.waiting()), (State::Escalating, vec![-100]));
}
