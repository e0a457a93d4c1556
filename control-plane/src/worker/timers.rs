//! The loop that wakes machines whose time has come. A deadline is a column, never a sleeping task.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::ladder;
use crate::{
    domain::{
        account::{self, Account},
        attempt::{self, Attempt},
        calendar_feed::{self, CalendarFeed},
        call::{Call, machine as call},
        error::{Error, Kind, Result},
        monitor::{self, Monitor},
        notification::{self, Notification},
        phone_number::{self, PhoneNumber},
        reconciliation::{self, Reconciliation},
        time::Timestamp,
    },
    flow::{Context, again, dispatch, failover, monitor::is_on, reconciliation::rhythm},
    store::{self, in_time},
};

/// How many of a kind are woken at once.
const TOGETHER: u64 = 64;
/// How many lists are asked for at once, by all replicas together. Enough to keep every worker busy, and few enough that
/// whatever else is to be done does not wait long behind them.
const LISTS: u64 = 64;
const POLL: Duration = Duration::from_secs(1);
/// For one look at all kinds; what it did not come to is found by the next one.
const LONGEST: Duration = Duration::from_secs(60);

/// Wakes machines until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let woken = match in_time(LONGEST, others(&ctx)).await {
            Ok(woken) => woken,
            Err(error) => {
                tracing::warn!(reason = error.reason, "timers cannot be read now: {error}");
                0
            }
        };
        if woken == 0 {
            tokio::select! {
                () = stop.cancelled() => {}
                () = ctx.wake.until_timers() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

/// Wakes every machine that is due now, ladders too; says how many stepped.
pub async fn tick(ctx: &Context) -> Result<usize> {
    Ok(others(ctx).await? + ladder::tick(ctx).await?)
}

/// Ladders and attempts have a loop of their own.
async fn others(ctx: &Context) -> Result<usize> {
    let now = ctx.clock.now();
    let db = ctx.store.read();
    let mut woken = 0;
    for (workspace, id, due) in store::account::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("account", now - due);
        woken += stepped(dispatch::<Account>(ctx, workspace, id, account::Event::Tick, None).await)?;
    }
    for (workspace, id, due) in store::phone_number::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("phone-number", now - due);
        woken += stepped(dispatch::<PhoneNumber>(ctx, workspace, id, phone_number::Event::Tick, None).await)?;
    }
    for (workspace, id, due) in store::call::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("call", now - due);
        woken += stepped(dispatch::<Call>(ctx, workspace, id, call::Event::Tick, None).await)?;
    }
    // Switched off, an account is looked at when somebody asks.
    let looks = if is_on(ctx) { store::monitor::due(db, now, TOGETHER).await? } else { Vec::new() };
    for (workspace, id, due) in looks {
        ctx.metrics.work.woken("monitor", now - due);
        woken += stepped(dispatch::<Monitor>(ctx, workspace, id, monitor::Event::Tick, None).await)?;
    }
    for (workspace, id, due) in store::notification::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("notification", now - due);
        woken += stepped(dispatch::<Notification>(ctx, workspace, id, notification::Event::Tick, None).await)?;
    }
    for (workspace, id, due) in store::calendar_feed::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("calendar-feed", now - due);
        woken += stepped(dispatch::<CalendarFeed>(ctx, workspace, id, calendar_feed::Event::Tick, None).await)?;
    }
    // Apart from those who wake ladders: nobody is called later because something has to be paid.
    for (workspace, id, due) in store::attempt::unpriced(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("price", now - due);
        woken += stepped(dispatch::<Attempt>(ctx, workspace, id, attempt::Event::PriceDue, None).await)?;
    }
    woken += Box::pin(failovers(ctx, now)).await?;
    let tick = reconciliation::Event::Tick(rhythm(ctx));
    for (workspace, id, due) in store::reconciliation::turns(db, now, LISTS).await? {
        ctx.metrics.work.woken("reconciliation", now - due);
        woken += stepped(dispatch::<Reconciliation>(ctx, workspace, id, tick.clone(), None).await)?;
    }
    Ok(woken)
}

/// Moves first: a failover waits for them.
async fn failovers(ctx: &Context, now: Timestamp) -> Result<usize> {
    let (db, mut woken) = (ctx.store.read(), 0);
    for (workspace, id, due) in store::failover::moves::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("move", now - due);
        woken += stepped(again(|| Box::pin(failover::tick_move(ctx, workspace, id))).await)?;
    }
    for (workspace, id, due) in store::failover::due(db, now, TOGETHER).await? {
        ctx.metrics.work.woken("failover", now - due);
        woken += stepped(again(|| Box::pin(failover::tick(ctx, workspace, id))).await)?;
    }
    Ok(woken)
}

/// Another replica may have been faster, or the machine is gone: both are fine.
fn stepped<M>(outcome: std::result::Result<M, Error>) -> Result<usize> {
    match outcome {
        Ok(_) => Ok(1),
        Err(error) if matches!(error.kind, Kind::FailedPrecondition | Kind::NotFound | Kind::Aborted) => Ok(0),
        Err(error) => Err(error),
    }
}
