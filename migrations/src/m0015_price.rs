//! What attempts really cost, and when the vendor is to be asked.

use sea_orm_migration::prelude::*;

use crate::column::{on, time_null};

/// Prices.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0015_price"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let known = ColumnDef::new(Alias::new("cost_is_known")).boolean().null().take();
        // SQLite adds one column a statement.
        for mut column in [known, time_null("price_time")] {
            let alter = Table::alter().table(Alias::new("attempt")).add_column(&mut column).to_owned();
            manager.alter_table(alter).await?;
        }
        let due = Expr::cust("price_time IS NOT NULL");
        manager.create_index(on("attempt", &["price_time"]).and_where(due).take()).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}
