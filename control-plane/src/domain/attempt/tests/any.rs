//! Whatever happens, in whatever order: what an attempt promises, and that it comes to its end.

use proptest::prelude::*;

use super::{call::Status, *};
use crate::domain::dnc::Unanswered;

/// What may happen at random. `back` names an earlier round.
#[derive(Clone, Debug)]
enum Happens {
    Admitted,
    Denied,
    Held(i64),
    Tick,
    Created(u8, u32),
    Found(u8, u32),
    Answered(u8, u32),
    Told(u8, Status, u8),
    Written(MessageStatus),
    Key,
    MenuRepeated,
    Withdrawn,
    Stopped(u8, u32),
    Checked(u8, u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    let statuses = prop::sample::select(Status::ALL.to_vec());
    let written = prop::sample::select(MessageStatus::ALL.to_vec());
    // Now and then an answer to what was asked before.
    let back = || prop::sample::select(vec![0, 0, 0, 1]);
    prop_oneof![
        4 => Just(Happens::Admitted),
        1 => Just(Happens::Denied),
        1 => (1..30_i64).prop_map(Happens::Held),
        6 => Just(Happens::Tick),
        5 => (0..9_u8, back()).prop_map(|(kind, back)| Happens::Created(kind, back)),
        4 => (0..5_u8, back()).prop_map(|(kind, back)| Happens::Found(kind, back)),
        3 => (0..6_u8, back()).prop_map(|(kind, back)| Happens::Answered(kind, back)),
        4 => (0..4_u8, statuses, 0..5_u8).prop_map(|(sid, status, by)| Happens::Told(sid, status, by)),
        2 => written.prop_map(Happens::Written),
        1 => Just(Happens::Key),
        1 => Just(Happens::MenuRepeated),
        1 => Just(Happens::Withdrawn),
        1 => (0..3_u8, back()).prop_map(|(kind, back)| Happens::Stopped(kind, back)),
        3 => (0..4_u8, back()).prop_map(|(kind, back)| Happens::Checked(kind, back)),
    ]
}

fn no<T>(kind: u8) -> Outcome<T> {
    match kind {
        0 => Outcome::Refused(refused(Cause::RateLimited, 20429)),
        1 => Outcome::Refused(refused(Cause::Suspended, 20005)),
        2 => Outcome::Refused(refused(Cause::Invalid, 21211)),
        3 => Outcome::Refused(refused(Cause::NotTried, 0)),
        _ => lost(),
    }
}

/// What a vendor says of what it took.
fn thing(held: &Attempt, kind: u8) -> Taken {
    let statuses = [Status::Queued, Status::Ringing, Status::InProgress, Status::Completed, Status::Canceled];
    let written = [MessageStatus::Queued, MessageStatus::Sent, MessageStatus::Delivered];
    let heard = match held.channel {
        Channel::Voice => of_call(Some(statuses[usize::from(kind) % statuses.len()]), ""),
        Channel::Sms | Channel::Whatsapp => of_message(Some(written[usize::from(kind) % written.len()]), 0),
        Channel::Email => Heard::default(),
    };
    Taken { heard, ..taken(Status::Queued) }
}

fn created(held: &Attempt, kind: u8) -> Outcome<Taken> {
    if kind < 5 { no(kind) } else { Outcome::Done(thing(held, kind)) }
}

fn found(held: &Attempt, kind: u8) -> Outcome<Option<Taken>> {
    match kind {
        0 | 1 => Outcome::Done(None),
        2 => Outcome::Done(Some(thing(held, kind))),
        kind => no(kind),
    }
}

fn answer(held: &Attempt, kind: u8) -> Outcome<Heard> {
    if kind < 2 { no(kind * 4) } else { Outcome::Done(thing(held, kind).heard) }
}

fn account_of(held: &Attempt) -> Option<AccountId> {
    let place = u128::try_from(held.avoided.len()).expect("few");
    (held.channel != Channel::Email).then(|| account(5 + place))
}

fn event(happens: Happens, held: &Attempt) -> Event {
    let round = |back: u32| held.round.wrapping_sub(back);
    match happens {
        Happens::Admitted => admitted(account_of(held)),
        Happens::Denied => Event::Denied { verdict: Verdict::default(), reason: "do_not_call", error: "listed".into() },
        Happens::Held(wait) => Event::Held { until: held.create_time + seconds(wait) },
        Happens::Tick => Event::Tick,
        Happens::Created(kind, back) => Event::Created { round: round(back), outcome: created(held, kind) },
        Happens::Found(kind, back) => Event::Found { round: round(back), outcome: found(held, kind) },
        Happens::Answered(kind, back) => Event::Answered { round: round(back), outcome: answer(held, kind) },
        Happens::Told(sid, status, by) => {
            let by = ["", "human", "machine_start", "fax", "unknown"][usize::from(by)];
            let sid = if sid == 0 { "CA2" } else { SID };
            Event::Told { sid: sid.into(), heard: of_call(Some(status), by) }
        }
        Happens::Written(status) => told(of_message(Some(status), 0)),
        Happens::Key => key("1"),
        Happens::MenuRepeated => Event::MenuRepeated,
        Happens::Withdrawn => Event::Withdrawn { why: "acknowledged" },
        Happens::Stopped(kind, back) => {
            let reason = ["withdrawn", "outbound_stopped", "outside_critical_window"][usize::from(kind)];
            Event::Stopped { round: round(back), reason, error: String::new() }
        }
        Happens::Checked(kind, back) => {
            let nothing = |rule| Said::Nothing { why: "no answer".into(), rule };
            let said = match kind {
                0 => Said::Clear,
                1 => Said::Listed("register".into()),
                2 => nothing(Unanswered::Refuse),
                _ => nothing(Unanswered::Allow),
            };
            Event::Checked { round: round(back), said }
        }
    }
}

/// What holds after every step.
fn keeps_its_promises(held: &Attempt, event: &Event, step: &Step<Attempt>, makes_so_far: usize) {
    let next = &step.next;
    assert!(step.effects.len() <= 1, "one question at a time");
    assert!(makes_so_far <= 2 + next.avoided.len(), "made {makes_so_far} times: {next:?}");
    assert!(!makes(step) || held.waits() && held.withdrawn.is_empty(), "made after it was withdrawn: {held:?}");
    let rings = !next.heard.is_answered() && next.channel == Channel::Voice;
    assert!(!ends(step) || rings && !next.withdrawn.is_empty(), "cut off: {next:?}");
    assert!(step.effects.is_empty() || next.round == held.round + 1, "an answer would be taken for another one");
    let is_over = next.state() == State::Over;
    assert_eq!(next.ending.is_some(), is_over, "{next:?}");
    assert_eq!(next.end_time.is_some(), is_over);
    assert!(!next.waits() || next.withdrawn.is_empty(), "what waits is given up when it is withdrawn");
    let is_asked = matches!(
        next.work,
        Work::Creating | Work::Looking { .. } | Work::Ending { again: None, .. } | Work::Placed { watch: None }
    );
    assert!(is_over || next.deadline().is_some() != is_asked, "nothing would wake it: {next:?}");
    if held.state() == State::Over && !is_over {
        let is_new = matches!(event, Event::Told { .. }) && held.vendor_sid.is_empty();
        assert!(is_new, "{next:?} after {held:?} by {event:?}");
    }
    assert!(held.heard.key.is_empty() || held.heard.key == next.heard.key, "a key stays pressed");
    let never_made = is_over && next.tries == 0 && next.begin_time.is_none();
    assert!(held.begin_time.is_none() || held.begin_time == next.begin_time || never_made);
}

/// What an honest world would say next.
fn honest(held: &Attempt, kind: u8) -> Event {
    let round = held.round;
    match held.work {
        Work::Waiting { .. } if kind.is_multiple_of(7) => event(Happens::Denied, held),
        Work::Waiting { .. } => admitted(account_of(held)),
        Work::Creating => Event::Created { round, outcome: created(held, kind % 9) },
        Work::Looking { .. } => Event::Found { round, outcome: found(held, kind % 5) },
        Work::Ending { again: None, .. } | Work::Placed { watch: None } => {
            Event::Answered { round, outcome: answer(held, kind % 6) }
        }
        Work::Doubtful { .. } | Work::Ending { .. } | Work::Placed { .. } | Work::Over => Event::Tick,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn whatever_happens_an_attempt_keeps_its_promises_and_comes_to_its_end(
        channel in prop::sample::select(Channel::ALL.to_vec()),
        story in prop::collection::vec((happens(), 0..40_i64), 1..80),
        answers in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut held = attempt(channel);
        let (mut now, mut made) = (begin(), 0);
        for (happens, wait) in story {
            now += seconds(wait);
            let event = event(happens, &held);
            // The guards are asked when its time has come.
            let is_early = matches!(event, Event::Admitted { .. } | Event::Denied { .. }) && !held.deadline_passed(now);
            if is_early {
                continue;
            }
            let before = held.clone();
            let Ok(step) = held.step(event.clone(), now) else { continue };
            // What we held back ourselves never left.
            made = made + usize::from(makes(&step)) - usize::from(step.next.tries < held.tries);
            keeps_its_promises(&before, &event, &step, made);
            held = step.next;
        }
        for kind in answers.into_iter().cycle().take(1000) {
            if held.state() == State::Over {
                break;
            }
            now = now.max(held.deadline().unwrap_or(now));
            let event = honest(&held, kind);
            let step = held.stepped(event.clone(), now);
            // What we held back ourselves never left.
            made = made + usize::from(makes(&step)) - usize::from(step.next.tries < held.tries);
            keeps_its_promises(&held, &event, &step, made);
            held = step.next;
        }
        prop_assert_eq!(held.state(), State::Over, "{:?}", held);
        prop_assert_eq!(held.deadline(), None);
    }

    /// What a vendor tells of one call is the same in every order, with anything told twice.
    #[test]
    fn any_order_of_the_same_news_ends_alike(
        last in prop::sample::select(vec![Status::Completed, Status::Busy, Status::NoAnswer, Status::Failed, Status::Canceled]),
        by in prop::sample::select(vec!["", "human", "machine_end_beep", "fax", "unknown"]),
        order in Just(vec![0, 1, 2, 3, 4, 0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let created = Event::Created { round: 1, outcome: Outcome::Done(taken(Status::Queued)) };
        let news = [status(Status::Initiated), status(Status::Ringing), told(of_call(None, by)), status(last), created];
        let told = |order: &[usize]| order.iter().fold(asked(Channel::Voice), |held, place| {
            held.after_or_same(news[*place].clone(), begin())
        });
        prop_assert_eq!(told(&order), told(&[4, 0, 1, 2, 3]));
    }
}
