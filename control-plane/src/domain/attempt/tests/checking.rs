//! What a do-not-call checker says before the vendor is asked: it goes out, it is over, or it waits for as long as it is of
//! use. Nobody is reached of whom nobody knows, unless the operator wants that.

use super::*;
use crate::domain::{
    dnc::{Answer, Unanswered},
    guard::{Check, Guard},
};

const WHY: &str = "the do-not-call checker cannot be reached";

fn silent(rule: Unanswered) -> Said {
    Said::Nothing { why: WHY.into(), rule }
}

fn listed() -> Said {
    Said::Listed("national register".into())
}

impl Attempt {
    fn heard_of_checker(&self, said: Said, now: Timestamp) -> Self {
        self.after(Event::Checked { round: self.round, said }, now)
    }

    /// What the checker is stored to have said.
    fn check(&self) -> Option<&Check> {
        self.verdict.checks.iter().find(|check| check.guard == Guard::DncChecker)
    }
}

#[test]
fn what_came_of_asking_is_an_answer_or_none() {
    let of = |outcome| Said::of(outcome, Unanswered::Refuse);
    assert_eq!(of(Outcome::Done(Answer::Clear)), Said::Clear);
    assert_eq!(of(Outcome::Done(Answer::Listed("national register".into()))), listed());
    assert_eq!(of(Outcome::Unknown(WHY.into())), silent(Unanswered::Refuse));
    let held_back = Refused { message: WHY.into(), ..refused(Cause::NotTried, 0) };
    assert_eq!(of(Outcome::Refused(held_back)), silent(Unanswered::Refuse));
    let through: Vec<_> = [Said::Clear, listed(), silent(Unanswered::Refuse), silent(Unanswered::Allow)]
        .iter()
        .map(|said| (said.lets_through(), said.check().passed))
        .collect();
    assert_eq!(through, [(true, true), (false, false), (false, false), (true, true)]);
}

#[test]
fn what_is_let_through_is_made_and_keeps_the_checkers_word() {
    for (said, saw) in [
        (Said::Clear, "not listed by the do-not-call checker"),
        (silent(Unanswered::Allow), "the do-not-call checker cannot be reached, and the settings allow that"),
    ] {
        let held = asked(Channel::Voice).heard_of_checker(said, begin());
        assert_eq!(held.check().map(|check| (check.passed, check.saw.as_str())), Some((true, saw)));
        assert_eq!((held.state(), held.tries), (State::Creating, 1));
        assert_eq!(held.replied(Outcome::Done(taken(call::Status::Queued)), begin()).state(), State::Placed);
    }
}

#[test]
fn who_is_listed_is_not_tried_and_the_reason_says_by_whom() {
    for channel in [Channel::Voice, Channel::Sms, Channel::Whatsapp] {
        let step = asked(channel).stepped(Event::Checked { round: 1, said: listed() }, begin());
        let held = step.next;
        assert_eq!(held.end(), (Some(Ending::Failed), "do_not_call"));
        assert_eq!(held.error, "listed by the do-not-call checker: national register");
        assert_eq!((held.tries, held.begin_time, held.cost_micros), (0, None, 0), "no vendor was asked");
        assert_eq!((step.effects.len(), held.check().map(|check| check.passed)), (0, Some(false)));
    }
}

#[test]
fn a_checker_that_says_nothing_is_asked_again_every_two_seconds() {
    let (mut held, mut now) = (asked(Channel::Sms), begin());
    for _ in 0..5 {
        held = held.heard_of_checker(silent(Unanswered::Refuse), now);
        assert_eq!(held.deadline(), Some(now + seconds(2)));
        now += seconds(2);
        held = held.after(admitted(Some(account(5))), now);
    }
    let held = held.heard_of_checker(Said::Clear, now).replied(Outcome::Done(taken(call::Status::Queued)), now);
    assert_eq!((held.state(), held.tries, held.error.as_str()), (State::Placed, 1, ""));
    assert_eq!(held.verdict.checks.len(), 1, "one line, however often it was asked");
}

#[test]
fn before_the_wall_or_after_ten_minutes_it_is_given_up_with_a_reason_of_its_own() {
    let given_up = |held: &Attempt, now| {
        let held = held.heard_of_checker(silent(Unanswered::Refuse), now);
        assert_eq!((held.end(), held.error.as_str()), ((Some(Ending::Failed), UNCHECKED), WHY));
        assert_eq!((held.begin_time, held.cost_micros), (None, 0));
    };
    let waits = |held: &Attempt, now| held.heard_of_checker(silent(Unanswered::Refuse), now).waits();
    let (call, text) = (asked(Channel::Voice), asked(Channel::Sms));
    assert!(waits(&call, wall() - seconds(3)), "once more before the event");
    given_up(&call, wall() - seconds(2));
    assert!(waits(&text, begin() + seconds(599)));
    given_up(&text, begin() + seconds(600));
}

#[test]
fn what_wakes_too_late_was_not_too_late_but_unchecked() {
    let late =
        || Event::Denied { verdict: Verdict::default(), reason: "outside_critical_window", error: "over".into() };
    let waiting = asked(Channel::Voice).heard_of_checker(silent(Unanswered::Refuse), begin());
    let held = waiting.after(late(), wall());
    assert_eq!((held.end(), held.error.as_str()), ((Some(Ending::Failed), UNCHECKED), WHY));
    assert_eq!((held.begin_time, held.check().map(|check| check.passed)), (None, Some(false)));
    // Whoever is refused for something else meanwhile keeps that reason.
    let other = Event::Denied { verdict: Verdict::default(), reason: "over_budget", error: "no".into() };
    assert_eq!(waiting.after(other, wall()).reason, "over_budget");
    // And whoever waited for something else is simply too late.
    let busy = asked(Channel::Voice).replied(Outcome::Refused(refused(Cause::NotTried, 0)), begin());
    assert_eq!(busy.after(late(), wall()).reason, "outside_critical_window");
}

#[test]
fn what_is_withdrawn_while_the_checker_is_asked_was_withdrawn() {
    for said in [listed(), silent(Unanswered::Refuse)] {
        let held = asked(Channel::Voice).after(Event::Withdrawn { why: "acknowledged" }, begin());
        assert_eq!(held.heard_of_checker(said, begin()).end(), (Some(Ending::Withdrawn), "acknowledged"));
    }
}

#[test]
fn an_answer_that_comes_too_late_changes_nothing() {
    for held in [attempt(Channel::Voice), doubtful(), ringing()] {
        for said in [Said::Clear, listed(), silent(Unanswered::Refuse)] {
            let refusal = held.step(Event::Checked { round: held.round, said }, begin()).expect_err("late");
            assert_eq!(refusal.reason, "STALE");
        }
    }
    let held = asked(Channel::Voice);
    assert!(held.step(Event::Checked { round: 0, said: Said::Clear }, begin()).is_err());
}
