//! When an account is looked at because somebody wants it.

use super::*;

#[test]
fn two_who_want_a_look_at_the_same_time_get_the_same_one() {
    let watching = Watching::new();
    let first = watching.monitor.step(Event::Wanted, watching.now).expect("it looks");
    assert_eq!(first.effects.len(), 1);
    let second = first.next.step(Event::Wanted, watching.now).expect("it is joined");
    assert_eq!((second.effects.len(), second.next), (0, first.next));
}

#[test]
fn a_look_is_wanted_once_in_five_seconds() {
    let mut watching = Watching::new();
    watching.look(fine(1));
    let refused = watching.monitor.step(Event::Wanted, watching.now + Duration::seconds(4)).expect_err("too soon");
    assert_eq!(refused.reason, "HEALTH_CHECK_TOO_SOON");
    assert!(watching.monitor.step(Event::Wanted, watching.now + APART).is_ok());
}
