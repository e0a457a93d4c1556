//! Effects remember the span that caused them, so that the vendor call is found in the same trace.

use sea_orm_migration::prelude::*;

use crate::column::text_null;

/// The column `trace_parent` of `effect`.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_effect_trace"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = text_null("trace_parent");
        let alter = Table::alter().table(Alias::new("effect")).add_column(&mut column).to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
