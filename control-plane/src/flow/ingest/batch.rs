//! A batch of webhooks as one transaction; when it fails, its webhooks one by one, so that a bad one falls out alone.

use std::time::Duration;

use tokio::time::Instant;

use super::{Replied, apply, attempts, known::Known, written::Written};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        webhook::{Failure, Webhook},
        workspace,
    },
    flow::{Context, Journal},
    metrics::FallenOut,
    store::in_time,
};

/// How often a batch is tried again because another replica wrote the same call.
const TRIES: usize = 4;
/// Nobody waits longer for a reply; what is still under way then is rolled back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stores webhooks and says what to reply to each, in the same order.
pub async fn store(ctx: &Context, webhooks: Vec<Webhook>) -> Vec<Replied> {
    match store_together(ctx, &webhooks).await {
        Ok(replies) => replies,
        // The database is not there, or not for us: asking it for each webhook would only make all of them wait.
        Err(error) if webhooks.len() == 1 || error.kind == Kind::Unavailable => {
            let failure = judge(ctx, &error, webhooks.len());
            vec![Replied::failed(failure); webhooks.len()]
        }
        Err(_) => {
            let mut replies = Vec::with_capacity(webhooks.len());
            for webhook in webhooks {
                let alone = store_together(ctx, std::slice::from_ref(&webhook)).await;
                replies.push(match alone {
                    Ok(mut one) => one.pop().unwrap_or_else(|| Replied::failed(Failure::Unavailable)),
                    Err(error) => Replied::failed(judge(ctx, &error, 1)),
                });
            }
            replies
        }
    }
}

/// Says once why these webhooks could not be stored.
fn judge(ctx: &Context, error: &Error, count: usize) -> Failure {
    match error.kind {
        Kind::InvalidArgument => {
            ctx.metrics.commits.fallen_out(FallenOut::Invalid, count);
            Failure::Invalid("a field has a value that cannot be stored")
        }
        _ => {
            ctx.metrics.commits.fallen_out(FallenOut::Unavailable, count);
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(reason = error.reason, %cause, count, "webhooks could not be stored");
            Failure::Unavailable
        }
    }
}

async fn store_together(ctx: &Context, webhooks: &[Webhook]) -> Result<Vec<Replied>> {
    let mut tries = 0;
    loop {
        tries += 1;
        match in_time(PATIENCE, once(ctx, webhooks)).await {
            Ok(Some(replies)) => return Ok(replies),
            Ok(None) if tries < TRIES => ctx.metrics.commits.retried(),
            Ok(None) => {
                return Err(Error::new(Kind::Aborted, "CONTENTION", "the same calls are being written elsewhere"));
            }
            Err(error) if error.kind == Kind::Aborted && tries < TRIES => ctx.metrics.commits.retried(),
            Err(error) => return Err(error),
        }
    }
}

/// `None` when another replica was faster with one of the calls: everything was rolled back.
async fn once(ctx: &Context, webhooks: &[Webhook]) -> Result<Option<Vec<Replied>>> {
    let started = Instant::now();
    let mut journal = Journal::begin(ctx, workspace::system()).await?;
    let mut known = Known::read(&journal, webhooks).await?;
    let mut written = Written::default();
    let mut replies: Vec<Replied> =
        webhooks.iter().map(|webhook| apply::apply(&mut known, &mut written, webhook, ctx, journal.now)).collect();
    let rows = written.rows();
    if !written.put(&mut journal, &known).await? {
        return Ok(None);
    }
    attempts::hear(&mut journal, &known, webhooks, &mut replies).await?;
    journal.commit().await?;
    ctx.metrics.commits.stored(webhooks.len(), rows, started.elapsed());
    Ok(Some(replies))
}
