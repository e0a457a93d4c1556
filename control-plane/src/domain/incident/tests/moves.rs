//! Events that move: earlier, later, into the past, while a call is under way, and after everything was tried.

use super::*;

#[test]
fn what_waits_moves_along_earlier_and_later() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    for by in [-200, 600, 86_400] {
        let next = held.after(moved(from_start(by)), from_start(-710));
        let due: Vec<_> = next.steps.iter().filter(|step| step.rung > 0).map(|step| step.due_time).collect();
        assert_eq!(due, [-300, -120, 600].map(|offset| from_start(by + offset)));
        assert!(next.steps.iter().filter(|step| step.is_waiting()).all(|step| next.is_of_this_time(step)));
    }
}

#[test]
fn what_was_done_is_done_again_only_for_a_time_that_is_ahead() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    let later = held.after(moved(from_start(3600)), from_start(-700));
    assert_eq!(later.waiting(), [-300, -120, 600, -720], "one more mail, at its new time");
    let soon = held.after(moved(from_start(10)), from_start(-700));
    assert_eq!(soon.waiting(), [-300, -120, 600]);
}

#[test]
fn into_the_past_everything_is_due_and_refused_with_a_reason() {
    let mut held = opened(usual(), from_start(-1000)).after(moved(from_start(-5000)), from_start(-900));
    while held.due_step(from_start(-900)).is_some() {
        held = held.denied_now("outside_critical_window", from_start(-900));
    }
    assert_eq!((held.statuses(), held.exhausted), (vec![Status::Skipped; 4], true));
    let closed = held.after(Event::Tick, from_start(-900).max(held.close_time()));
    assert_eq!(closed.outcome, Some(Outcome::NotReached));
}

#[test]
fn an_event_that_moved_nearer_is_closed_by_its_new_time() {
    let held = opened(usual(), from_start(-1000)).tries(Ending::Sent, from_start(-720));
    let held = held.after(moved(from_start(86_400)), from_start(-700));
    let held = held.after(checked_in(CheckIn::Missed), from_start(-695)).tries(Ending::Sent, from_start(-695));
    let held = held.after(moved(start()), from_start(-690));
    assert_eq!(held.close_time(), from_start(1200 + 3600));
}

#[test]
fn a_call_that_rings_for_the_old_time_is_planned_again_and_leads_to_nothing() {
    let call = Rung { redials: 1, ..rung(Channel::Voice, -120) };
    let (held, number) = armed(vec![call, rung(Channel::Sms, 600)]).begins(from_start(-120));
    let held = held.after(moved(from_start(3600)), from_start(-110));
    assert_eq!(held.under_way().collect::<Vec<_>>(), [tried(number)], "to be taken back");
    assert_eq!(held.waiting(), [600, -120]);
    for ending in [Ending::Withdrawn, Ending::Machine, Ending::NoAnswer, Ending::Failed] {
        let after = held.after(ended(number, ending), from_start(-100));
        assert_eq!(after.waiting(), [600, -120], "{ending}");
        assert_eq!(after.due_step(from_start(-100)), None);
    }
}

#[test]
fn a_redial_that_waits_for_the_line_moves_too() {
    let held = armed(vec![Rung { redials: 1, ..rung(Channel::Voice, -120) }]).tries(Ending::Busy, from_start(-120));
    let held = held.after(Event::Held { number: 2, until: from_start(-100) }, from_start(-120));
    let held = held.after(moved(from_start(3600)), from_start(-110));
    assert_eq!((held.waiting(), held.due_step(from_start(-90))), (vec![-120], None));
    assert!(held.steps[1].redial);
}

#[test]
fn a_delivery_for_the_old_time_does_not_reach_anybody_for_the_new_one() {
    let reached = Rung { reached: Reached::Delivered, ..rung(Channel::Sms, -300) };
    let (held, number) = armed(vec![reached]).begins(from_start(-300));
    let held =
        held.after(moved(from_start(3600)), from_start(-290)).after(ended(number, Ending::Delivered), from_start(-280));
    assert_eq!((held.state, held.waiting()), (State::Open, vec![-300]));
}

#[test]
fn after_everything_was_tried_a_later_event_is_tried_again() {
    let held = armed(vec![rung(Channel::Voice, -120)]).tries(Ending::NoKey, from_start(-120));
    let held = held.after(moved(from_start(3600)), from_start(-60));
    assert_eq!((held.exhausted, held.waiting()), (false, vec![-120]));
    let (held, number) = held.begins(from_start(3600 - 120));
    let step = held.stepped(ended(number, Ending::NoKey), from_start(3600 - 60));
    assert!(step.news.contains(&"incident.exhausted"), "the new time is a story of its own");
}

#[test]
fn what_was_refused_for_the_old_time_is_asked_again() {
    let held = armed(vec![rung(Channel::Voice, -120)]).denied_now("outside_calling_hours", from_start(-120));
    assert_eq!(held.after(moved(from_start(7200)), from_start(-100)).waiting(), [-120]);
}

#[test]
fn somebody_who_has_it_keeps_it_when_it_moves() {
    let held = opened(usual(), from_start(-1000)).after(acknowledged(), from_start(-800));
    let held = held.after(moved(from_start(3600)), from_start(-700));
    assert_eq!((held.state, held.waiting().len(), held.start_time), (State::Acknowledged, 0, from_start(3600)));
}

#[test]
fn another_title_alone_moves_nothing() {
    let held = opened(usual(), from_start(-1000)).after(checked_in(CheckIn::Missed), from_start(-900));
    let held = held.tries(Ending::Sent, from_start(-900));
    let renamed = held.after(Event::Moved { start: start(), title: "Board, again".into() }, from_start(-890));
    assert_eq!((renamed.steps.clone(), renamed.title.as_str()), (held.steps.clone(), "Board, again"));
}

#[test]
fn a_call_that_is_taken_back_because_the_event_moved_a_little_is_made_for_the_new_time() {
    for ending in [Ending::Withdrawn, Ending::NoAnswer, Ending::Busy, Ending::Failed] {
        let (held, number) = armed(vec![rung(Channel::Voice, -120), rung(Channel::Sms, 600)]).begins(from_start(-120));
        // Its new time is twenty seconds ago, and its window is open.
        let held = held.after(moved(from_start(20)), from_start(-80));
        assert_eq!(held.waiting(), [600], "nobody is rung twice at once");
        let held = held.after(ended(number, ending), from_start(-79));
        assert_eq!(held.waiting(), [600, -99], "{ending}");
        let (held, again) = held.begins(from_start(-79));
        assert_eq!(held.after(ended(number, Ending::Machine), from_start(-78)).steps.len(), 3, "once is enough");
        assert_eq!(held.after(ended(again, Ending::NoKey), from_start(-60)).waiting(), [600]);
    }
}

#[test]
fn what_was_reached_for_the_old_time_or_has_no_time_left_is_not_made_again() {
    let (held, number) = armed(vec![rung(Channel::Voice, -120)]).begins(from_start(-120));
    let soon = held.after(moved(from_start(20)), from_start(-80));
    assert_eq!(soon.after(ended(number, Ending::Answered), from_start(-70)).waiting(), Vec::<i64>::new());
    let over = held.after(moved(from_start(-90)), from_start(-80));
    assert!(over.after(ended(number, Ending::Withdrawn), from_start(-79)).exhausted);
}
