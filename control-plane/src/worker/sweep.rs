//! Forgets what nobody can ask for any more, a little at a time: replayed answers, redeemed stream
//! tokens, effects that ended long ago and old results of probes.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::error::Result,
    flow::{Context, monitor},
    store,
};

const TOGETHER: u64 = 1000;
const PAUSE: Duration = Duration::from_secs(60);

/// Sweeps until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    loop {
        if let Err(error) = sweep(&ctx).await {
            tracing::warn!(reason = error.reason, "old rows cannot be swept now: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Sweeps once.
pub async fn sweep(ctx: &Context) -> Result<()> {
    let now = ctx.clock.now();
    while store::replay::prune(ctx.store.write(), now, TOGETHER).await? == TOGETHER {}
    while store::effect::prune(ctx.store.write(), now, TOGETHER).await? == TOGETHER {}
    store::stream_token::prune(ctx.store.write(), now).await?;
    monitor::prune(ctx, TOGETHER).await?;
    Ok(())
}
