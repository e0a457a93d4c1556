use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    verdict::{CONFIRM, IN_A_ROW, too_many},
    *,
};
use crate::domain::{
    id::{PhoneNumberId, WorkspaceId},
    machine::Machine,
    sample::{agent_id, at},
};

fn start() -> Timestamp {
    at("2026-11-20T12:00:00Z")
}

fn number(id: u128) -> PhoneNumberId {
    PhoneNumberId::from_uuid(Uuid::from_u128(id))
}

fn account_id() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(1))
}

/// A look at an account with so many agents, each on a number of its own; everything is fine.
fn fine(agents: u128) -> Findings {
    with(agents, 0)
}

/// The same, but the numbers of the first `failing` are gone.
fn with(agents: u128, failing: u128) -> Findings {
    let subject = |id| Subject { agent_id: agent_id(id), phone_number_ids: vec![number(id)], exclusion: None };
    let mut readings =
        vec![Reading::pass(Kind::Credential, ""), Reading::pass(Kind::Status, ""), Reading::pass(Kind::Numbers, "")];
    readings.extend((0..agents).map(|id| match id < failing {
        true => Reading::fail(Kind::Number, Cause::NumberReleased, "").of_number(number(id)),
        false => Reading::pass(Kind::Number, "").of_number(number(id)),
    }));
    Findings::of(start(), readings, (0..agents).map(subject).collect())
}

fn suspended() -> Findings {
    let readings = vec![Reading::fail(Kind::Status, Cause::Suspended, ""), Reading::pass(Kind::Numbers, "")];
    Findings { subjects: fine(4).subjects, ..Findings::of(start(), readings, Vec::new()) }
}

fn lost(cause: Cause) -> Findings {
    let trouble = Trouble { cause, code: 0, message: String::new() };
    let readings = [Kind::Status, Kind::Numbers].map(|kind| Reading::of_trouble(kind, &trouble));
    Findings { subjects: fine(4).subjects, ..Findings::of(start(), readings.to_vec(), Vec::new()) }
}

/// Looks at an account one after another, at the pace it asks for.
struct Watching {
    monitor: Monitor,
    now: Timestamp,
}

impl Watching {
    fn new() -> Self {
        let workspace = WorkspaceId::from_uuid(Uuid::nil());
        let now = start();
        Self { monitor: Monitor::new(workspace, account_id(), Duration::seconds(30), now), now }
    }

    fn look(&mut self, found: Findings) -> Verdict {
        self.look_beside(found, Around::default())
    }

    fn look_beside(&mut self, found: Findings, around: Around) -> Verdict {
        self.now = self.monitor.deadline().expect("it is idle").max(self.now);
        let looking = self.monitor.step(Event::Tick, self.now).expect("it is its turn").next;
        let Work::Looking { round, .. } = looking.work else { panic!("it looks") };
        let looking = Monitor { version: looking.version + 1, ..looking };
        let found = Box::new(Findings { begin_time: self.now, ..found });
        let pace = Pace { cadence: Duration::seconds(30), watchful: false };
        let told = looking.step(Event::Looked { round, found, around, pace }, self.now).expect("in time").next;
        self.monitor = Monitor { version: told.version + 1, ..told };
        self.monitor.verdict
    }

    fn looks(&mut self, found: &[Findings]) -> Vec<Verdict> {
        found.iter().map(|found| self.look(found.clone())).collect()
    }
}

#[test]
fn a_suspension_is_critical_when_a_second_look_within_five_seconds_confirms_it() {
    let mut watching = Watching::new();
    assert_eq!(watching.look(fine(4)), Verdict::Healthy);
    assert_eq!(watching.look(suspended()), Verdict::Healthy, "one look proves nothing");
    let first = watching.now;
    assert_eq!(watching.look(suspended()), Verdict::Critical);
    assert_eq!(watching.now - first, CONFIRM);
    assert!(watching.monitor.why.contains("suspended"), "{}", watching.monitor.why);
    assert!(!watching.monitor.heard().good);
}

#[test]
fn what_was_critical_is_well_after_three_good_looks_in_a_row_and_not_before() {
    let mut watching = Watching::new();
    watching.looks(&[fine(4), suspended(), suspended()]);
    assert_eq!(watching.looks(&[fine(4), fine(4)]), [Verdict::Critical, Verdict::Critical]);
    assert_eq!(watching.looks(&[suspended(), fine(4), fine(4)]), [Verdict::Critical; 3], "it begins again");
    assert_eq!(watching.look(fine(4)), Verdict::Healthy);
}

#[test]
fn one_suspicion_that_is_not_confirmed_changes_nothing() {
    let mut watching = Watching::new();
    let verdicts = watching.looks(&[fine(4), suspended(), fine(4), suspended(), fine(4)]);
    assert_eq!(verdicts, [Verdict::Healthy; 5]);
}

/// A34: failing agents of all agents, looked at three times.
#[test]
fn two_failing_agents_or_half_of_them_degrade_an_account_and_less_does_not() {
    for (failing, agents, verdict) in [
        (0, 1, Verdict::Healthy),
        (1, 1, Verdict::Degraded),
        (1, 2, Verdict::Degraded),
        (1, 3, Verdict::Healthy),
        (2, 3, Verdict::Degraded),
        (1, 10, Verdict::Healthy),
        (2, 10, Verdict::Degraded),
        (5, 10, Verdict::Degraded),
        (10, 10, Verdict::Degraded),
        (2, 1000, Verdict::Degraded),
        (0, 0, Verdict::Healthy),
    ] {
        let mut watching = Watching::new();
        watching.look(fine(agents));
        assert_eq!(watching.looks(&[with(agents, failing), with(agents, failing)]), [Verdict::Healthy; 2]);
        assert_eq!(watching.look(with(agents, failing)), verdict, "{failing} of {agents}");
    }
}

#[test]
fn a_blip_is_not_three_samples() {
    let mut watching = Watching::new();
    let looks = [fine(4), with(4, 4), with(4, 4), fine(4), with(4, 4), with(4, 4), fine(4)];
    assert_eq!(watching.looks(&looks), [Verdict::Healthy; 7]);
}

#[test]
fn a_degraded_account_is_well_after_three_good_looks() {
    let mut watching = Watching::new();
    watching.looks(&[fine(4), with(4, 2), with(4, 2), with(4, 2)]);
    assert_eq!(watching.monitor.heard().failing, [agent_id(0), agent_id(1)]);
    let verdicts = watching.looks(&[fine(4), fine(4), fine(4)]);
    assert_eq!(verdicts, [Verdict::Degraded, Verdict::Degraded, Verdict::Healthy]);
}

#[test]
fn a_degraded_account_that_is_suspended_turns_critical() {
    let mut watching = Watching::new();
    watching.looks(&[fine(4), with(4, 2), with(4, 2), with(4, 2)]);
    assert_eq!(watching.looks(&[suspended(), suspended()]), [Verdict::Degraded, Verdict::Critical]);
}

#[test]
fn paused_agents_and_those_elevenlabs_does_not_know_are_not_counted() {
    let mut found = with(4, 3);
    for subject in &mut found.subjects[..2] {
        subject.exclusion = Some(Exclusion::Paused);
    }
    let mut readings = found.readings.clone();
    readings.push(Reading::fail(Kind::Agent, Cause::AgentMissing, "").of_agent(agent_id(2)));
    let found = Findings::of(start(), readings, found.subjects);
    assert_eq!(found.counted(), 1);
    assert_eq!(found.failing, Some(BTreeMap::new()));
    let exclusions: Vec<_> = found.subjects.iter().map(|subject| subject.exclusion).collect();
    let paused = Some(Exclusion::Paused);
    assert_eq!(exclusions, [paused, paused, Some(Exclusion::NotAtElevenLabs), None]);
}

#[test]
fn an_agent_with_one_number_left_is_reached() {
    let subjects =
        vec![Subject { agent_id: agent_id(1), phone_number_ids: vec![number(1), number(2)], exclusion: None }];
    let readings = vec![
        Reading::pass(Kind::Numbers, ""),
        Reading::fail(Kind::Number, Cause::NumberReleased, "").of_number(number(1)),
        Reading::pass(Kind::Number, "").of_number(number(2)),
    ];
    assert_eq!(Findings::of(start(), readings, subjects).failing, Some(BTreeMap::new()));
}

#[test]
fn drifted_webhooks_are_repaired_and_fail_nobody() {
    for cause in [Cause::UrlDrifted, Cause::WrongTrunk, Cause::NumberNotHeld] {
        let subjects = fine(1).subjects;
        let readings =
            vec![Reading::pass(Kind::Numbers, ""), Reading::fail(Kind::Number, cause, "").of_number(number(0))];
        assert_eq!(Findings::of(start(), readings, subjects).failing, Some(BTreeMap::new()), "{cause}");
    }
}

#[test]
fn an_api_is_down_when_it_was_lost_three_times_within_a_minute() {
    let mut watching = Watching::new();
    watching.look(fine(4));
    let begin = watching.now;
    let verdicts = watching.looks(&[lost(Cause::ServerError), lost(Cause::ServerError), lost(Cause::ServerError)]);
    assert_eq!(verdicts, [Verdict::Healthy, Verdict::Healthy, Verdict::Critical]);
    assert!(watching.now - begin <= Duration::seconds(75), "{}", watching.now - begin);
    let mut watching = Watching::new();
    let looks =
        [fine(4), lost(Cause::Timeout), lost(Cause::Timeout), fine(4), lost(Cause::Timeout), lost(Cause::Timeout)];
    assert_eq!(watching.looks(&looks), [Verdict::Healthy; 6], "an answer in between says that it is there");
}

/// F02: twelve mixes of faults, three looks each, while others do as said.
#[test]
fn each_mix_of_faults_has_its_verdict() {
    let none = Around::default();
    let others = |answered, erring, mute, counterparts, counterparts_lost| Around {
        others: answered + erring + mute,
        fresh: answered + erring + mute,
        answered,
        erring,
        mute,
        counterparts,
        counterparts_lost,
    };
    let agents = |found: Findings, reach| Findings { agents_reach: reach, ..found };
    let (down, mute, cut) = (lost(Cause::ServerError), lost(Cause::Timeout), lost(Cause::Dns));
    for (what, found, around, verdict) in [
        ("5xx here, the backup works", down.clone(), others(1, 0, 0, 1, 0), Verdict::Critical),
        ("5xx here and on the backup", down.clone(), others(0, 1, 0, 1, 1), Verdict::VendorWide),
        (
            "5xx here, on two of three others, one backup works",
            down.clone(),
            others(1, 2, 0, 1, 0),
            Verdict::VendorWide,
        ),
        ("5xx here and on one of five others", down.clone(), others(4, 1, 0, 1, 0), Verdict::Critical),
        ("timeouts here, the backup works", mute.clone(), others(1, 0, 0, 1, 0), Verdict::Critical),
        (
            "timeouts everywhere at Twilio, ElevenLabs answers",
            agents(mute.clone(), Reach::Answered),
            others(0, 0, 2, 1, 1),
            Verdict::VendorWide,
        ),
        (
            "timeouts everywhere, ElevenLabs too",
            agents(mute.clone(), Reach::Silent),
            others(0, 0, 2, 1, 1),
            Verdict::OwnNetwork,
        ),
        ("no name service anywhere", cut.clone(), others(0, 0, 3, 1, 1), Verdict::OwnNetwork),
        ("no name service, alone in the world", cut.clone(), none, Verdict::OwnNetwork),
        (
            "no name service for Twilio, ElevenLabs answers",
            agents(cut.clone(), Reach::Answered),
            none,
            Verdict::Critical,
        ),
        ("suspended, and the backup is lost", suspended(), others(0, 1, 0, 1, 1), Verdict::Critical),
        ("agents fail here, others are well", with(4, 3), others(3, 0, 0, 1, 0), Verdict::Degraded),
        ("connections refused here, others answer", lost(Cause::Unreachable), others(2, 0, 0, 1, 0), Verdict::Critical),
        ("rate limited", lost(Cause::RateLimited), others(2, 0, 0, 1, 0), Verdict::Healthy),
    ] {
        let mut watching = Watching::new();
        watching.look(fine(4));
        let last = (0..3).map(|_| watching.look_beside(found.clone(), around)).last();
        assert_eq!(last, Some(verdict), "{what}");
    }
}

#[test]
fn our_own_cut_network_is_forgotten_with_the_first_answer() {
    let mut watching = Watching::new();
    watching.look(fine(4));
    let cut = Around { others: 2, fresh: 2, mute: 2, ..Around::default() };
    for _ in 0..20 {
        assert_eq!(watching.look_beside(lost(Cause::Unreachable), cut), Verdict::OwnNetwork);
    }
    assert_eq!(watching.look(fine(4)), Verdict::Healthy);
}

#[test]
fn while_twilio_comes_back_nothing_is_moved() {
    let mut watching = Watching::new();
    let wide = Around { others: 1, fresh: 1, erring: 1, counterparts: 1, counterparts_lost: 1, ..Around::default() };
    let back = Around { others: 1, fresh: 1, answered: 1, counterparts: 1, ..Around::default() };
    watching.look(fine(4));
    for _ in 0..5 {
        watching.look_beside(lost(Cause::ServerError), wide);
    }
    assert_eq!(watching.monitor.verdict, Verdict::VendorWide);
    let verdicts: Vec<_> = (0..3).map(|_| watching.look_beside(fine(4), back)).collect();
    assert_eq!(verdicts, [Verdict::VendorWide, Verdict::VendorWide, Verdict::Healthy]);
}

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
fn numbers_that_fell_silent_degrade_an_account_after_three_looks() {
    let silent = Findings { silent: true, ..fine(4) };
    let mut watching = Watching::new();
    let verdicts = watching.looks(&[fine(4), silent.clone(), silent.clone(), silent]);
    assert_eq!(verdicts[3], Verdict::Degraded);
    assert_eq!(verdicts[..3], [Verdict::Healthy; 3]);
}

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

/// One look of any kind, and how others do.
fn any_look() -> impl Strategy<Value = (Findings, Around)> {
    let found = prop_oneof![
        Just(fine(4)),
        (0..=4_u128).prop_map(|failing| with(4, failing)),
        Just(suspended()),
        prop_oneof![Just(Cause::ServerError), Just(Cause::Timeout), Just(Cause::Dns)].prop_map(lost),
    ];
    let around = (0..3_usize, 0..3_usize, 0..3_usize, 0..2_usize).prop_map(|(answered, erring, mute, lost)| {
        let fresh = answered + erring + mute;
        let counterparts = fresh.min(1);
        let counterparts_lost = lost.min(counterparts).min(erring + mute);
        Around { others: fresh, fresh, answered, erring, mute, counterparts, counterparts_lost }
    });
    (found, around)
}

proptest! {
    #[test]
    fn whatever_happens_a_verdict_is_reached_by_its_rules(looks in prop::collection::vec(any_look(), 1..40)) {
        let mut watching = Watching::new();
        let mut seen: Vec<(Findings, Around)> = Vec::new();
        for (found, around) in looks {
            let before = watching.monitor.verdict;
            let verdict = watching.look_beside(found.clone(), around);
            seen.push((found.clone(), around));
            let suspicious = |found: &Findings| found.standing.is_lost();
            let last = |count: usize| &seen[seen.len().saturating_sub(count)..];
            if verdict == Verdict::Critical && before != Verdict::Critical {
                let twice = seen.iter().filter(|(found, _)| suspicious(found)).count() >= 2;
                let down = seen.iter().filter(|(found, _)| found.reach.is_lost()).count() >= 3;
                prop_assert!(twice || down, "critical needs two looks or three losses");
            }
            if verdict == Verdict::Degraded && matches!(before, Verdict::Healthy | Verdict::Unknown) {
                let bad = |(found, _): &(Findings, Around)| {
                    found.failing.as_ref().is_some_and(|failing| too_many(failing.len(), found.counted()))
                };
                prop_assert!(seen.iter().filter(|look| bad(look)).count() >= IN_A_ROW as usize);
            }
            if verdict == Verdict::Healthy && matches!(before, Verdict::Degraded | Verdict::Critical) {
                prop_assert!(last(3).iter().all(|(found, _)| found.reach == Reach::Answered && !suspicious(found)));
            }
            if verdict == Verdict::OwnNetwork {
                prop_assert!(found.reach.is_mute() && around.answered == 0 && around.erring == 0);
            }
            prop_assert!(watching.monitor.deadline().is_some(), "it looks again");
            prop_assert!(watching.monitor.deadline().expect("it does") <= watching.now + Duration::seconds(30));
        }
    }

    #[test]
    fn the_order_in_which_things_happen_breaks_nothing(events in prop::collection::vec(0..5_u8, 1..60)) {
        let mut monitor = Watching::new().monitor;
        let mut now = start();
        for event in events {
            now += Duration::seconds(7);
            let pace = Pace { cadence: Duration::seconds(30), watchful: event == 4 };
            let round = match monitor.work {
                Work::Looking { round, .. } => round,
                Work::Idle { .. } => 0,
            };
            let found = Box::new(Findings { begin_time: now, ..fine(2) });
            let event = match event {
                0 => Event::Tick,
                1 => Event::Wanted,
                2 => Event::KeysAccepted,
                3 => Event::Looked { round: round + 1, found, around: Around::default(), pace },
                _ => Event::Looked { round, found, around: Around::default(), pace },
            };
            if let Ok(step) = monitor.step(event, now) {
                let begins = matches!(step.next.work, Work::Looking { .. }) && matches!(monitor.work, Work::Idle { .. });
                prop_assert_eq!(step.effects.len(), usize::from(begins), "an effect for every look that begins");
                monitor = Monitor { version: monitor.version + 1, ..step.next };
            }
        }
    }
}
