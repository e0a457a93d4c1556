//! What looks at an account come to: critical, degraded, well, and what does not count.

use super::*;

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

#[test]
fn numbers_that_fell_silent_degrade_an_account_after_three_looks() {
    let silent = Findings { silent: true, ..fine(4) };
    let mut watching = Watching::new();
    let verdicts = watching.looks(&[fine(4), silent.clone(), silent.clone(), silent]);
    assert_eq!(verdicts[3], Verdict::Degraded);
    assert_eq!(verdicts[..3], [Verdict::Healthy; 3]);
}
