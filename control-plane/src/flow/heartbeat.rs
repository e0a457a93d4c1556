//! Somebody says every few seconds that they are alive: any control plane, and any edge through the control plane it
//! watches. When nobody did for too long there was an outage, and the calls of that time are looked for at Twilio.

use super::{Context, reconciliation, wake::Bell};
use crate::{
    domain::{error::Result, reconciliation::Window, time::Timestamp},
    store::{self, failed, heartbeat::Who},
};

/// How often somebody says so.
pub const PERIOD: std::time::Duration = std::time::Duration::from_secs(5);

/// Says that `who` is alive. After a gap wants the calls of that time looked for in every account, in the same
/// transaction: of replicas that come back together one wants it, and none can forget it. Gives the gap.
pub async fn beat(ctx: &Context, who: Who) -> Result<Option<Window>> {
    let Some(too_long) = ctx.facts.outage_after.filter(|_| reconciliation::can_look(ctx).is_ok()) else {
        return Ok(None);
    };
    let now = ctx.clock.now();
    match store::heartbeat::last(ctx.store.read(), who).await? {
        None => {
            let txn = ctx.store.begin().await?;
            store::heartbeat::begin(&txn, who, now).await?;
            txn.commit().await.map_err(failed)?;
            Ok(None)
        }
        Some(last) if now - last > too_long => after_gap(ctx, who, last, now).await,
        // Several say it at the same time; one of them is enough.
        Some(last) if now - last < chrono::Duration::seconds(1) => Ok(None),
        Some(last) => store::heartbeat::advance(ctx.store.write(), who, last, now).await.map(|_| None),
    }
}

async fn after_gap(ctx: &Context, who: Who, last: Timestamp, now: Timestamp) -> Result<Option<Window>> {
    // An account that came just before has none yet.
    reconciliation::enrol(ctx).await?;
    let txn = ctx.store.begin().await?;
    if !store::heartbeat::advance(&txn, who, last, now).await? {
        return Ok(None);
    }
    if who == Who::ControlPlanes {
        // Nobody could tell of the edges either, and one look is enough.
        store::heartbeat::excuse(&txn, Who::Edges, now).await?;
    }
    let gap = Window::asked(last, now, now);
    let accounts = store::reconciliation::want_everywhere(&txn, gap, now).await?;
    txn.commit().await.map_err(failed)?;
    let seconds = (now - last).num_seconds();
    tracing::warn!(%who, seconds, accounts, "none was alive; the calls of that time are looked for at Twilio");
    ctx.wake.ring(Bell::Timers);
    Ok(Some(gap))
}
