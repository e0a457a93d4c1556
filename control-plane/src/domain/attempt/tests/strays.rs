//! Two calls of one attempt: never do both ring on, and nobody is cut off.

use super::{call::Status, *};

const OTHER: &str = "CA2";

fn strayed(status: Status) -> Event {
    Event::Strayed { sid: OTHER.into(), account_id: account(9), heard: of_call(Some(status), "") }
}

fn answered_so(sid: &str, outcome: Outcome<Heard>) -> Event {
    Event::StrayAnswered { sid: sid.into(), outcome }
}

/// Which call is ordered to be ended, and with which account.
fn ended(step: &Step<Attempt>) -> Option<(&str, AccountId)> {
    match &step.effects[..] {
        [] => None,
        [Effect::EndStray { account_id, call_sid, .. }] => Some((call_sid, *account_id)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_that_ring_the_later_known_is_ended_with_its_own_account() {
    for held in [placed(), ringing()] {
        let step = held.stepped(strayed(Status::Ringing), begin());
        assert_eq!(ended(&step), Some((OTHER, account(9))));
        assert_eq!((step.next.vendor_sid.as_str(), &step.next.work, &step.next.heard), (SID, &held.work, &held.heard));
        assert!(step.next.step(strayed(Status::Ringing), begin()).is_err(), "it is being ended");
        let gone = step.next.after(strayed(Status::Canceled), begin());
        assert_eq!((gone.strays.len(), gone.work), (0, held.work));
    }
}

#[test]
fn it_is_ended_after_the_attempt_is_over_too() {
    let over = ringing().after(status(Status::Busy), begin());
    let step = over.stepped(strayed(Status::Ringing), begin());
    assert_eq!(ended(&step), Some((OTHER, account(9))));
    assert_eq!((step.next.end(), step.next.state()), (over.end(), State::Over));
}

#[test]
fn who_answers_first_is_talked_to_and_the_other_call_is_ended() {
    let two = ringing().after(strayed(Status::Ringing), begin());
    let step = two.stepped(strayed(Status::InProgress), begin());
    let known = ringing().account_id.expect("an account");
    assert_eq!(ended(&step), Some((SID, known)));
    let held = step.next;
    assert_eq!((held.vendor_sid.as_str(), held.account_id, held.strays.len()), (OTHER, Some(account(9)), 1));
    let pressed = Event::Told { sid: OTHER.into(), heard: Heard { key: "1".into(), ..Heard::default() } };
    let over = Event::Told { sid: OTHER.into(), heard: of_call(Some(Status::Completed), "") };
    let held = held.after(pressed, begin()).after(over, begin());
    assert_eq!(held.ending, Some(Ending::Answered));
    let held = held.after(answered_so(SID, Outcome::Done(of_call(Some(Status::Canceled), ""))), begin());
    assert_eq!((held.ending, held.strays.len(), held.deadline()), (Some(Ending::Answered), 0, None));
}

#[test]
fn two_who_talk_are_both_left_alone() {
    let talks = ringing().after(strayed(Status::Ringing), begin()).after(status(Status::InProgress), begin());
    let step = talks.stepped(strayed(Status::InProgress), begin());
    assert_eq!((ended(&step), step.next.strays.len(), step.next.vendor_sid.as_str()), (None, 0, SID));
    assert!(talks.after(strayed(Status::InProgress), begin()).step(strayed(Status::Completed), begin()).is_err());
}

#[test]
fn ending_it_is_tried_five_times_and_then_said_to_have_failed() {
    let mut step = ringing().stepped(strayed(Status::Ringing), begin());
    let (mut tries, mut now) = (0, begin());
    while ended(&step).is_some() {
        tries += 1;
        let outcome = match tries % 3 {
            0 => lost(),
            1 => Outcome::Refused(refused(Cause::RateLimited, 20429)),
            _ => Outcome::Done(of_call(Some(Status::Ringing), "")),
        };
        let unheard = step.next.stepped(answered_so(OTHER, outcome), now);
        if unheard.next.strays.is_empty() {
            assert!(unheard.news.contains(&"attempt.not-taken-back"));
            break;
        }
        (step, now) = unheard.next.wakes_up();
    }
    assert_eq!(tries, 5);
    assert!(now <= begin() + seconds(10), "{now}");
}

#[test]
fn what_was_heard_when_it_was_ended_counts() {
    let two = ringing().after(strayed(Status::Queued), begin());
    for (status, vendor_sid, strays) in
        [(Status::Canceled, SID, 0), (Status::Completed, OTHER, 1), (Status::InProgress, OTHER, 1)]
    {
        let after = two.after(answered_so(OTHER, Outcome::Done(of_call(Some(status), ""))), begin());
        assert_eq!((after.vendor_sid.as_str(), after.strays.len()), (vendor_sid, strays), "{status}");
        assert!(after.step(answered_so(OTHER, lost()), begin()).is_err(), "an answer counts once");
    }
}

#[test]
fn neither_a_call_that_is_known_nor_a_message_is_another_call() {
    let own = Event::Strayed { sid: SID.into(), account_id: account(9), heard: of_call(Some(Status::Ringing), "") };
    assert!(ringing().step(own, begin()).is_err());
    assert!(asked(Channel::Voice).step(strayed(Status::Ringing), begin()).is_err(), "none is known yet");
    let sent = asked(Channel::Sms).replied(Outcome::Done(taken(Status::Queued)), begin());
    assert!(sent.step(strayed(Status::Ringing), begin()).is_err());
}
