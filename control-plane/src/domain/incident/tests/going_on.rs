//! What comes after a step that reached nobody: the same number again, the next rung sooner, or the end of the ladder.

use super::*;

fn calls(redials: u32) -> Vec<Rung> {
    vec![Rung { redials, ..rung(Channel::Voice, -120) }, rung(Channel::Voice, 600)]
}

#[test]
fn who_did_not_answer_is_dialled_again_at_once_and_no_more_often_than_the_rung_says() {
    for ending in [Ending::NoAnswer, Ending::Busy, Ending::Machine] {
        let held = armed(calls(1)).tries(ending, from_start(-120));
        let again = held.due_step(from_start(-120)).expect("dialled again");
        assert_eq!((again.redial, again.rung, again.number), (true, 0, 3));
        let held = held.tries(ending, from_start(-100));
        assert_eq!(held.waiting(), [600], "not a third time");
        let once = armed(calls(0)).tries(ending, from_start(-120));
        assert_eq!(once.waiting(), [600]);
    }
}

#[test]
fn only_what_may_be_answered_next_time_is_dialled_again() {
    for ending in Ending::ALL.iter().filter(|ending| !ending.may_answer_next_time()) {
        let held = armed(calls(1)).tries(*ending, from_start(-120));
        assert_eq!(held.waiting(), [600], "{ending}");
    }
}

#[test]
fn dialling_again_needs_30_seconds_before_the_window_ends() {
    let began = armed(calls(1)).begins(from_start(-120)).0;
    for (ends_at, again) in [(-31, true), (-30, true), (-29, false), (-1, false), (0, false), (5, false)] {
        let held = began.after(ended(1, Ending::NoAnswer), from_start(ends_at));
        assert_eq!(held.due_step(from_start(ends_at)).is_some(), again, "{ends_at}");
    }
}

#[test]
fn a_message_that_did_not_arrive_brings_the_next_rung_forward_to_its_window() {
    let rungs = || vec![rung(Channel::Sms, -300), rung(Channel::Voice, -120)];
    for ending in [Ending::Undelivered, Ending::Failed, Ending::Unknown] {
        assert_eq!(armed(rungs()).tries(ending, from_start(-300)).waiting(), [-180], "{ending}");
    }
    for ending in [Ending::Delivered, Ending::Sent] {
        assert_eq!(armed(rungs()).tries(ending, from_start(-300)).waiting(), [-120], "{ending}");
    }
    let late = armed(rungs()).begins(from_start(-300)).0.after(ended(1, Ending::Undelivered), from_start(-150));
    assert_eq!(late.waiting(), [-150], "its window is open already");
}

#[test]
fn a_message_is_brought_forward_as_far_as_its_window_lets_it() {
    let next = rung(Channel::Sms, -60);
    let chosen = Rung { window: Some(Span { from: -100, until: 0 }), ..next.clone() };
    let after = rung(Channel::Sms, 600);
    for (next, due) in [(next, -300), (chosen, -100), (after, 0)] {
        let held = armed(vec![rung(Channel::Sms, -300), next]).tries(Ending::Undelivered, from_start(-300));
        assert_eq!(held.waiting(), [due]);
        let step = held.due_step(from_start(due)).expect("due");
        assert!(step.window.holds(from_start(due)), "it is not refused as too early: {step:?}");
    }
}

#[test]
fn a_mail_that_failed_leaves_the_others_at_their_times() {
    for ending in [Ending::Failed, Ending::Unknown] {
        let held = armed(vec![rung(Channel::Email, -720), rung(Channel::Sms, -300)]).tries(ending, from_start(-720));
        assert_eq!(held.waiting(), [-300]);
    }
}

#[test]
fn a_step_that_was_refused_keeps_its_reason_and_the_others_their_times() {
    let held = armed(calls(1)).denied_now("do_not_call", from_start(-120));
    let step = &held.steps[0];
    assert_eq!((step.status, step.reason.as_str(), held.waiting()), (Status::Skipped, "do_not_call", vec![600]));
}

#[test]
fn what_the_checker_refuses_a_moment_later_is_refused_all_the_same() {
    for reason in ["do_not_call", "dnc_checker_unanswered"] {
        let rungs = vec![rung(Channel::Sms, -300), rung(Channel::Voice, -120)];
        let (held, number) = armed(rungs).begins(from_start(-300));
        let (ending, error) = (Ending::Failed, "listed by the do-not-call checker".to_owned());
        let refused = Event::Ended { number, ending, reason: reason.to_owned(), error };
        let held = held.after(refused, from_start(-299));
        let step = &held.steps[0];
        assert_eq!((step.status, step.reason.as_str(), held.waiting()), (Status::Skipped, reason, vec![-120]));
        assert!(!step.is_under_way() && !step.error.is_empty() && !held.exhausted);
    }
}

#[test]
fn how_a_step_ended_is_kept_with_it() {
    for (ending, status) in [
        (Ending::Answered, Status::Executed),
        (Ending::NoKey, Status::Executed),
        (Ending::NoAnswer, Status::Executed),
        (Ending::Machine, Status::Executed),
        (Ending::Sent, Status::Executed),
        (Ending::Simulated, Status::Executed),
        (Ending::Failed, Status::Failed),
        (Ending::Undelivered, Status::Failed),
        (Ending::Unknown, Status::Failed),
        (Ending::Expired, Status::Failed),
        (Ending::Withdrawn, Status::Cancelled),
    ] {
        let held = armed(vec![rung(Channel::Voice, -120)]).tries(ending, from_start(-120));
        assert_eq!((held.steps[0].status, held.steps[0].ending), (status, Some(ending)));
    }
}

#[test]
fn what_the_vendor_took_is_executed_and_told_twice_it_is_the_same() {
    let (held, number) = armed(vec![rung(Channel::Voice, -120)]).begins(from_start(-120));
    let taken = Event::Taken { number, simulated: true };
    let held = held.after(taken.clone(), from_start(-119));
    assert_eq!((held.statuses(), held.steps[0].simulated), (vec![Status::Executed], true));
    assert!(held.steps[0].is_under_way() && !held.exhausted);
    assert!(held.step(taken, from_start(-119)).is_err());
}

#[test]
fn more_becomes_known_of_an_end_and_leads_on_once() {
    let held = armed(calls(1)).tries(Ending::NoKey, from_start(-120));
    let machine = held.after(ended(1, Ending::Machine), from_start(-119));
    assert_eq!(machine.waiting().len(), 2, "a machine is not a person, whenever that is told");
    assert!(machine.step(ended(1, Ending::Machine), from_start(-119)).is_err());
    let unknown = armed(calls(1)).tries(Ending::Unknown, from_start(-120));
    let busy = unknown.after(ended(1, Ending::Busy), from_start(-119));
    assert_eq!(
        (busy.waiting(), busy.steps[0].status),
        (vec![600], Status::Executed),
        "the next rung was led to already"
    );
    let answered = held.after(ended(1, Ending::Answered), from_start(-119));
    assert_eq!(answered.waiting(), [600]);
    let sent = armed(vec![rung(Channel::Sms, -300), rung(Channel::Voice, -120)]).tries(Ending::Sent, from_start(-300));
    assert_eq!(sent.after(ended(1, Ending::Undelivered), from_start(-200)).waiting(), [-180]);
}

#[test]
fn that_everything_was_tried_is_told_exactly_once() {
    let (held, number) = armed(vec![rung(Channel::Voice, -120)]).begins(from_start(-120));
    let step = held.stepped(ended(number, Ending::NoKey), from_start(-60));
    assert_eq!(step.news, ["incident.step-ended", "incident.exhausted"]);
    let held = step.next;
    assert_eq!((held.exhausted, held.state), (true, State::Escalating));
    for event in [ended(number, Ending::Answered), checked_in(CheckIn::Missed), moved(from_start(-30))] {
        let step = held.stepped(event.clone(), from_start(-30));
        assert!(!step.news.contains(&"incident.exhausted"), "{event:?}");
        assert!(step.next.exhausted);
    }
}

#[test]
fn it_is_told_too_when_an_acknowledgement_comes_to_nothing() {
    let mut policy = ladder(vec![rung(Channel::Voice, -120)]);
    policy.acknowledged_for = Some(Seconds(300));
    let held = opened(policy, from_start(-1000)).begins(from_start(-120)).0;
    let held = held.after(acknowledged(), from_start(-110)).after(ended(1, Ending::NoKey), from_start(-100));
    assert!(!held.exhausted);
    let missed = held.stepped(checked_in(CheckIn::Missed), from_start(60));
    assert_eq!(missed.news, ["incident.missed", "incident.exhausted"]);
    let expired = held.stepped(Event::Tick, from_start(190));
    assert_eq!(expired.news, ["incident.acknowledgement-expired", "incident.exhausted"]);
}

#[test]
fn what_somebody_takes_back_brings_the_next_rung_forward() {
    for (reason, waiting) in [
        ("cancelled", vec![-110]),
        ("withdrawn", vec![-110]),
        ("outbound_stopped", vec![-60]),
        ("event_moved", vec![-60]),
    ] {
        let (held, number) =
            armed(vec![rung(Channel::Voice, -120), rung(Channel::Voice, -60)]).begins(from_start(-120));
        let (ending, reason) = (Ending::Withdrawn, reason.to_owned());
        let held =
            held.after(Event::Ended { number, ending, reason: reason.clone(), error: String::new() }, from_start(-110));
        assert_eq!(held.waiting(), waiting, "{reason}");
    }
}
