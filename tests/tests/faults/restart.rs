//! A new version is rolled out while calls come in: one process after the other is asked to stop, and started again.

use std::{sync::Arc, time::Duration};

use callplane_tests::soak::{
    fleet::Manner,
    history::{Answer, Told},
    judge::{Expected, judge},
    load::Load,
    run::Stage,
};

/// A debug build on two busy cores takes no more.
const RATE: u32 = 50;
/// Between two restarts, and before and after all of them.
const CALM: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_webhook() {
    let stage = Stage::set(Manner::default()).await.expect("it starts");
    let load = Arc::new(Load::new(Arc::clone(&stage.exchange), 1, RATE, 200));
    let calling = tokio::spawn({
        let load = Arc::clone(&load);
        async move { load.run().await }
    });
    for seat in stage.fleet.seats() {
        tokio::time::sleep(CALM).await;
        seat.stop().await.expect("it stops in order");
        seat.start().await.expect("it starts again");
        seat.ready().await.expect("it gets ready");
    }
    tokio::time::sleep(CALM).await;
    load.stop();
    calling.await.expect("no caller panics");
    let told = stage.exchange.history.read().told;
    let failed: Vec<&Told> = told.iter().filter(|told| told.answer != Answer::Stored).collect();
    assert!(failed.is_empty(), "{} of {} webhooks failed: {failed:#?}", failed.len(), told.len());
    println!("{} webhooks, {} of them sent again", told.len(), told.iter().filter(|told| told.attempts > 1).count());
    let database = stage.fleet.postgres.connect().await.expect("it is there");
    let mut evidence = stage.evidence(&database).await.expect("it can be read");
    evidence.length = stage.exchange.began.elapsed();
    assert_eq!(judge(&evidence, Expected::All), []);
}
