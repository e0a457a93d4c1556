//! What the vendor's answer leads to: refused for certain, taken, or in doubt; and how often a vendor is asked at most.

use super::{call::Status, *};

fn absent() -> Outcome<Option<Taken>> {
    Outcome::Done(None)
}

fn not_tried() -> Outcome<Option<Taken>> {
    Outcome::Refused(refused(Cause::NotTried, 0))
}

#[test]
fn what_was_taken_though_the_answer_was_lost_is_found_and_not_made_again() {
    let (held, due) = doubtful().looked_up(Outcome::Done(Some(taken(Status::Ringing))));
    assert_eq!((held.state(), held.tries, held.vendor_sid.as_str()), (State::Placed, 1, SID));
    assert_eq!(due, begin() + seconds(3));
    assert!(held.error.is_empty(), "the doubt is gone");
    assert!(held.step(admitted(Some(account(5))), due).is_err());
}

#[test]
fn what_is_absent_twice_is_made_once_more_and_counts_as_one_more_ring() {
    let (held, _) = doubtful().looked_up(absent());
    assert_eq!(held.state(), State::Doubtful, "one look is no proof");
    let (held, due) = held.looked_up(absent());
    assert_eq!((held.waits(), held.owes_slot, held.deadline()), (true, true, Some(due)));
    let again = held.stepped(admitted(Some(account(5))), due);
    assert!(makes(&again) && !again.next.owes_slot);
    let mut held = again.next.replied(lost(), due);
    for _ in 0..2 {
        (held, _) = held.looked_up(absent());
    }
    assert_eq!((held.end(), held.tries), ((Some(Ending::Failed), "vendor_failed"), 2));
}

#[test]
fn a_look_that_failed_proves_nothing() {
    let mut held = doubtful();
    for answer in [not_tried(), absent(), lost()] {
        (held, _) = held.looked_up(answer);
        assert_eq!(held.state(), State::Doubtful);
    }
    assert!(held.looked_up(absent()).0.waits(), "the second look that saw it is not there");
}

#[test]
fn what_can_never_be_looked_up_is_not_made_again() {
    let mut held = doubtful();
    let mut looks = 0;
    while held.state() == State::Doubtful {
        (held, _) = held.looked_up(if looks % 2 == 0 { not_tried() } else { lost() });
        looks += 1;
    }
    assert_eq!((looks, held.end()), (5, (Some(Ending::Unknown), "outcome_unknown")));
    assert_eq!((held.deadline(), held.tries), (None, 1));
    for event in [admitted(Some(account(5))), Event::Tick] {
        assert!(held.step(event, begin() + seconds(3600)).is_err());
    }
}

#[test]
fn without_an_account_nobody_can_be_asked_and_nobody_waits_for_ever() {
    let held = attempt(Channel::Voice).after(admitted(None), begin());
    let (step, _) = held.replied(lost(), begin()).wakes_up();
    assert_eq!(step.next.ending, Some(Ending::Unknown));
    let held = held.replied(Outcome::Done(taken(Status::Queued)), begin());
    assert_eq!(held.wakes_up().0.next.ending, Some(Ending::Unknown));
}

#[test]
fn what_is_told_while_nobody_knows_is_the_proof() {
    let (step, due) = doubtful().wakes_up();
    for held in [doubtful(), step.next] {
        let told = held.after(status(Status::Ringing), due);
        assert_eq!((told.state(), told.vendor_sid.as_str(), told.error.as_str()), (State::Placed, SID, ""));
        let late = Event::Found { round: told.round, outcome: absent() };
        assert!(told.step(late, due).is_err(), "the look came too late");
    }
}

#[test]
fn what_was_refused_for_a_moment_is_asked_once_more_and_counts_no_second_ring() {
    for cause in [Cause::Unreachable, Cause::NoAddress, Cause::Insecure, Cause::RateLimited] {
        let held = asked(Channel::Voice).replied(Outcome::Refused(refused(cause, 0)), begin());
        assert_eq!((held.waits(), held.owes_slot, held.deadline()), (true, false, Some(begin() + seconds(2))));
        let held = held.after(admitted(Some(account(5))), begin() + seconds(2));
        let held = held.replied(Outcome::Refused(refused(cause, 0)), begin() + seconds(2));
        assert_eq!((held.end(), held.tries), ((Some(Ending::Failed), "vendor_unreachable"), 2), "{cause:?}");
    }
}

#[test]
fn what_we_held_back_ourselves_was_no_try_for_ten_minutes() {
    let held_back = || Outcome::Refused(refused(Cause::NotTried, 0));
    let mut held = Attempt { limits: Limits { not_after: None, ..Limits::default() }, ..asked(Channel::Voice) };
    let mut now = begin();
    while now < begin() + seconds(600) {
        held = held.replied(held_back(), now);
        assert_eq!((held.waits(), held.owes_slot, held.tries), (true, false, 0));
        now = held.deadline().expect("it waits");
        held = held.after(admitted(Some(account(5))), now);
    }
    let late = held.replied(held_back(), now).after(admitted(Some(account(5))), now);
    assert_eq!(late.replied(held_back(), now).end(), (Some(Ending::Failed), "vendor_unreachable"));
}

#[test]
fn an_account_that_cannot_make_it_is_avoided_and_others_are_asked() {
    let mut held = asked(Channel::Voice);
    for number in 5..8 {
        held = held.replied(Outcome::Refused(refused(Cause::Suspended, 20005)), begin());
        assert_eq!((held.waits(), held.avoided.last()), (true, Some(&account(number))));
        assert!(!held.owes_slot, "nothing rang");
        held = held.after(admitted(Some(account(number + 1))), begin());
    }
    held = held.replied(Outcome::Refused(refused(Cause::Suspended, 20005)), begin());
    assert_eq!((held.end(), held.tries), ((Some(Ending::Failed), "account_unusable"), 4));
}

#[test]
fn an_account_that_refused_it_does_not_use_up_the_one_more_try() {
    let moved = asked(Channel::Voice).replied(Outcome::Refused(refused(Cause::Closed, 0)), begin());
    let moved = moved.after(admitted(Some(account(6))), begin());
    let busy = moved.replied(Outcome::Refused(refused(Cause::RateLimited, 20429)), begin());
    assert!(busy.waits(), "{busy:?}");
    let (held, _) = moved.replied(lost(), begin()).looked_up(absent());
    let (held, _) = held.looked_up(absent());
    assert!(held.waits() && held.owes_slot, "{held:?}");
}

#[test]
fn what_will_never_work_is_asked_once() {
    for (code, reason) in [(21211, "address_unusable"), (21610, "opted_out"), (0, "refused"), (99999, "refused")] {
        let held = asked(Channel::Voice).replied(Outcome::Refused(refused(Cause::Invalid, code)), begin());
        assert_eq!((held.end(), held.tries, held.error_code), ((Some(Ending::Failed), reason), 1, code));
        assert!(!held.error.is_empty());
    }
}

#[test]
fn outcomes_of_another_round_are_refused() {
    let ending = ringing().after(Event::Withdrawn { why: "resolved" }, begin());
    let looking = doubtful().wakes_up().0.next;
    let done = ringing().after(status(Status::Busy), begin());
    for held in [attempt(Channel::Voice), asked(Channel::Voice), doubtful(), looking, ringing(), ending, done] {
        for round in [held.round.wrapping_sub(1), held.round + 1] {
            for event in [
                Event::Created { round, outcome: Outcome::Done(taken(Status::Queued)) },
                Event::Found { round, outcome: absent() },
                Event::Answered { round, outcome: Outcome::Done(of_call(Some(Status::Completed), "")) },
                Event::Stopped { round, reason: "outbound_stopped", error: String::new() },
                Event::Checked { round, said: Said::Clear },
            ] {
                let refusal = held.step(event.clone(), begin()).expect_err("late");
                assert_eq!(refusal.reason, "STALE", "{event:?} in {held:?}");
            }
        }
    }
}

#[test]
fn what_is_stopped_before_it_left_never_began() {
    for (reason, ending) in [("outside_critical_window", Ending::Expired), ("outbound_stopped", Ending::Failed)] {
        let held = asked(Channel::Voice);
        let stopped = Event::Stopped { round: held.round, reason, error: "why".into() };
        assert_eq!(held.after(stopped, begin()).end(), (Some(ending), reason));
    }
    let held = asked(Channel::Voice).after(Event::Withdrawn { why: "acknowledged" }, begin());
    let stopped = Event::Stopped { round: held.round, reason: "withdrawn", error: String::new() };
    assert_eq!(held.after(stopped, begin()).end(), (Some(Ending::Withdrawn), "acknowledged"));
}
