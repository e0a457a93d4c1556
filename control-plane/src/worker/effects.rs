//! The loop that claims effects and performs them, several at a time.

use std::{sync::Arc, time::Duration};

use callplane_telemetry::{Kind, Span, within};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Boundary, Crashed, Crew, deliver, perform};
use crate::{
    domain::{effect::Queue, error::Result},
    store::{
        PATIENCE,
        effect::{self, Claim},
        in_time,
    },
};

/// How many are under way at once in this process.
const AT_ONCE: usize = 16;
/// The same for probes, which mostly wait for vendors.
const PROBES_AT_ONCE: usize = 64;
/// The same for what reaches people.
const ATTEMPTS_AT_ONCE: usize = 32;
/// Longer than any vendor call may take, so that a living worker never loses its lease.
const LEASE: chrono::Duration = chrono::Duration::seconds(30);
/// Wakes are a courtesy; this is the guarantee.
const POLL: Duration = Duration::from_secs(1);

/// Claims and performs until `stop`; what is under way then is brought to its end.
pub async fn run(crew: Crew, queue: Queue, stop: CancellationToken) {
    let free = Arc::new(Semaphore::new(at_once(queue)));
    let mut under_way = JoinSet::new();
    while !stop.is_cancelled() {
        while under_way.try_join_next().is_some() {}
        let claims = match in_time(PATIENCE, claim(&crew, queue, free.available_permits())).await {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(reason = error.reason, "effects cannot be claimed now: {error}");
                Vec::new()
            }
        };
        let idle = claims.is_empty();
        for claim in claims {
            let permit = Arc::clone(&free).acquire_owned().await.expect("the semaphore is never closed");
            let crew = crew.clone();
            under_way.spawn(async move {
                let _permit = permit;
                carry_out(&crew, &claim).await
            });
        }
        if idle {
            tokio::select! {
                () = stop.cancelled() => {}
                () = crew.ctx.wake.until_effects(queue) => {}
                _ = under_way.join_next(), if !under_way.is_empty() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Performs whatever is due now, one after another, until nothing is: for tests that step the clock.
pub async fn settle(crew: &Crew) -> Result<std::result::Result<(), Crashed>> {
    loop {
        let mut claims = claim(crew, Queue::Work, AT_ONCE).await?;
        claims.extend(claim(crew, Queue::Probes, PROBES_AT_ONCE).await?);
        claims.extend(claim(crew, Queue::Attempts, ATTEMPTS_AT_ONCE).await?);
        if claims.is_empty() {
            return Ok(Ok(()));
        }
        if let Err(crashed) = crew.boundaries.reach(Boundary::Claimed).await {
            return Ok(Err(crashed));
        }
        for claim in &claims {
            if let Err(crashed) = carry_out(crew, claim).await {
                return Ok(Err(crashed));
            }
        }
    }
}

fn at_once(queue: Queue) -> usize {
    match queue {
        Queue::Work => AT_ONCE,
        Queue::Probes => PROBES_AT_ONCE,
        Queue::Attempts => ATTEMPTS_AT_ONCE,
    }
}

async fn claim(crew: &Crew, queue: Queue, free: usize) -> Result<Vec<Claim>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    let limit = u64::try_from(free).unwrap_or(u64::MAX);
    let now = crew.ctx.clock.now();
    let claims = effect::claim(&crew.ctx.store, (&crew.owner, queue), limit, now, LEASE).await?;
    for claim in &claims {
        crew.ctx.metrics.work.claimed(claim.effect.kind(), now - claim.run_time);
    }
    Ok(claims)
}

/// The vendor call belongs to the trace of whatever caused it, whichever replica that was and however long ago.
async fn carry_out(crew: &Crew, claim: &Claim) -> std::result::Result<(), Crashed> {
    let mut span = crew.ctx.tracer.child(claim.trace_parent, ("effect", claim.effect.kind()), Kind::Consumer);
    span.set("callplane.effect.attempt", claim.attempt);
    within(span.scope(), attempt(crew, claim, &mut span)).await
}

async fn attempt(crew: &Crew, claim: &Claim, span: &mut Span) -> std::result::Result<(), Crashed> {
    let event = match perform::perform(crew, claim).await {
        Ok(event) => event,
        Err(error) => {
            deliver::log_undelivered(claim, &error);
            return Ok(());
        }
    };
    if let Some(outcome) = event.outcome() {
        crew.ctx.metrics.work.ended(claim.effect.kind(), outcome);
        span.set("callplane.outcome", outcome);
    }
    crew.boundaries.reach(Boundary::Performed).await?;
    match in_time(PATIENCE, deliver::deliver(&crew.ctx, claim, event)).await {
        Ok(true) => {}
        Ok(false) => {
            crew.ctx.metrics.work.lease_lost();
            tracing::warn!(effect = %claim.id, "the lease was lost; another worker has the effect");
        }
        Err(error) => deliver::log_undelivered(claim, &error),
    }
    crew.boundaries.reach(Boundary::Delivered).await
}
