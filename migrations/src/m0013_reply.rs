//! What is written back to somebody who wrote, and whom a word of theirs is about.

use sea_orm_migration::prelude::*;

use crate::column::{index, text_null};

/// Replies.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0013_reply"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut reply = text_null("reply");
        let alter = Table::alter().table(Alias::new("message")).add_column(&mut reply).to_owned();
        manager.alter_table(alter).await?;
        // Who writes back is one of millions.
        index(manager, "escalation_step", &["workspace_id", "contact_id", "executed_at"]).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
