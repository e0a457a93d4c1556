//! Ladders that make no sense: each mistake is named with its place, all at once.

use proptest::prelude::*;

use super::*;

/// The places of everything that is wrong.
fn wrong(ladder: &Ladder) -> Vec<String> {
    check(ladder).err().map(|error| error.violations.into_iter().map(|wrong| wrong.field).collect()).unwrap_or_default()
}

fn of(rungs: Vec<Rung>) -> Ladder {
    Ladder { rungs, ..full() }
}

#[test]
fn a_ladder_that_makes_sense_is_taken() {
    assert_eq!(wrong(&full()), Vec::<String>::new());
    let bounds = [
        rung(Channel::Email, -7 * 86_400),
        Rung { window: Some(Span { from: -8 * 86_400, until: 8 * 86_400 }), ..rung(Channel::Voice, -181) },
        rung(Channel::Voice, -180),
        rung(Channel::Voice, 0),
        rung(Channel::Sms, 7 * 86_400),
    ];
    assert_eq!(wrong(&of(bounds.to_vec())), Vec::<String>::new());
}

#[test]
fn every_mistake_is_named_by_its_place() {
    let span = |from, until| Some(Span { from, until });
    for (rung, place) in [
        (rung(Channel::Sms, -7 * 86_400 - 1), "rungs[0].offset"),
        (rung(Channel::Sms, 7 * 86_400 + 1), "rungs[0].offset"),
        (rung(Channel::Sms, i64::MIN), "rungs[0].offset"),
        (rung(Channel::Sms, i64::MAX), "rungs[0].offset"),
        (rung(Channel::Voice, -181), "rungs[0].offset"),
        (Rung { window: span(-59, 0), ..rung(Channel::Sms, -60) }, "rungs[0].window"),
        (Rung { window: span(-120, -60), ..rung(Channel::Sms, -60) }, "rungs[0].window"),
        (Rung { window: span(10, -10), ..rung(Channel::Sms, 0) }, "rungs[0].window"),
        (Rung { window: span(i64::MIN, 0), ..rung(Channel::Sms, -60) }, "rungs[0].window"),
        (Rung { window: span(-60, i64::MAX), ..rung(Channel::Sms, -60) }, "rungs[0].window"),
        (Rung { window: span(-60, 8 * 86_400 + 1), ..rung(Channel::Sms, -60) }, "rungs[0].window"),
        (Rung { redials: 1, ..rung(Channel::Sms, -60) }, "rungs[0].redials"),
        (Rung { redials: 2, ..rung(Channel::Voice, -60) }, "rungs[0].redials"),
        (Rung { reached: Reached::Delivered, ..rung(Channel::Voice, -60) }, "rungs[0].reached_by"),
        (Rung { reached: Reached::Delivered, ..rung(Channel::Email, -60) }, "rungs[0].reached_by"),
    ] {
        assert_eq!(wrong(&of(vec![rung.clone()])), [place], "{rung:?}");
    }
}

#[test]
fn the_ladder_as_a_whole_is_checked_too() {
    assert_eq!(wrong(&of(Vec::new())), ["rungs"]);
    assert_eq!(wrong(&of(vec![rung(Channel::Sms, 0); 21])), ["rungs"]);
    assert_eq!(wrong(&of(vec![rung(Channel::Sms, 0); 20])), Vec::<String>::new());
    assert_eq!(wrong(&of(vec![rung(Channel::Sms, 60), rung(Channel::Sms, 0)])), ["rungs"]);
    for most_calls in [0, 3, u32::MAX] {
        assert_eq!(wrong(&Ladder { most_calls, ..full() }), ["max_calls_per_person"]);
    }
}

#[test]
fn all_mistakes_are_named_at_once() {
    let worst = Rung { redials: 3, reached: Reached::Delivered, ..rung(Channel::Voice, -9 * 86_400) };
    let ladder = Ladder { most_calls: 9, ..of(vec![rung(Channel::Sms, 0), worst]) };
    let mut places = wrong(&ladder);
    places.sort_unstable();
    places.dedup();
    let expected = ["max_calls_per_person", "rungs", "rungs[1].offset", "rungs[1].reached_by", "rungs[1].redials"];
    assert_eq!(places, expected);
}

proptest! {
    #[test]
    fn any_ladder_is_checked_and_what_is_taken_has_times(
        offset in prop_oneof![-700_000..700_000_i64, any::<i64>()],
        window in prop::option::of((prop_oneof![-800_000..800_000_i64, any::<i64>()], prop_oneof![-800_000..800_000_i64, any::<i64>()])),
        channel in prop::sample::select(Channel::ALL.to_vec()),
    ) {
        let window = window.map(|(from, until)| Span { from, until });
        let rung = Rung { window, ..rung(channel, offset) };
        if check(&of(vec![rung.clone()])).is_ok() {
            let due = rung.due(start());
            prop_assert!(rung.window(start()).holds(due), "due outside its window: {:?}", rung);
        }
    }
}
