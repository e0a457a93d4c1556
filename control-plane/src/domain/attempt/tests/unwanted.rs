//! What is not wanted any more: at whatever point that is said, nothing is made afterwards, what rings is ended, and who
//! talks is left alone. And the walls: how long it rings, and until when.

use super::{call::Status, *};

fn withdrawn() -> Event {
    Event::Withdrawn { why: "acknowledged" }
}

/// Every point at which somebody may say that it is not wanted any more.
fn points() -> Vec<(&'static str, Attempt)> {
    let (looking, _) = doubtful().wakes_up();
    let (again, _) = doubtful().looked_up(Outcome::Done(None));
    let (again, _) = again.looked_up(Outcome::Done(None));
    let (timed_out, _) = ringing().wakes_up();
    vec![
        ("waiting", attempt(Channel::Voice)),
        ("creating", asked(Channel::Voice)),
        ("doubtful", doubtful()),
        ("looking", looking.next),
        ("waiting again", again),
        ("queued", placed()),
        ("ringing", ringing()),
        ("answered", ringing().after(status(Status::InProgress), begin())),
        ("key pressed", ringing().after(key("1"), begin())),
        ("being ended", timed_out.next),
        ("over", ringing().after(status(Status::Busy), begin())),
    ]
}

/// Lets it come to its end: the vendor has the call and it rings, or it never got it.
fn played_out(held: &Attempt, is_there: bool) -> (Attempt, Vec<Effect>) {
    let (mut held, mut now, mut effects) = (held.clone(), begin() + seconds(1), Vec::new());
    for _ in 0..50 {
        let round = held.round;
        let event = match held.work {
            Work::Over => break,
            Work::Waiting { .. } => admitted(Some(account(5))),
            Work::Creating if is_there => Event::Created { round, outcome: Outcome::Done(taken(Status::Ringing)) },
            Work::Creating => Event::Created { round, outcome: lost() },
            Work::Looking { .. } => {
                Event::Found { round, outcome: Outcome::Done(is_there.then(|| taken(Status::Ringing))) }
            }
            Work::Ending { again: None, .. } => {
                Event::Answered { round, outcome: Outcome::Done(of_call(Some(Status::Canceled), "")) }
            }
            Work::Placed { watch: None } => {
                Event::Answered { round, outcome: Outcome::Done(of_call(Some(Status::Completed), "")) }
            }
            Work::Doubtful { .. } | Work::Ending { .. } | Work::Placed { .. } => {
                now = now.max(held.deadline().expect("it waits"));
                Event::Tick
            }
        };
        let step = held.stepped(event, now);
        effects.extend(step.effects);
        held = step.next;
    }
    (held, effects)
}

#[test]
fn whenever_it_is_withdrawn_nothing_is_made_afterwards() {
    for (point, held) in points() {
        for is_there in [true, false] {
            let step = held.step(withdrawn(), begin());
            let mut effects = step.as_ref().map(|step| step.effects.clone()).unwrap_or_default();
            let unwanted = step.map_or_else(|_| held.clone(), |step| step.next);
            let (end, more) = played_out(&unwanted, is_there);
            effects.extend(more);
            let is_made = effects.iter().any(|effect| matches!(effect, Effect::MakeAttempt { .. }));
            let is_ended = effects.iter().any(|effect| matches!(effect, Effect::EndAttempt { .. }));
            assert!(!is_made, "{point}: {effects:?}");
            assert_eq!(end.state(), State::Over, "{point}: {end:?}");
            match point {
                "queued" | "ringing" => assert!(is_ended, "{point}"),
                "creating" | "doubtful" | "looking" => assert_eq!(is_ended, is_there, "{point}: {effects:?}"),
                "being ended" => assert!(!is_ended, "one order is out already"),
                _ => assert!(!is_ended, "{point}: {effects:?}"),
            }
        }
    }
}

#[test]
fn what_rings_is_ended_in_the_step_that_withdraws_it() {
    for held in [placed(), ringing()] {
        assert!(ends(&held.stepped(withdrawn(), begin())));
    }
    let step = asked(Channel::Voice).after(withdrawn(), begin());
    let created = Event::Created { round: step.round, outcome: Outcome::Done(taken(Status::Queued)) };
    assert!(ends(&step.stepped(created, begin())), "as soon as it is known to be there");
    assert!(ends(&step.stepped(status(Status::Ringing), begin())), "by whoever tells it first");
}

#[test]
fn what_is_over_or_answered_when_it_turns_up_is_not_ended() {
    let unwanted = asked(Channel::Voice).after(withdrawn(), begin());
    for (heard, state) in [
        (Status::InProgress, State::Placed),
        (Status::Completed, State::Over),
        (Status::Busy, State::Over),
        (Status::Canceled, State::Over),
    ] {
        let created = Event::Created { round: unwanted.round, outcome: Outcome::Done(taken(heard)) };
        for event in [created, status(heard)] {
            let step = unwanted.stepped(event, begin());
            assert_eq!((ends(&step), step.next.state()), (false, state), "{heard}");
        }
    }
}

#[test]
fn it_is_withdrawn_for_one_reason_and_that_is_kept() {
    let held = ringing().after(withdrawn(), begin());
    assert!(held.step(Event::Withdrawn { why: "resolved" }, begin()).is_err());
    assert_eq!(held.after(status(Status::Canceled), begin()).end(), (Some(Ending::Withdrawn), "acknowledged"));
}

#[test]
fn a_call_that_nobody_answers_is_taken_back_after_55_seconds_and_nobody_answered() {
    let (step, due) = ringing().wakes_up();
    assert_eq!((due, ends(&step)), (begin() + seconds(55), true));
    let held = step.next.after(status(Status::Canceled), due);
    assert_eq!(held.end(), (Some(Ending::NoAnswer), "ring_timeout"));
}

#[test]
fn news_of_a_call_that_rings_do_not_make_it_ring_longer() {
    let held = placed().after(status(Status::Ringing), begin() + seconds(20));
    assert_eq!(held.deadline(), Some(begin() + seconds(55)));
}

#[test]
fn no_call_rings_into_its_event() {
    let late = wall() - seconds(10);
    let held = asked(Channel::Voice).replied(Outcome::Done(taken(Status::Ringing)), late);
    let (step, due) = held.wakes_up();
    assert_eq!((due, ends(&step)), (wall(), true));
    assert_eq!(
        step.next.after(status(Status::Canceled), due).end(),
        (Some(Ending::Expired), "outside_critical_window")
    );
    let talks = held.after(status(Status::InProgress), late);
    assert!(talks.deadline().is_some_and(|watch| watch > wall() + seconds(600)), "who talks is not cut off");
    let too_late = asked(Channel::Voice).replied(Outcome::Done(taken(Status::Queued)), wall() + seconds(5));
    assert_eq!(too_late.deadline(), Some(wall()), "it is taken back at once");
}

#[test]
fn taking_back_is_tried_five_times_within_ten_seconds_and_then_it_is_looked_at() {
    let mut step = ringing().stepped(withdrawn(), begin());
    let (mut tries, mut now) = (0, begin());
    while ends(&step) {
        tries += 1;
        let unheard = step.next.answered(if tries % 2 == 0 { lost() } else { Outcome::Refused(gone()) }, now).next;
        (step, now) = unheard.wakes_up();
    }
    assert_eq!(tries, 5);
    assert!(matches!(step.effects[..], [Effect::ReadAttempt { .. }]), "{step:?}");
    assert!(now <= begin() + seconds(65), "{now}");
    let held = step.next.answered(lost(), now).next;
    assert_eq!(held.end(), (Some(Ending::Unknown), "outcome_unknown"));
}

fn gone() -> Refused {
    refused(Cause::Invalid, 21220)
}

#[test]
fn an_order_that_was_taken_is_not_looked_after_before_its_callback_can_have_come() {
    let held = ringing().after(Event::Tick, wall());
    let held = held.answered(Outcome::Done(of_call(Some(Status::Ringing), "")), wall()).next;
    assert_eq!(held.deadline(), Some(wall() + seconds(55)));
    assert_eq!(held.after(status(Status::Canceled), wall()).ending, Some(Ending::Expired));
}

#[test]
fn who_answers_while_it_is_taken_back_is_left_alone() {
    let unwanted = ringing().after(withdrawn(), begin());
    let talks = unwanted.stepped(status(Status::InProgress), begin());
    assert!(talks.effects.is_empty() && talks.next.state() == State::Placed, "{talks:?}");
    let late = Event::Answered { round: talks.next.round, outcome: Outcome::Refused(gone()) };
    assert!(talks.next.step(late, begin()).is_err(), "what came of the order is known");
    assert_eq!(talks.next.after(status(Status::Completed), begin()).ending, Some(Ending::NoKey));
    // The same when the vendor's answer says it first.
    let talks = unwanted.answered(Outcome::Done(of_call(Some(Status::InProgress), "")), begin()).next;
    assert!(talks.deadline() > Some(begin() + seconds(600)));
}

#[test]
fn somebody_who_talks_though_nobody_told_us_is_not_given_up() {
    let (step, due) = ringing().wakes_up();
    let (step, later) = step.next.answered(Outcome::Done(of_call(Some(Status::Ringing), "")), due).next.wakes_up();
    let talks = step.next.answered(Outcome::Done(of_call(Some(Status::InProgress), "")), later).next;
    assert_eq!((talks.state(), talks.ending), (State::Placed, None));
    let (step, end) = talks.wakes_up();
    assert_eq!(end, later + seconds(720));
    // Once is enough: a call cannot be longer than its limit.
    let held = step.next.answered(Outcome::Done(of_call(Some(Status::InProgress), "")), end).next;
    assert_eq!(held.ending, Some(Ending::Unknown));
    assert_eq!(held.after(key("1"), end).after(status(Status::Completed), end).ending, Some(Ending::Answered));
}

#[test]
fn a_call_that_turns_up_after_it_was_given_up_is_looked_after() {
    let mut given_up = doubtful();
    while given_up.state() == State::Doubtful {
        (given_up, _) = given_up.looked_up(lost());
    }
    let later = begin() + seconds(40);
    let rings = given_up.after(status(Status::Ringing), later);
    assert_eq!((rings.state(), rings.ending, rings.deadline()), (State::Placed, None, Some(begin() + seconds(95))));
    assert!(ends(&rings.stepped(withdrawn(), later)));
    let unwanted = given_up.after(withdrawn(), later);
    assert_eq!(unwanted.state(), State::Over);
    assert!(ends(&unwanted.stepped(status(Status::Ringing), later)));
    assert_eq!(given_up.after(status(Status::Busy), later).end(), (Some(Ending::Busy), "busy"));
}

#[test]
fn a_call_that_was_proved_absent_and_turns_up_after_all_is_ended() {
    let held = doubtful().after(withdrawn(), begin());
    let (held, _) = held.looked_up(Outcome::Done(None));
    let (held, due) = held.looked_up(Outcome::Done(None));
    assert_eq!(held.end(), (Some(Ending::Withdrawn), "acknowledged"));
    let step = held.stepped(status(Status::Ringing), due);
    assert!(ends(&step));
    assert_eq!(step.next.after(status(Status::Canceled), due).end(), (Some(Ending::Withdrawn), "acknowledged"));
}

#[test]
fn keys_may_be_asked_for_again_while_somebody_talks_only() {
    let talks = ringing().after(status(Status::InProgress), begin());
    assert_eq!(talks.after(Event::MenuRepeated, begin()).menus, 1);
    let over = talks.after(status(Status::Completed), begin());
    assert!(over.step(Event::MenuRepeated, begin()).is_err());
}
