//! Messages and mails: what their ends are, and what nobody takes back.

use super::*;

fn message() -> Attempt {
    asked(Channel::Sms).replied(Outcome::Done(sent(MessageStatus::Queued)), begin())
}

fn sent(status: MessageStatus) -> Taken {
    Taken { sid: SID.into(), heard: of_message(Some(status), 0), simulated: false }
}

fn stands(status: MessageStatus, code: i32) -> Event {
    told(of_message(Some(status), code))
}

#[test]
fn a_message_is_over_when_the_carrier_says_so_in_whatever_order() {
    use MessageStatus as M;
    for (last, ending) in [
        (M::Delivered, Ending::Delivered),
        (M::Read, Ending::Delivered),
        (M::Undelivered, Ending::Undelivered),
        (M::Failed, Ending::Failed),
        (M::Canceled, Ending::Withdrawn),
    ] {
        let one = message().after(stands(M::Sent, 0), begin()).after(stands(last, 30003), begin());
        let other = message().after(stands(last, 30003), begin()).after_or_same(stands(M::Sent, 0), begin());
        assert_eq!((one.ending, one.state()), (Some(ending), State::Over), "{last}");
        assert_eq!(one, other, "{last}");
    }
}

#[test]
fn a_message_that_does_not_arrive_says_why() {
    let held = message().after(stands(MessageStatus::Undelivered, 30003), begin());
    assert_eq!((held.reason.as_str(), held.error_code), ("undelivered", 30003));
    assert!(held.error.contains("30003"));
}

#[test]
fn a_message_without_a_last_word_is_looked_at_and_counts_as_sent_until_more_is_known() {
    let (step, due) = message().wakes_up();
    assert_eq!(due, begin() + seconds(900));
    assert!(matches!(step.effects[..], [Effect::ReadAttempt { .. }]));
    let held = step.next.answered(lost(), due).next;
    assert_eq!(held.end(), (Some(Ending::Sent), ""));
    let held = held.after(stands(MessageStatus::Undelivered, 30005), due + seconds(9));
    assert_eq!((held.end(), held.error_code), ((Some(Ending::Undelivered), "undelivered"), 30005));
    assert_eq!(held.end_time, Some(due));
}

#[test]
fn what_was_said_of_a_doubt_goes_when_the_message_turns_out_to_have_arrived() {
    let mut held = asked(Channel::Sms).replied(lost(), begin());
    while held.state() == State::Doubtful {
        (held, _) = held.looked_up(lost());
    }
    assert!(!held.error.is_empty());
    let held = held.after(stands(MessageStatus::Delivered, 0), begin() + seconds(300));
    assert_eq!((held.end(), held.error.as_str()), ((Some(Ending::Delivered), ""), ""));
}

#[test]
fn a_message_that_is_not_wanted_any_more_is_not_taken_back_and_comes_to_its_end() {
    let withdrawn = Event::Withdrawn { why: "acknowledged" };
    let creating = asked(Channel::Sms).after(withdrawn.clone(), begin());
    let doubtful = asked(Channel::Whatsapp).replied(lost(), begin()).after(withdrawn.clone(), begin());
    let found = doubtful.looked_up(Outcome::Done(Some(sent(MessageStatus::Sent)))).0;
    let told = creating.after(stands(MessageStatus::Sent, 0), begin());
    let placed = message().after(withdrawn, begin());
    for held in [creating.replied(Outcome::Done(sent(MessageStatus::Queued)), begin()), found, told, placed] {
        assert_eq!(held.state(), State::Placed, "{held:?}");
        assert!(held.deadline().is_some());
        assert_eq!(held.after(stands(MessageStatus::Delivered, 0), begin()).ending, Some(Ending::Delivered));
    }
}

#[test]
fn a_mail_is_over_when_it_is_handed_over_and_two_copies_are_better_than_none() {
    let taken = || Outcome::Done(Taken { sid: String::new(), heard: Heard::default(), simulated: false });
    assert_eq!(asked(Channel::Email).replied(taken(), begin()).end(), (Some(Ending::Sent), ""));
    let again = asked(Channel::Email).replied(lost(), begin());
    assert_eq!(again.deadline(), Some(begin() + seconds(2)));
    let twice = again.after(admitted(None), begin() + seconds(2));
    assert_eq!(twice.replied(taken(), begin()).ending, Some(Ending::Sent));
    assert_eq!(twice.replied(lost(), begin()).end(), (Some(Ending::Unknown), "outcome_unknown"));
    let unwanted = asked(Channel::Email).after(Event::Withdrawn { why: "resolved" }, begin());
    assert_eq!(unwanted.replied(lost(), begin()).ending, Some(Ending::Unknown), "no second copy");
}

#[test]
fn what_reached_nobody_on_purpose_says_so() {
    let simulated = Outcome::Done(Taken { simulated: true, ..sent(MessageStatus::Delivered) });
    let held = asked(Channel::Sms).replied(simulated, begin());
    assert_eq!((held.end(), held.simulated), ((Some(Ending::Simulated), ""), true));
}
