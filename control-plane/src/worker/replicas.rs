//! What replicas of one PostgreSQL tell each other after a commit. A courtesy, outside any transaction: whoever waits
//! polls as well, so what is lost here costs time and nothing else.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::flow::{Context, wake::Bell};

/// The channel on which replicas wake one another.
const CHANNEL: &str = "callplane";
const AGAIN: Duration = Duration::from_secs(5);
/// A busy replica commits hundreds of times a second, and every NOTIFY wakes every other replica.
const PACE: Duration = Duration::from_millis(20);

/// Listens and tells until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    if ctx.store.backend() != DbBackend::Postgres {
        return;
    }
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            heard = listen(&ctx) => if let Err(error) = heard {
                tracing::warn!(%error, "other replicas cannot be heard now; polling goes on");
            },
            told = tell(&ctx) => if let Err(error) = told {
                tracing::warn!(%error, "other replicas cannot be told now; they find out by polling");
            },
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

/// Says which bells to ring, so that a status callback does not make every replica look for effects.
async fn tell(ctx: &Context) -> Result<(), DbErr> {
    loop {
        let bells = ctx.wake.until_committed().await;
        let words: Vec<&str> = bells.into_iter().map(Bell::word).collect();
        ctx.store.write().execute_unprepared(&format!("NOTIFY {CHANNEL}, '{}'", words.join(" "))).await?;
        tokio::time::sleep(PACE).await;
    }
}
