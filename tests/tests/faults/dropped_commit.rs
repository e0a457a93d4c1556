//! A database that says COMMIT and does not: the judge must see it, or its silence elsewhere would say nothing.

use std::sync::Arc;

use callplane_tests::soak::{
    caller::Caller,
    fleet::Manner,
    history::{Answer, Step},
    judge::{Expected, Violation, judge},
    run::Stage,
};

const SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn the_judge_finds_a_commit_that_was_dropped() {
    let stage = Stage::set(Manner { betrayed: true }).await.expect("it starts");
    let database = stage.fleet.postgres.connect().await.expect("it is there");
    let turncoat = stage.fleet.turncoat.as_ref().expect("it was asked for");
    let call = |turn| Caller::new(&Arc::clone(&stage.exchange), SEED, turn);
    for turn in 0..3 {
        call(turn).carry().await;
    }
    let verdict = async || {
        let mut evidence = stage.evidence(&database).await.expect("it can be read");
        evidence.length = stage.exchange.began.elapsed();
        judge(&evidence, Expected::All)
    };
    assert_eq!(verdict().await, [], "every commit was kept");

    let victim = call(3);
    let sid = victim.sid().to_owned();
    turncoat.betray(sid.as_bytes());
    victim.carry().await;
    assert!(turncoat.betrayed() > 0);
    let told = stage.exchange.history.read().told;
    let acknowledged: Vec<Step> = told
        .iter()
        .filter(|told| told.call_sid == sid && told.answer == Answer::Stored)
        .map(|told| told.step)
        .collect();
    assert!(acknowledged.contains(&Step::Voice), "Twilio was told that all is well");
    let mut expected: Vec<Violation> =
        acknowledged.into_iter().map(|step| Violation::Lost { call_sid: sid.clone(), step }).collect();
    expected.push(Violation::Missing { call_sid: sid });
    assert_eq!(verdict().await, expected);
}
