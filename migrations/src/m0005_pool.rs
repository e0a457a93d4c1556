//! Backup numbers: what a pool knows of a number, the number that is an agent's own, and how well each account is covered.

use sea_orm_migration::prelude::*;

use crate::column::{id, integer, on, table, text_null, time, uuid, uuid_null};

/// Backup numbers.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0005_pool"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        pool(manager).await?;
        own_numbers(manager).await?;
        coverage(manager).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

/// SQLite adds one column a statement.
async fn add(manager: &SchemaManager<'_>, table: &str, columns: Vec<ColumnDef>) -> Result<(), DbErr> {
    for mut column in columns {
        manager.alter_table(Table::alter().table(Alias::new(table)).add_column(&mut column).to_owned()).await?;
    }
    Ok(())
}

/// An index of the rows that have its first column, of which there are few.
async fn index_of_some(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    let has = Expr::col(Alias::new(columns[0])).is_not_null();
    manager.create_index(on(table, columns).and_where(has).take()).await
}

async fn pool(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns =
        vec![text_null("pool_state"), text_null("pool_reason"), uuid_null("reserved_by"), uuid_null("pinned_agent_id")];
    add(manager, "phone_number", columns).await?;
    index_of_some(manager, "phone_number", &["pool_state", "account_id"]).await?;
    index_of_some(manager, "phone_number", &["pinned_agent_id"]).await?;
    // A move has one number, whatever the code does.
    let reserved = Expr::col(Alias::new("reserved_by")).is_not_null();
    manager.create_index(on("phone_number", &["reserved_by"]).unique().and_where(reserved).take()).await
}

/// The number of each agent that has any is the oldest assigned to it.
async fn own_numbers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add(manager, "agent", vec![uuid_null("account_id"), uuid_null("phone_number_id")]).await?;
    let connection = manager.get_connection();
    let oldest = r#"UPDATE "agent" SET "phone_number_id" = (SELECT "n"."id" FROM "phone_number" AS "n"
        WHERE "n"."agent_id" = "agent"."id" ORDER BY "n"."id" LIMIT 1)
        WHERE EXISTS (SELECT 1 FROM "phone_number" AS "n" WHERE "n"."agent_id" = "agent"."id")"#;
    connection.execute_unprepared(oldest).await?;
    let owner = r#"UPDATE "agent" SET "account_id" = (SELECT "n"."account_id" FROM "phone_number" AS "n"
        WHERE "n"."id" = "agent"."phone_number_id") WHERE "phone_number_id" IS NOT NULL"#;
    connection.execute_unprepared(owner).await?;
    index_of_some(manager, "agent", &["phone_number_id"]).await
}

async fn coverage(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [id("account_id"), uuid("workspace_id"), integer("lines"), integer("left_out"), time("change_time")];
    table(manager, "pool_coverage", columns, &[]).await
}
