//! Whether a ladder makes sense, with the place of everything that does not.

use super::{Channel, Ladder, MOST_CALLS, Reached, Rung, Span};
use crate::domain::error::{Error, Result, Violation};

/// The farthest an offset may be from the event.
const FARTHEST: i64 = DAY * 7;
/// The farthest an end of a window may be: an offset that far has to lie inside.
const WIDEST: i64 = DAY * 8;
const DAY: i64 = 24 * 3600;
/// More rungs than anybody could follow.
const MOST_RUNGS: usize = 20;

/// Checks a ladder; every bad field is named at once.
pub fn check(ladder: &Ladder) -> Result<()> {
    let mut wrong = Vec::new();
    if ladder.rungs.is_empty() || ladder.rungs.len() > MOST_RUNGS {
        wrong.push(fault("rungs", format!("expected 1 to {MOST_RUNGS} rungs")));
    }
    if !(1..=MOST_CALLS).contains(&ladder.most_calls) {
        wrong.push(fault(
            "max_calls_per_person",
            format!("expected 1 to {MOST_CALLS}: nobody is rung more often about one event"),
        ));
    }
    for (place, rung) in ladder.rungs.iter().enumerate() {
        let at = |wrong: Violation| Violation { field: format!("rungs[{place}].{}", wrong.field), ..wrong };
        wrong.extend(faults(rung).into_iter().map(at));
    }
    let in_order = ladder.rungs.is_sorted_by_key(|rung| rung.offset);
    if !in_order {
        wrong.push(fault("rungs", "expected them in the order of their offsets"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::violations(wrong)) }
}

fn fault(field: &str, description: impl Into<String>) -> Violation {
    Violation { field: field.to_owned(), description: description.into() }
}

fn is_beyond(farthest: i64, seconds: i64) -> bool {
    !(-farthest..=farthest).contains(&seconds)
}

fn faults(rung: &Rung) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if is_beyond(FARTHEST, rung.offset) {
        wrong.push(fault("offset", "expected at most seven days before or after the event"));
    }
    if rung.window.is_some_and(|Span { from, until }| is_beyond(WIDEST, from) || is_beyond(WIDEST, until)) {
        wrong.push(fault("window", "expected both ends at most eight days before or after the event"));
    }
    if let Some(Span { from, until }) = rung.window
        && !(from <= rung.offset && rung.offset < until)
    {
        wrong.push(fault("window", "expected the offset to lie inside: start <= offset < end"));
    }
    if rung.channel == Channel::Voice && rung.window.is_none() && rung.offset < -180 {
        wrong.push(fault(
            "offset",
            "a call earlier than 180 s before the event needs a `window` of its own, because by default none starts then",
        ));
    }
    if rung.redials > 0 && rung.channel != Channel::Voice {
        wrong.push(fault("redials", "only calls are dialled again"));
    }
    if rung.redials >= MOST_CALLS {
        wrong.push(fault("redials", format!("expected at most {}", MOST_CALLS - 1)));
    }
    if rung.reached == Reached::Delivered && !matches!(rung.channel, Channel::Sms | Channel::Whatsapp) {
        wrong.push(fault("reached_by", "only text messages are reported as delivered"));
    }
    wrong
}
