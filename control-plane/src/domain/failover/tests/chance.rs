//! Whatever happens in whatever order: decided once, over once, no line forgotten, always something to wait for.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What may happen at random, with whatever the state asks for among it.
#[derive(Clone, Debug)]
enum Happens {
    Heard(Verdict, bool),
    Approved(u8),
    Cancelled,
    Tick,
    Found(Vec<(u128, u8)>),
    Probed(u8, u32),
    Reserved(u32, u32),
    NothingFits(bool),
    Ended(Ended),
    Undone(u32),
    Retried,
    Abandoned,
    RolledBack(bool),
}

fn happens() -> impl Strategy<Value = Happens> {
    let ended = prop::sample::select(vec![
        Ended::Moved,
        Ended::Failed(Blame::Number),
        Ended::Failed(Blame::Surroundings),
        Ended::Skipped,
        Ended::Stuck,
    ]);
    prop_oneof![
        2 => (prop::sample::select(Verdict::ALL.to_vec()), any::<bool>()).prop_map(|(v, good)| Happens::Heard(v, good)),
        1 => (0..3_u8).prop_map(Happens::Approved),
        1 => Just(Happens::Cancelled),
        3 => Just(Happens::Tick),
        3 => prop::collection::vec((4..8_u128, 0..3_u8), 0..4).prop_map(Happens::Found),
        3 => (0..5_u8, 0..2_u32).prop_map(|(kind, back)| Happens::Probed(kind, back)),
        3 => (0..20_u32, 0..3_u32).prop_map(|(planned, left)| Happens::Reserved(planned, left)),
        1 => any::<bool>().prop_map(Happens::NothingFits),
        9 => ended.prop_map(Happens::Ended),
        2 => (0..20_u32).prop_map(Happens::Undone),
        2 => Just(Happens::Retried),
        1 => Just(Happens::Abandoned),
        1 => any::<bool>().prop_map(Happens::RolledBack),
    ]
}

/// What the flow would say; none when it would not say anything in this state.
fn event(happens: Happens, held: &Failover) -> Option<Event> {
    let refused = |cause| Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "no".into() });
    Some(match happens {
        Happens::Heard(verdict, good) => heard(verdict, good),
        Happens::Approved(person) => Event::Approved { actor: format!("tok_{person}") },
        Happens::Cancelled => Event::Cancelled { actor: "tok_9".into(), why: "no".into() },
        Happens::Tick => Event::Tick,
        Happens::Found(found) => Event::Found(
            found
                .into_iter()
                .map(|(number, kind)| Candidate {
                    account_id: account(number),
                    refusal: (kind > 0).then(|| Passing { why: "no".into(), passes: kind == 1 }),
                })
                .collect(),
        ),
        Happens::Probed(kind, back) => {
            let outcome = match kind {
                0 | 1 => works(),
                2 => seen(AccountStatus::Suspended),
                3 => refused(Cause::RateLimited),
                _ => Outcome::Unknown("lost".into()),
            };
            let round = match held.phase {
                Phase::Probing { round, .. } => round.wrapping_sub(back),
                _ => back,
            };
            Event::Probed { round, outcome }
        }
        Happens::Reserved(planned, left_out) => Event::Reserved { planned, left_out },
        Happens::NothingFits(passes) => Event::NothingFits { why: "no".into(), passes },
        // Moves end that are under way, and no others.
        Happens::Ended(_) if held.tally.under_way == 0 => return None,
        Happens::Ended(ended) => Event::MoveEnded(ended),
        Happens::Undone(count) => Event::Undone { count: count.min(held.tally.waiting) },
        Happens::Retried => Event::Retried { count: held.tally.stuck },
        Happens::Abandoned => Event::Abandoned { count: held.tally.stuck },
        Happens::RolledBack(all) => Event::RolledBack { by: held.id, all },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Decided once and by one; over is over; an open one always waits for something; no line is forgotten; nothing is
    /// reserved before the target has proved to work.
    #[test]
    fn whatever_happens_a_failover_keeps_its_promises(
        trigger in prop::sample::select(Trigger::ALL.to_vec()),
        approvals in 1..3_u32,
        story in prop::collection::vec((happens(), 0..400_i64), 1..150)
    ) {
        let new = failover(trigger);
        let new = Failover { rules: Rules { approvals, ..new.rules.clone() }, ..new };
        let mut held = new.clone().begun(noon()).next;
        let mut now = noon();
        let mut planned = 0;
        let mut news: BTreeMap<&str, u32> = BTreeMap::new();
        for (happens, seconds) in story {
            now += chrono::Duration::seconds(seconds);
            let Some(event) = event(happens, &held) else { continue };
            let Ok(step) = held.step(event.clone(), now) else { continue };
            for kind in &step.news {
                *news.entry(*kind).or_default() += 1;
            }
            let effects = step.effects.len();
            let next = saved(step, &held);
            if let Some(decision) = &held.decision {
                prop_assert_eq!(Some(decision), next.decision.as_ref(), "the first decision stands");
            }
            if held.is_over() {
                let may = matches!(event, Event::RolledBack { .. }) || next.phase == held.phase;
                prop_assert!(may, "{:?} after {:?}", next.phase, held.phase);
            }
            let is_probing = matches!(next.phase, Phase::Probing { .. });
            prop_assert!(effects <= 1 && (effects == 0 || is_probing));
            let has_moves = next.tally.under_way > 0;
            prop_assert!(
                next.is_over() || next.deadline().is_some() || is_probing || has_moves,
                "nothing would wake it: {:?}", next
            );
            prop_assert!(!next.is_over() || !has_moves && next.tally.waiting == 0 && next.tally.stuck == 0);
            if matches!(next.phase, Phase::Canary) {
                prop_assert!(next.tally.under_way <= 1 || next.tally.stuck == 0, "{:?}", next);
                prop_assert!(next.tally.moved == 0);
                prop_assert!(next.tally.failed < 3, "the third bad canary ends it: {:?}", next);
            }
            let is_retried = matches!(event, Event::Retried { .. });
            prop_assert!(next.tally.under_way <= 8 || is_retried);
            if let Event::Reserved { planned: count, .. } = &event {
                let has_proved = matches!(held.phase, Phase::Reserving { .. }) && held.milestones.probe_time.is_some();
                prop_assert!(has_proved);
                planned = *count;
            }
            let has_lines = matches!(next.state(), State::Canary | State::Moving | State::Undoing | State::Stuck)
                || next.milestones.reserve_time.is_some() && next.is_over();
            if has_lines {
                let Tally { waiting, under_way, moved, failed, undone, skipped, stuck, .. } = next.tally;
                let all = waiting + under_way + moved + failed + undone + skipped + stuck;
                prop_assert!(all == planned || all == 0, "a line was lost: {:?}", next);
            }
            if matches!(next.phase, Phase::Failed { .. } | Phase::Cancelled { .. }) {
                prop_assert_eq!(next.tally.moved, 0, "nothing was moved");
            }
            held = next;
        }
        prop_assert!(news.get("failover.completed").copied().unwrap_or_default() <= 1);
    }
}
