//! The loop that wakes ladders and attempts at the moment they are due: apart from all other timers, so that nothing else
//! makes a call late. It sleeps until the next one, and polls.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        error::{Error, Kind, Result},
        time::Timestamp,
    },
    flow::{Context, again, attempt, incident},
    store::{self, in_time},
};

/// How many are woken at once.
const TOGETHER: u64 = 64;
/// How many of them at the same time: each is a transaction of its own.
const ABREAST: usize = 8;
/// Whatever wakes and clocks say, this often somebody looks.
const POLL: Duration = Duration::from_secs(1);
/// Not before this, so that one that cannot be stepped does not keep a core busy.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(60);

/// Wakes them until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let woken = match in_time(LONGEST, tick(&ctx)).await {
            Ok(woken) => woken,
            Err(error) => {
                tracing::warn!(reason = error.reason, "ladders cannot be read now: {error}");
                0
            }
        };
        if woken == 0 {
            let pause = pause(&ctx).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = ctx.wake.until_ladders() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Until the next one is due.
async fn pause(ctx: &Context) -> Duration {
    let db = ctx.store.read();
    let next = async || -> Result<Option<Timestamp>> {
        let (ladder, attempt) = (store::incident::next_wake(db).await?, store::attempt::next_wake(db).await?);
        Ok([ladder, attempt].into_iter().flatten().min())
    };
    let next = in_time(LONGEST, next()).await.unwrap_or_default();
    let until = next.map(|next| (next - ctx.clock.now()).to_std().unwrap_or_default());
    until.unwrap_or(POLL).clamp(SHORTEST, POLL)
}

/// Wakes whatever is due now; says how many stepped.
pub async fn tick(ctx: &Context) -> Result<usize> {
    let _turn = ctx.wake.ladders_turn().await;
    let now = ctx.clock.now();
    let db = ctx.store.read();
    let ladders = store::incident::due(db, now, TOGETHER).await?;
    let woken = stream::iter(ladders).map(async |(workspace, id, due)| {
        ctx.metrics.work.woken("incident", now - due);
        stepped(again(|| Box::pin(incident::tick(ctx, workspace, id))).await)
    });
    let ladders: Vec<Result<usize>> = woken.buffer_unordered(ABREAST).collect().await;
    let attempts = store::attempt::due(db, now, TOGETHER).await?;
    let woken = stream::iter(attempts).map(async |(workspace, id, due)| {
        ctx.metrics.work.woken("attempt", now - due);
        stepped(again(|| Box::pin(attempt::tick(ctx, workspace, id))).await)
    });
    let attempts: Vec<Result<usize>> = woken.buffer_unordered(ABREAST).collect().await;
    ladders.into_iter().chain(attempts).sum()
}

/// Another replica may have been faster, or it is gone: both are fine.
fn stepped(outcome: std::result::Result<(), Error>) -> Result<usize> {
    match outcome {
        Ok(()) => Ok(1),
        Err(error) if matches!(error.kind, Kind::FailedPrecondition | Kind::NotFound | Kind::Aborted) => Ok(0),
        Err(error) => Err(error),
    }
}
