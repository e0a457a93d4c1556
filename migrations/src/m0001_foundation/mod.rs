//! The first schema.

use sea_orm_migration::prelude::*;

mod calls;
mod journal;
mod numbers;
mod tenancy;

/// The first schema.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_foundation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        tenancy::up(manager).await?;
        numbers::up(manager).await?;
        calls::up(manager).await?;
        journal::up(manager).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
