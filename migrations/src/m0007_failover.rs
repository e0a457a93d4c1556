//! Failovers: what is moved from one account to another, each line of it, its history, and which accounts take part in one.

use sea_orm_migration::prelude::*;

use crate::column::{
    boolean, id, index, integer, integer_null, json, json_null, on, table, text, time, time_null, uuid, uuid_null,
};

/// Failovers.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0007_failover"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        failover(manager).await?;
        moves(manager).await?;
        history(manager).await?;
        // An account takes part in one open failover at most, whatever the code does.
        table(manager, "failover_claim", [id("account_id"), uuid("failover_id")], &[]).await?;
        index(manager, "failover_claim", &["failover_id"]).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn failover(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("kind"),
        text("trigger"),
        text("state"),
        uuid("account_id"),
        uuid_null("target_id"),
        boolean("target_is_fixed"),
        uuid_null("original_id"),
        uuid_null("agent_id"),
        boolean("include_edited"),
        text("reason"),
        text("actor"),
        json("rules"),
        integer("good"),
        json("phase"),
        json_null("decision"),
        json("passed_over"),
        json("tally"),
        json("milestones"),
        uuid_null("rollback_id"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "failover", columns, &[]).await?;
    index(manager, "failover", &["workspace_id", "id"]).await?;
    index(manager, "failover", &["account_id", "id"]).await?;
    index(manager, "failover", &["state"]).await?;
    due(manager, "failover").await
}

async fn moves(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("failover_id"),
        text("kind"),
        integer("place"),
        text("state"),
        uuid_null("agent_id"),
        uuid_null("route_plan_id"),
        text("display_name"),
        uuid_null("from_id"),
        uuid_null("to_id"),
        uuid_null("original_id"),
        boolean("is_native"),
        boolean("detaches"),
        uuid_null("own_account_id"),
        uuid_null("own_phone_number_id"),
        integer_null("agent_version"),
        json("work"),
        time_null("begin_time"),
        time_null("flip_time"),
        time_null("end_time"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "failover_move", columns, &[]).await?;
    index(manager, "failover_move", &["failover_id", "place"]).await?;
    index(manager, "failover_move", &["failover_id", "state", "place"]).await?;
    index(manager, "failover_move", &["original_id"]).await?;
    due(manager, "failover_move").await
}

async fn history(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("failover_id"),
        integer("sequence"),
        text("kind"),
        text("actor"),
        text("message"),
        uuid_null("move_id"),
        time("create_time"),
    ];
    table(manager, "failover_event", columns, &[]).await?;
    manager.create_index(on("failover_event", &["failover_id", "sequence"]).unique().take()).await
}

async fn due(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let due = on(table, &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
    manager.create_index(due).await
}
