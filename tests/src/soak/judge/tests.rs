//! A history in order, and one for each rule that breaks it.

use std::time::Duration;

use super::{
    super::{
        evidence::{Evidence, Stored, Touch},
        history::{Answer, Step, Told, Truth},
        memory::Sample,
        reach::Promised,
    },
    Expected, Violation, calms, judge,
};

const CALL: &str = "CA1";
const NUMBER: &str = "PN1";

fn second(second: u64) -> Duration {
    Duration::from_secs(second)
}

fn told(step: Step, at: u64, answer: Answer) -> Told {
    let (begun, ended) = (second(at), second(at));
    Told { call_sid: CALL.to_owned(), step, begun, ended, attempts: 1, answer }
}

fn truth() -> Truth {
    let end_time = "2026-11-21T10:00:30Z".parse().expect("a valid time");
    Truth { status: "completed".to_owned(), end_time, seconds: 12 }
}

fn touch(is_write: bool) -> Touch {
    Touch { number_sid: NUMBER.to_owned(), is_write, performed: true }
}

/// One call whose two webhooks were stored, one number that was looked at, written and looked at.
fn in_order() -> Evidence {
    let steps = [Step::Voice, Step::Status(0)];
    let mut evidence = Evidence { length: second(60), ..Evidence::default() };
    evidence.noted.told = steps.iter().map(|step| told(*step, 1, Answer::Stored)).collect();
    evidence.noted.truths.insert(CALL.to_owned(), truth());
    let Truth { status, end_time, seconds } = truth();
    let stored = Stored { status, end_time: Some(end_time), seconds: Some(seconds) };
    evidence.stored.insert(CALL.to_owned(), stored);
    evidence.events = steps.iter().map(|step| ((CALL.to_owned(), *step), 1)).collect();
    evidence.touches = vec![touch(false), touch(true), touch(false)];
    evidence.rounds.insert(NUMBER.to_owned(), 1);
    evidence
}

fn broken(change: impl FnOnce(&mut Evidence)) -> Vec<Violation> {
    let mut evidence = in_order();
    change(&mut evidence);
    judge(&evidence, Expected::All)
}

#[test]
fn a_history_in_order_breaks_no_rule() {
    assert_eq!(broken(|_| {}), []);
}

#[test]
fn an_acknowledged_webhook_that_is_not_stored_is_lost() {
    let found = broken(|evidence| evidence.events.retain(|(_, step), _| *step != Step::Status(0)));
    assert_eq!(found, [Violation::Lost { call_sid: CALL.to_owned(), step: Step::Status(0) }]);
}

#[test]
fn a_webhook_that_was_given_up_or_answered_by_an_edge_alone_need_not_be_stored() {
    for answer in [Answer::GivenUp("503".to_owned()), Answer::Degraded] {
        let found = broken(|evidence| {
            evidence.events.remove(&(CALL.to_owned(), Step::Voice));
            evidence.noted.told[0].answer = answer;
            evidence.windows = vec![(second(0), second(2))];
            evidence.noted.told.push(told(Step::Status(0), 10, Answer::Stored));
        });
        assert_eq!(found, []);
    }
}

#[test]
fn a_webhook_that_is_stored_twice_is_an_effect_twice() {
    let found = broken(|evidence| evidence.events.extend([((CALL.to_owned(), Step::Voice), 2)]));
    assert_eq!(found, [Violation::Twice { call_sid: CALL.to_owned(), step: Step::Voice, times: 2 }]);
}

#[test]
fn every_field_of_a_call_is_held_against_twilios_record() {
    let changes: [fn(&mut Stored); 4] = [
        |stored| stored.status = "in-progress".to_owned(),
        |stored| stored.end_time = None,
        |stored| stored.end_time = stored.end_time.map(|end| end + chrono::TimeDelta::seconds(1)),
        |stored| stored.seconds = None,
    ];
    for change in changes {
        let found = broken(|evidence| evidence.stored.values_mut().for_each(change));
        assert!(matches!(found.as_slice(), [Violation::Wrong { .. }]), "{found:?}");
    }
}

#[test]
fn a_call_nobody_told_us_of_is_missing_only_where_calls_are_found_in_twilios_list() {
    let mut evidence = in_order();
    evidence.noted.truths.insert("CA2".to_owned(), truth());
    assert_eq!(judge(&evidence, Expected::Acknowledged), []);
    assert_eq!(judge(&evidence, Expected::All), [Violation::Missing { call_sid: "CA2".to_owned() }]);
    evidence.stored.clear();
    assert_eq!(judge(&evidence, Expected::Acknowledged), [Violation::Missing { call_sid: CALL.to_owned() }]);
}

#[test]
fn a_call_whose_end_nobody_took_is_wrong_only_where_twilio_is_asked() {
    let mut evidence = in_order();
    evidence.stored.values_mut().for_each(|stored| stored.status = "ringing".to_owned());
    evidence.noted.told.push(told(Step::Status(1), 1, Answer::GivenUp("503".to_owned())));
    evidence.windows = vec![(second(0), second(2))];
    evidence.noted.told.push(told(Step::Voice, 10, Answer::Stored));
    assert_eq!(judge(&evidence, Expected::Acknowledged), []);
    assert!(matches!(judge(&evidence, Expected::All).as_slice(), [Violation::Wrong { .. }]));
}

#[test]
fn a_second_write_needs_a_look_and_a_reason() {
    let found = broken(|evidence| evidence.touches.insert(2, touch(true)));
    let unlooked = Violation::Unlooked { number_sid: NUMBER.to_owned() };
    let overwritten = Violation::Overwritten { number_sid: NUMBER.to_owned(), writes: 2, rounds: 1 };
    assert_eq!(found, [unlooked, overwritten.clone()]);
    let found = broken(|evidence| evidence.touches.push(touch(true)));
    assert_eq!(found, [overwritten]);
}

#[test]
fn a_write_that_did_not_happen_may_be_made_after_a_look() {
    let found = broken(|evidence| {
        evidence.touches[1].performed = false;
        evidence.touches.extend([touch(true), touch(false)]);
    });
    assert_eq!(found, []);
}

#[test]
fn each_sleep_of_a_control_plane_excuses_one_late_write() {
    let late = |sleeps| {
        broken(|evidence| {
            evidence.touches.push(touch(true));
            evidence.sleeps = sleeps;
        })
    };
    assert_eq!((late(0).len(), late(1).len()), (1, 0));
}

#[test]
fn a_number_that_did_not_come_to_rest_is_named() {
    let found = broken(|evidence| evidence.unsettled.push("PN1 in round 3".to_owned()));
    assert_eq!(found, [Violation::Unsettled { number: "PN1 in round 3".to_owned() }]);
}

#[test]
fn what_is_refused_while_nothing_is_wrong_is_no_progress() {
    let refused = |windows: Vec<(Duration, Duration)>| {
        broken(|evidence| {
            evidence.noted.told.push(told(Step::Status(1), 30, Answer::GivenUp("503".to_owned())));
            evidence.windows = windows;
        })
    };
    assert_eq!(refused(vec![(second(20), second(40))]), []);
    let calm = (second(0), second(60));
    let answers = [("Stored".to_owned(), 2), (r#"GivenUp("503")"#.to_owned(), 1)].into();
    assert_eq!(refused(Vec::new()), [Violation::Refused { calm, taken: 2, of: 3, answers }]);
    assert_eq!(refused(vec![(second(0), second(60))]), [Violation::NoCalm]);
}

#[test]
fn whoever_is_to_be_reached_is_rung_in_time_twice_at_most_and_every_step_has_an_end() {
    let due = "2026-11-21T10:00:00Z".parse().expect("a valid time");
    let later = |seconds| due + chrono::TimeDelta::seconds(seconds);
    let promise = |change: &dyn Fn(&mut Evidence)| {
        broken(|evidence| {
            let (incident_id, person) = ("inc_1".to_owned(), "+17770000001".to_owned());
            evidence.rings.insert(person.clone(), vec![later(0), later(9)]);
            evidence.steps.insert(incident_id.clone(), vec!["executed".to_owned(), "skipped".to_owned()]);
            evidence.promised.push(Promised { incident_id, person, not_before: due });
            change(evidence);
        })
    };
    assert_eq!(promise(&|_| {}), []);
    let thrice = promise(&|evidence| evidence.rings.values_mut().for_each(|rings| rings.push(later(20))));
    assert!(matches!(thrice.as_slice(), [Violation::RungTooOften { times: 3, .. }]), "{thrice:?}");
    let early = promise(&|evidence| evidence.promised[0].not_before = later(1));
    assert!(matches!(early.as_slice(), [Violation::RungEarly { .. }]), "{early:?}");
    let forgotten = promise(&|evidence| evidence.steps.clear());
    assert!(matches!(forgotten.as_slice(), [Violation::Forgotten { .. }]), "{forgotten:?}");
    let open = promise(&|evidence| evidence.steps.values_mut().for_each(|steps| steps.push("pending".to_owned())));
    assert!(matches!(open.as_slice(), [Violation::NoOutcome { .. }]), "{open:?}");
}

#[test]
fn a_calm_is_what_no_window_covers() {
    let windows = [(second(5), second(20)), (second(3), second(7)), (second(30), second(90))];
    assert_eq!(calms(&windows, second(60)), [(second(0), second(3)), (second(20), second(30))]);
    assert_eq!(calms(&[], second(60)), [(second(0), second(60))]);
}

#[test]
fn an_odd_answer_a_leak_and_an_unknown_error_are_named() {
    let found = broken(|evidence| {
        evidence.noted.told.push(told(Step::Status(1), 1, Answer::Odd("403".to_owned())));
        evidence.windows = vec![(second(0), second(2))];
        evidence.noted.told.push(told(Step::Status(0), 30, Answer::Stored));
    });
    assert!(matches!(found.as_slice(), [Violation::Odd { .. }]), "{found:?}");
    let found = broken(|evidence| {
        let sample = |at| Sample { at: second(at), resident: 100_000 + at * 500 };
        evidence.memory.insert(("edge-0".to_owned(), 1), (0..600).map(sample).collect());
    });
    assert!(matches!(found.as_slice(), [Violation::Grows(_)]), "{found:?}");
    let found = broken(|evidence| evidence.errors.extend(["thread panicked at".to_owned()]));
    assert!(matches!(found.as_slice(), [Violation::Error { .. }]), "{found:?}");
}
