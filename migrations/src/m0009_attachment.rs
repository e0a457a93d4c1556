//! Numbers at ElevenLabs: how each stands there, what is not as it should be, and when all numbers of an account, or all
//! imports of an agent's key, were last looked at.

use sea_orm_migration::prelude::*;

use crate::column::{id, integer, json_null, on, table, text_null, time, uuid};

/// Attachments, drift, and looks.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0009_attachment"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns =
            [text_null("attachment_state"), json_null("attachment"), text_null("drift_cause"), json_null("drift")];
        // SQLite adds one column a statement.
        for mut column in columns {
            let alter = Table::alter().table(Alias::new("phone_number")).add_column(&mut column).to_owned();
            manager.alter_table(alter).await?;
        }
        let drifted = Expr::col(Alias::new("drift_cause")).is_not_null();
        manager.create_index(on("phone_number", &["drift_cause"]).and_where(drifted).take()).await?;
        let look = [id("account_id"), uuid("workspace_id"), time("look_time"), integer("numbers")];
        table(manager, "number_look", look, &[]).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
