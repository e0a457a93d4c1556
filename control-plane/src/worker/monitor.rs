//! Gives every account somebody who watches it. Looking itself is work like any other: `timers` gives turns, a loop of
//! `effects` asks, `deliver` takes in.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    flow::{Context, monitor},
    store::{PATIENCE, in_time},
};

/// How often new accounts are looked for.
const ROLL_CALL: Duration = Duration::from_secs(10);

/// Enrols until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    if !monitor::is_on(&ctx) {
        tracing::info!("accounts are not watched: CALLPLANE_MONITOR is off, or telephony is a mock");
        return;
    }
    while !stop.is_cancelled() {
        if let Err(error) = in_time(PATIENCE, monitor::enrol(&ctx)).await {
            tracing::warn!(reason = error.reason, "new accounts cannot be watched yet: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(ROLL_CALL) => {}
        }
    }
}
