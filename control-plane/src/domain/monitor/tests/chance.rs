//! Whatever a look brings, in whatever order: a verdict is reached by its rules, and there is always a next look.

use proptest::prelude::*;

use super::*;

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
