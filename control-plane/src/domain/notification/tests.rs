use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::Effect,
    id::FailoverId,
    machine::Machine,
    outcome::{Cause, Refused},
    sample::at,
};

fn now() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn fresh() -> Notification {
    Notification {
        id: NotificationId::from_uuid(Uuid::from_u128(1)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(2)),
        kind: Kind::Detected,
        resource: FailoverId::from_uuid(Uuid::from_u128(3)).to_string(),
        recipients: vec!["ops@example.com".parse().expect("valid")],
        subject: String::new(),
        text: String::new(),
        work: Work::NotConfigured,
        attempt: 0,
        last_error: String::new(),
        vendor_message_id: String::new(),
        simulated: false,
        send_time: None,
        version: 1,
        create_time: now(),
        update_time: now(),
    }
}

fn told() -> Notification {
    fresh().step(Event::Told(Means::Vendor), now()).expect("it begins").next
}

fn refused(cause: Cause) -> Outcome<Taken> {
    Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "no".to_owned() })
}

fn taken() -> Outcome<Taken> {
    Outcome::Done(Taken { message_id: "m1".to_owned(), simulated: false })
}

fn answered(held: &Notification, outcome: Outcome<Taken>, now: Timestamp) -> Notification {
    held.step(Event::Answered { round: held.attempt, outcome }, now).expect("it is awaited").next
}

#[test]
fn what_the_vendor_took_is_never_sent_again() {
    let sent = answered(&told(), taken(), now());
    assert_eq!((sent.state(), sent.send_time, sent.deadline()), (State::Sent, Some(now()), None));
    let again = sent.step(Event::ResendRequested(Means::Vendor), now()).expect_err("it is sent");
    assert_eq!(again.reason, "NOTIFICATION_SENT");
    assert!(sent.step(Event::Answered { round: 1, outcome: taken() }, now()).is_err());
}

#[test]
fn a_vendor_that_is_away_is_tried_for_a_day() {
    let (mut held, mut clock, mut tries) = (told(), now(), 0);
    while held.state() == State::Pending {
        held = answered(&held, refused(Cause::Unreachable), clock);
        if let Some(deadline) = held.deadline() {
            clock = deadline;
            held = held.step(Event::Tick, clock).expect("it is due").next;
        }
        tries += 1;
    }
    assert_eq!(held.state(), State::Failed);
    assert!(tries > 200 && clock - now() >= Duration::hours(24), "{tries} tries until {clock}");
}

#[test]
fn what_may_have_been_sent_is_sent_again_after_a_pause_and_at_most_twice() {
    let (mut held, mut clock) = (told(), now());
    for _ in 0..2 {
        held = answered(&held, Outcome::Unknown("timeout".to_owned()), clock);
        assert_eq!((held.state(), held.deadline()), (State::Unknown, Some(clock + Duration::minutes(10))));
        assert!(held.step(Event::Tick, clock + Duration::minutes(9)).is_err(), "too early");
        clock += Duration::minutes(10);
        held = held.step(Event::Tick, clock).expect("it is due").next;
    }
    held = answered(&held, Outcome::Unknown("timeout".to_owned()), clock);
    assert_eq!((held.state(), held.deadline()), (State::Unknown, None));
    let again = held.step(Event::ResendRequested(Means::Vendor), clock).expect("a person may");
    assert_eq!(again.next.state(), State::Pending);
}

#[test]
fn without_a_vendor_or_an_address_it_says_so_and_tries_nothing() {
    let nobody = Notification { recipients: Vec::new(), ..fresh() };
    for (held, means) in [(fresh(), Means::None), (nobody, Means::Vendor)] {
        let step = held.step(Event::Told(means), now()).expect("it is taken in");
        assert_eq!((step.next.state(), step.effects.len()), (State::NotConfigured, 0));
        assert!(!step.next.last_error.is_empty());
    }
    let step = fresh().step(Event::ResendRequested(Means::Vendor), now()).expect("configured meanwhile");
    assert_eq!(step.effects, [Effect::SendMail { notification_id: fresh().id, round: 1 }]);
}

fn notice(kind: Kind) -> Notice {
    Notice {
        kind,
        failover_id: FailoverId::from_uuid(Uuid::from_u128(3)),
        source: "Main".to_owned(),
        target: Some("Spare".to_owned()),
        why: "Twilio says it is suspended".to_owned(),
        moved: 11,
        left_out: vec![LeftOut { name: "Billing".to_owned(), why: "no free number in DE".to_owned() }],
        approve_by: None,
        again: "callplane failover start acc_1 --reason '…'".to_owned(),
    }
}

#[test]
fn every_mail_after_a_move_says_that_callers_of_the_old_numbers_stay_lost() {
    for kind in [Kind::Completed, Kind::PartiallyCompleted, Kind::Stuck] {
        let text = notice(kind).text(fresh().id);
        assert!(text.contains("people who dial the old numbers of Main reach nobody"), "{text}");
        assert!(text.contains("- Billing: no free number in DE"), "{text}");
    }
}

#[test]
fn a_mail_that_asks_for_approval_says_until_when_and_what_to_type() {
    let notice = Notice { approve_by: Some(at("2026-11-20T12:10:00Z")), ..notice(Kind::Detected) };
    let text = notice.text(fresh().id);
    assert!(text.contains("by themselves at 2026-11-20 12:10:00 UTC"), "{text}");
    assert!(text.contains(&format!("callplane failover approve {}", notice.failover_id)), "{text}");
    assert!(notice.subject().starts_with("Main: "), "{}", notice.subject());
}

#[test]
fn a_mail_about_what_did_not_work_says_what_to_type() {
    let text = notice(Kind::Failed).text(fresh().id);
    assert!(text.contains("Try again: callplane failover start acc_1 --reason"), "{text}");
    let stuck = Notice { again: "callplane failover retry fov_1".to_owned(), ..notice(Kind::Stuck) };
    let text = stuck.text(fresh().id);
    let accept = format!("Accept it: callplane failover abandon {}", stuck.failover_id);
    assert!(text.contains("Try again: callplane failover retry fov_1") && text.contains(&accept), "{text}");
}

fn outcomes() -> impl Strategy<Value = Outcome<Taken>> {
    prop_oneof![
        Just(taken()),
        Just(refused(Cause::RateLimited)),
        Just(refused(Cause::Invalid)),
        Just(Outcome::Unknown("reset".to_owned())),
    ]
}

fn events() -> impl Strategy<Value = (Event, i64)> {
    let event = prop_oneof![
        (0_u32..6, outcomes()).prop_map(|(round, outcome)| Event::Answered { round, outcome }),
        Just(Event::Tick),
        Just(Event::ResendRequested(Means::Vendor)),
    ];
    (event, 0_i64..900)
}

proptest! {
    #[test]
    fn whatever_happens_one_mail_is_under_way_at_a_time_and_none_after_it_was_taken(
        events in proptest::collection::vec(events(), 0..60),
    ) {
        let (mut held, mut clock, mut taken) = (told(), now(), false);
        for (event, seconds) in events {
            clock += Duration::seconds(seconds);
            let is_taken = matches!(&event, Event::Answered { outcome: Outcome::Done(_), .. });
            let was_sending = matches!(held.work, Work::Sending { .. });
            let Ok(step) = held.step(event, clock) else { continue };
            prop_assert!(step.effects.len() <= 1);
            prop_assert!(step.effects.is_empty() || !(was_sending || taken), "a second one while one is out");
            taken |= is_taken;
            held = step.next;
            prop_assert_eq!(held.state() == State::Sent, taken);
            // Nothing is forgotten: it is over, or an effect is out, or it will be woken.
            let is_over = matches!(held.work, Work::Sent | Work::Failed | Work::Unknown | Work::NotConfigured);
            let is_out = matches!(held.work, Work::Sending { .. });
            prop_assert!(is_over || is_out || held.deadline().is_some());
        }
    }
}
