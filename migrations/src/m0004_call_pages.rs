//! Room in the pages of calls. A call is written about five times, and PostgreSQL can put the next version of a row beside the
//! last one, without touching an index, while its page has room.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Room in the pages of calls.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_call_pages"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let roomy = r#"ALTER TABLE "call" SET (fillfactor = 60)"#;
            manager.get_connection().execute_unprepared(roomy).await?;
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
