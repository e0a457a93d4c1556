//! The same news in any order, told twice, and before the vendor's own answer: the same end.

use super::{call::Status, *};

/// All orders of some things.
fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |place: usize| {
        let mut rest = things.to_vec();
        let first = rest.remove(place);
        orders(&rest).into_iter().map(move |order| [vec![first.clone()], order].concat())
    };
    (0..things.len()).flat_map(with_first).collect()
}

/// Each once; each twice; and all of them a second time afterwards.
fn repeats(order: &[Event]) -> [Vec<Event>; 3] {
    let twice = order.iter().flat_map(|event| [event.clone(), event.clone()]).collect();
    [order.to_vec(), twice, [order, order].concat()]
}

/// How a call stands after all of it, with the vendor's own answer at this place among it.
fn after_all(story: &[Event], created_at: usize) -> Attempt {
    let mut held = asked(Channel::Voice);
    let created = Event::Created { round: held.round, outcome: Outcome::Done(taken(Status::Queued)) };
    let mut story = story.to_vec();
    story.insert(created_at.min(story.len()), created);
    for event in story {
        held = held.after_or_same(event, begin());
    }
    held
}

/// Every order, repetition and place of the answer ends alike.
fn ends_alike(news: &[Event]) -> Attempt {
    let expected = after_all(news, 0);
    for order in orders(news) {
        for story in repeats(&order) {
            for created_at in 0..=story.len() {
                assert_eq!(after_all(&story, created_at), expected, "{story:?}, answered at {created_at}");
            }
        }
    }
    expected
}

#[test]
fn every_order_of_the_callbacks_ends_alike_even_before_the_vendor_has_answered() {
    let news = [Status::Initiated, Status::Ringing, Status::InProgress, Status::Completed].map(status);
    assert_eq!(ends_alike(&news).end(), (Some(Ending::NoKey), "no_key"));
}

#[test]
fn every_end_of_a_call_is_told_by_its_own_word() {
    for (last, ending, reason) in [
        (Status::Busy, Ending::Busy, "busy"),
        (Status::NoAnswer, Ending::NoAnswer, "no_answer"),
        (Status::Failed, Ending::Failed, "failed"),
        (Status::Canceled, Ending::Withdrawn, "withdrawn"),
        (Status::Completed, Ending::NoKey, "no_key"),
    ] {
        let held = ends_alike(&[status(Status::Initiated), status(Status::Ringing), status(last)]);
        assert_eq!(held.end(), (Some(ending), reason), "{last}");
    }
}

#[test]
fn what_answered_counts_whenever_it_is_told() {
    for (by, ending) in [
        ("human", Ending::NoKey),
        ("unknown", Ending::NoKey),
        ("machine_end_beep", Ending::Machine),
        ("machine_start", Ending::Machine),
        ("fax", Ending::Fax),
    ] {
        let news = [status(Status::Ringing), status(Status::InProgress), status(Status::Completed)];
        let alone = told(of_call(None, by));
        let held = ends_alike(&[news.as_slice(), &[alone]].concat());
        assert_eq!(held.ending, Some(ending), "{by}");
        // Twilio tells it with a status as well.
        for place in 0..news.len() {
            let mut with_it = news.to_vec();
            let Event::Told { heard, .. } = &mut with_it[place] else { panic!("told") };
            heard.answered_by = by.into();
            assert_eq!(ends_alike(&with_it), held, "{by} at {place}");
        }
    }
}

#[test]
fn a_key_counts_before_with_and_after_the_end_and_even_from_what_was_taken_for_a_machine() {
    let news = [status(Status::Ringing), status(Status::InProgress), status(Status::Completed), key("1")];
    assert_eq!(ends_alike(&news).end(), (Some(Ending::Answered), ""));
    let by_machine = [told(of_call(Some(Status::InProgress), "machine_start")), key("2"), status(Status::Completed)];
    assert_eq!(ends_alike(&by_machine).end(), (Some(Ending::Answered), ""));
    let late = ringing().after(status(Status::Completed), begin()).after(key("1"), begin() + seconds(2));
    assert_eq!((late.end(), late.end_time), ((Some(Ending::Answered), ""), Some(begin())), "it ended when it ended");
}

#[test]
fn a_second_key_does_not_replace_the_first() {
    let held = ringing().after(key("2"), begin());
    assert_eq!(held.after_or_same(key("1"), begin()).heard.key, "2");
}

#[test]
fn another_call_with_the_same_tag_is_not_mixed_in() {
    let other = Event::Told { sid: "CA2".into(), heard: of_call(Some(Status::Busy), "") };
    assert!(ringing().step(other, begin()).is_err());
}

#[test]
fn what_the_vendor_says_of_a_call_may_be_older_than_what_it_told() {
    let answered = ringing().after(status(Status::InProgress), begin());
    let (held, due) = answered.wakes_up();
    let step = held.next.answered(Outcome::Done(of_call(Some(Status::Ringing), "")), due);
    assert_eq!(step.next.heard.call, Some(Status::InProgress));
}
