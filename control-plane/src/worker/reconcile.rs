//! Says that this control plane is alive, by which the next one sees how long all were away; gives new accounts their
//! reconciliation. Looking itself is work like any other: `timers` gives turns, `effects` asks, `deliver` takes in.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::error::Result,
    flow::{Context, heartbeat, reconciliation},
    store::{PATIENCE, heartbeat::Who, in_time},
};

/// How often new accounts are looked for.
const ROLL_CALL: Duration = Duration::from_secs(60);

/// Beats until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    if reconciliation::can_look(&ctx).is_err() {
        tracing::info!("calls are not compared with a list: mock telephony keeps none");
        return;
    }
    let mut called: Option<Instant> = None;
    while !stop.is_cancelled() {
        if called.is_none_or(|called| called.elapsed() >= ROLL_CALL) {
            called = Some(Instant::now());
            tell(in_time(PATIENCE, reconciliation::enrol(&ctx)).await);
        }
        tell(in_time(PATIENCE, heartbeat::beat(&ctx, Who::ControlPlanes)).await.map(drop));
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(heartbeat::PERIOD) => {}
        }
    }
}

fn tell(outcome: Result<()>) {
    if let Err(error) = outcome {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        tracing::warn!(reason = error.reason, %cause, "the heartbeat cannot be stored now: {error}");
    }
}
