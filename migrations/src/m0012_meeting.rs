//! Meetings and the calendars they are read from.

use sea_orm_migration::prelude::*;

use crate::column::{id, index, integer, json, on, table, text, time, time_null, uuid, uuid_null};

/// Meetings and calendars.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0012_meeting"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        meetings(manager).await?;
        calendars(manager).await?;
        // Whether anybody changed since a calendar was read is asked every minute for every calendar.
        index(manager, "contact", &["workspace_id", "update_time"]).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn meetings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("state"),
        time("start_time"),
        text("external_id"),
        uuid_null("calendar_feed_id"),
        text("calendar_key"),
        time_null("cancel_time"),
        json("facts"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "meeting", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "meeting", &["workspace_id", "id"]).await?;
    index(manager, "meeting", &["workspace_id", "start_time", "id"]).await?;
    index(manager, "meeting", &["calendar_feed_id", "start_time"]).await?;
    let is_off = Expr::cust("cancel_time IS NOT NULL");
    manager.create_index(on("meeting", &["workspace_id", "cancel_time"]).and_where(is_off).take()).await?;
    let has_id = Expr::col(Alias::new("external_id")).ne("");
    manager.create_index(on("meeting", &["workspace_id", "external_id"]).unique().and_where(has_id).take()).await?;
    // An event that several calendars hold is one meeting, so that nobody is rung once for each calendar.
    let has_key = Expr::col(Alias::new("calendar_key")).ne("");
    manager.create_index(on("meeting", &["workspace_id", "calendar_key"]).unique().and_where(has_key).take()).await
}

async fn calendars(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        json("facts"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "calendar_feed", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "calendar_feed", &["workspace_id", "id"]).await?;
    let due = on("calendar_feed", &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
    manager.create_index(due).await
}
