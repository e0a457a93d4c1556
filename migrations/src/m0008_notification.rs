//! Notifications: what people are told by mail, once for each event.

use sea_orm_migration::prelude::*;

use crate::column::{boolean, id, index, integer, json, on, table, text, time, time_null, uuid};

/// Notifications.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0008_notification"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            id("id"),
            uuid("workspace_id"),
            text("kind"),
            text("resource"),
            json("recipients"),
            text("subject"),
            text("text"),
            text("state"),
            json("work"),
            integer("attempt"),
            text("last_error"),
            text("vendor_message_id"),
            boolean("simulated"),
            time_null("send_time"),
            time_null("wake_time"),
            integer("version"),
            time("create_time"),
            time("update_time"),
        ];
        table(manager, "notification", columns, &[("workspace_id", "workspace")]).await?;
        index(manager, "notification", &["workspace_id", "id"]).await?;
        // Whoever tells of the same event twice is stopped here.
        let once = on("notification", &["resource", "kind"]).unique().take();
        manager.create_index(once).await?;
        let due = on("notification", &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
        manager.create_index(due).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
