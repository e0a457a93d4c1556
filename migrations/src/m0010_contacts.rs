//! Contacts, what they allowed, and the numbers that must not be called.

use sea_orm_migration::prelude::*;

use crate::column::{id, index, integer, on, table, text, text_null, time, unique, uuid};

/// Contacts, consents and the do-not-call list.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0010_contacts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        contacts(manager).await?;
        consents(manager).await?;
        do_not_call(manager).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn contacts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("display_name"),
        text_null("phone_number"),
        text_null("email"),
        // The address in lower case, which is how it is looked for.
        text_null("email_key"),
        text("language"),
        text("time_zone"),
        text("external_id"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "contact", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "contact", &["workspace_id", "id"]).await?;
    index(manager, "contact", &["workspace_id", "phone_number"]).await?;
    index(manager, "contact", &["workspace_id", "email_key"]).await?;
    let has_key = Expr::col(Alias::new("external_id")).ne("");
    manager.create_index(on("contact", &["workspace_id", "external_id"]).unique().and_where(has_key).take()).await
}

async fn consents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("address"),
        text("channel"),
        text("state"),
        text("source"),
        text("evidence"),
        time("consent_time"),
        time("create_time"),
    ];
    table(manager, "consent", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "consent", &["workspace_id", "address", "channel", "consent_time", "id"]).await?;
    index(manager, "consent", &["workspace_id", "consent_time", "id"]).await
}

async fn do_not_call(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns =
        [id("id"), uuid("workspace_id"), text("phone_number"), text("reason"), text("source"), time("create_time")];
    table(manager, "dnc_entry", columns, &[("workspace_id", "workspace")]).await?;
    // One entry a number, and one probe of one index to find it among a million.
    unique(manager, "dnc_entry", &["workspace_id", "phone_number"]).await?;
    index(manager, "dnc_entry", &["workspace_id", "id"]).await?;
    index(manager, "dnc_entry", &["workspace_id", "source", "id"]).await?;
    let columns = [id("workspace_id"), time("last_import_time")];
    table(manager, "dnc_list", columns, &[("workspace_id", "workspace")]).await
}
