//! Which numbers are registered as WhatsApp senders.

use sea_orm_migration::prelude::*;

/// What an operator says of a number.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0014_whatsapp_sender"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut sender = ColumnDef::new(Alias::new("whatsapp_sender")).boolean().null().take();
        let alter = Table::alter().table(Alias::new("phone_number")).add_column(&mut sender).to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
