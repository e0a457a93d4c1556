//! How accounts are watched: a monitor for each account, what its probes found, and what each workspace wants.

use sea_orm_migration::prelude::*;

use crate::column::{boolean, id, index, integer, json, on, table, text, time, time_null, uuid, uuid_null};

/// Monitors, probes and policies.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0006_monitor"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        monitor(manager).await?;
        probe(manager).await?;
        policy(manager).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn monitor(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("account_id"),
        uuid("workspace_id"),
        text("verdict"),
        time("verdict_time"),
        text("why"),
        text("reach"),
        json("work"),
        json("memory"),
        time_null("run_time"),
        time_null("wake_time"),
        time_null("late_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "monitor", columns, &[]).await?;
    index(manager, "monitor", &["workspace_id", "account_id"]).await?;
    let due = on("monitor", &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
    manager.create_index(due).await?;
    let late = on("monitor", &["late_time"]).and_where(Expr::cust("late_time IS NOT NULL")).take();
    manager.create_index(late).await
}

async fn probe(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("account_id"),
        integer("round"),
        text("kind"),
        uuid_null("agent_id"),
        uuid_null("phone_number_id"),
        text("outcome"),
        text("cause"),
        integer("latency_ms"),
        integer("vendor_code"),
        text("message"),
        boolean("simulated"),
        time("create_time"),
    ];
    table(manager, "probe", columns, &[]).await?;
    index(manager, "probe", &["workspace_id", "id"]).await?;
    index(manager, "probe", &["account_id", "id"]).await?;
    let of_agents = on("probe", &["agent_id", "id"]).and_where(Expr::cust("agent_id IS NOT NULL")).take();
    manager.create_index(of_agents).await?;
    // What is old enough to go.
    index(manager, "probe", &["workspace_id", "create_time"]).await
}

async fn policy(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("workspace_id"),
        integer("cadence_seconds"),
        text("balance_floor_currency"),
        integer("balance_floor_micros"),
        integer("approval_window_seconds"),
        text("on_expiry"),
        boolean("automatic"),
        boolean("second_approver"),
        boolean("repair_drift"),
        json("recipients"),
        json("allowed_countries"),
        json("blocked_countries"),
        integer("probes_kept_seconds"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "monitor_policy", columns, &[]).await
}
