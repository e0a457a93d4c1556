//! What it takes to find calls that no webhook told of: a reconciliation for each account, and the heartbeat of the
//! control planes, by which they see that they were all away.

use sea_orm_migration::prelude::*;

use crate::column::{id, integer, json, json_null, on, table, text, time, time_null, uuid};

/// Reconciliations and the heartbeat.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_reconciliation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        reconciliation(manager).await?;
        let heartbeat = [integer("id").primary_key().take(), time("beat_time")];
        table(manager, "heartbeat", heartbeat, &[]).await?;
        // The open calls of an account, of which there are few among all its calls.
        let open = on("call", &["account_id"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
        manager.create_index(open).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn reconciliation(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("account_id"),
        uuid("workspace_id"),
        text("state"),
        time_null("wanted_since"),
        time_null("wanted_until"),
        json("work"),
        time("covered_until"),
        integer("quiet"),
        time("active_time"),
        json_null("last"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "reconciliation", columns, &[]).await?;
    let due = on("reconciliation", &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
    manager.create_index(due).await?;
    let listing = on("reconciliation", &["state"]).and_where(Expr::cust("state = 'listing'")).take();
    manager.create_index(listing).await
}
