//! A batch of webhooks as one transaction; when it fails, its webhooks one by one, so that a bad one falls out alone.

use tokio::time::Instant;

use super::{Replied, apply, known::Known, written::Written};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        webhook::{Failure, Webhook},
        workspace,
    },
    flow::{Context, Journal},
    metrics::FallenOut,
};

/// How often a batch is tried again because another replica wrote the same call.
const TRIES: usize = 4;

/// Stores webhooks and says what to reply to each, in the same order.
pub async fn store(ctx: &Context, webhooks: Vec<Webhook>) -> Vec<Replied> {
    match store_together(ctx, &webhooks).await {
        Ok(replies) => replies,
        Err(error) if webhooks.len() == 1 => vec![Replied::failed(judge(ctx, &error))],
        Err(_) => {
            let mut replies = Vec::with_capacity(webhooks.len());
            for webhook in webhooks {
                let alone = store_together(ctx, std::slice::from_ref(&webhook)).await;
                replies.push(match alone {
                    Ok(mut one) => one.pop().unwrap_or_else(|| Replied::failed(Failure::Unavailable)),
                    Err(error) => Replied::failed(judge(ctx, &error)),
                });
            }
            replies
        }
    }
}

fn judge(ctx: &Context, error: &Error) -> Failure {
    match error.kind {
        Kind::InvalidArgument => {
            ctx.metrics.commits.fallen_out(FallenOut::Invalid);
            Failure::Invalid("a field has a value that cannot be stored")
        }
        _ => {
            ctx.metrics.commits.fallen_out(FallenOut::Unavailable);
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(reason = error.reason, %cause, "a webhook could not be stored");
            Failure::Unavailable
        }
    }
}

async fn store_together(ctx: &Context, webhooks: &[Webhook]) -> Result<Vec<Replied>> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(ctx, webhooks).await {
            Ok(Some(replies)) => return Ok(replies),
            Ok(None) if tries < TRIES => ctx.metrics.commits.retried(),
            Ok(None) => {
                return Err(Error::new(Kind::Unavailable, "CONTENTION", "the same calls are being written elsewhere"));
            }
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
    let replies: Vec<Replied> =
        webhooks.iter().map(|webhook| apply::apply(&mut known, &mut written, webhook, ctx, journal.now)).collect();
    let rows = written.rows();
    if !written.put(&mut journal, &known).await? {
        return Ok(None);
    }
    journal.commit().await?;
    ctx.metrics.commits.stored(webhooks.len(), rows, started.elapsed());
    Ok(Some(replies))
}
