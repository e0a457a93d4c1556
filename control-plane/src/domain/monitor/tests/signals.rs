//! Signals that somebody else uses the account, keys that nobody knows among them.

use super::*;

/// A31: any two of four.
#[test]
fn any_two_signals_that_somebody_else_uses_the_account_are_critical_and_one_is_not() {
    for (index, one) in Signal::ALL.iter().enumerate() {
        let alone = Findings { signals: BTreeSet::from([*one]), ..fine(4) };
        let mut watching = Watching::new();
        assert_eq!(watching.looks(&[fine(4), alone.clone(), alone]), [Verdict::Healthy; 3], "{one}");
        for other in &Signal::ALL[index + 1..] {
            let both = Findings { signals: BTreeSet::from([*one, *other]), ..fine(4) };
            let mut watching = Watching::new();
            let verdicts = watching.looks(&[fine(4), both.clone(), both]);
            assert_eq!(verdicts, [Verdict::Healthy, Verdict::Healthy, Verdict::Critical], "{one} {other}");
        }
    }
}

#[test]
fn an_api_key_that_appears_is_unknown_until_it_is_accepted() {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<String>>();
    let known = keys(&["SK1"]);
    let cause = |seen: &BTreeSet<String>, known, own| reading::keys(Ok(seen), known, own).cause;
    assert_eq!(cause(&keys(&["SK1", "SK2"]), None, None), None, "the first list is taken for known");
    assert_eq!(cause(&known, Some(&known), None), None);
    assert_eq!(cause(&keys(&["SK1", "SK2"]), Some(&known), None), Some(Cause::UnknownKey));
    assert_eq!(cause(&keys(&["SK1", "SK2"]), Some(&known), Some("SK2")), None, "our own is known");
    let mut watching = Watching::new();
    watching.look(Findings { keys: Some(known.clone()), ..fine(1) });
    assert_eq!(watching.monitor.memory.keys, Some(known));
    let accepted = watching.monitor.step(Event::KeysAccepted, watching.now).expect("taken in").next;
    assert_eq!(accepted.memory.keys, None);
}
