//! Hears what other replicas commit to the same PostgreSQL. A courtesy: whoever waits polls as well.

use std::{sync::Arc, time::Duration};

use sea_orm::DbBackend;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::flow::{Context, journal::CHANNEL, wake::Bell};

const AGAIN: Duration = Duration::from_secs(5);

/// Listens until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    if ctx.store.backend() != DbBackend::Postgres {
        return;
    }
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            heard = listen(&ctx) => if let Err(error) = heard {
                tracing::warn!(%error, "other replicas cannot be heard now; polling goes on");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

async fn listen(ctx: &Context) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(ctx.store.write().get_postgres_connection_pool()).await?;
    listener.listen(CHANNEL).await?;
    loop {
        let heard = listener.recv().await?;
        // A replica of an older version names no bell and means all of them.
        let is_meant =
            |bell: &Bell| heard.payload().is_empty() || heard.payload().split(' ').any(|word| word == bell.word());
        Bell::ALL.into_iter().filter(is_meant).for_each(|bell| ctx.wake.ring(bell));
    }
}
