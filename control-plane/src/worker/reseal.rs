//! Moves secrets to the newest master key while everything else goes on: a fresh data key for each workspace that is
//! behind, then its values in small steps. It can stop anywhere and goes on from what is stored.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        error::{Error, Result},
        workspace,
    },
    flow::{Context, Journal, vault},
    store::{self, Scope, entity, failed, secret},
};

const WORKSPACES: u64 = 32;
const VALUES: u64 = 200;
const POLL: Duration = Duration::from_secs(10);

/// Keeps at it until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match step(&ctx).await {
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => pause(&stop).await,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(%cause, "secrets cannot be moved to the newest key: {error}");
                pause(&stop).await;
            }
        }
    }
}

async fn pause(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

/// Does a part of what is left; `false` when nothing is.
pub async fn step(ctx: &Context) -> Result<bool> {
    Ok(renew_keys(ctx).await? || reseal_values(ctx).await?)
}

async fn renew_keys(ctx: &Context) -> Result<bool> {
    let behind = secret::behind(ctx.store.read(), &ctx.keys.active_id(), WORKSPACES).await?;
    for workspace in &behind {
        let txn = ctx.store.begin().await?;
        store::workspace::lock(&txn, *workspace).await?;
        // Another replica may have been faster.
        let keys = secret::data_keys(&Scope::new(&txn, *workspace)).await?;
        if keys.iter().any(|key| key.active && key.master_key_id != ctx.keys.active_id()) {
            secret::retire_data_keys(&txn, *workspace).await?;
            vault::add_key(ctx, &txn, *workspace).await?;
        }
        txn.commit().await.map_err(failed)?;
    }
    Ok(!behind.is_empty())
}

async fn reseal_values(ctx: &Context) -> Result<bool> {
    let journal = Journal::begin(ctx, workspace::system()).await?;
    let rows = secret::under_retired_keys(journal.txn(), VALUES).await?;
    if rows.is_empty() {
        let dropped = secret::drop_unused_data_keys(journal.txn()).await?;
        secret::forget_key_checks(journal.txn(), &ctx.keys.active_id()).await?;
        journal.commit().await?;
        return Ok(dropped > 0);
    }
    for row in rows {
        let old = secret::data_keys_by_ids(journal.txn(), vec![row.data_key_id]).await?;
        let old = old.first().ok_or_else(|| Error::internal("a sealed value without its data key"))?;
        let old = ctx.keys.unwrap(old.workspace_id, old.id, &old.wrapped).map_err(Error::internal)?;
        let place = vault::place_of(&row)?;
        let value = old.open(&place, &row.sealed).map_err(Error::internal)?;
        let new = vault::active_key(ctx, journal.txn(), row.workspace_id).await?;
        let sealed = new.seal(&place, &value);
        secret::put(journal.txn(), entity::secret::Model { data_key_id: new.id(), sealed, ..row }).await?;
    }
    journal.commit().await?;
    Ok(true)
}
