//! Workspaces, their tokens, keys and sealed secrets.

use sea_orm_migration::prelude::*;

use crate::column::{
    boolean, bytes, id, index, integer, json, on, table, text, time, time_null, unique, uuid, uuid_null,
};

pub async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    workspace(manager).await?;
    token(manager).await?;
    data_key(manager).await?;
    secret(manager).await?;
    let check = [text("master_key_id").primary_key().take(), bytes("sealed"), time("create_time")];
    table(manager, "key_check", check, &[]).await
}

async fn workspace(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        text("display_name"),
        text("time_zone"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "workspace", columns, &[]).await
}

async fn token(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid_null("workspace_id"),
        text("display_name"),
        text("audience"),
        json("scopes"),
        time("expire_time"),
        time_null("revoke_time"),
        time("create_time"),
    ];
    table(manager, "token", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "token", &["workspace_id", "id"]).await
}

async fn data_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("master_key_id"),
        bytes("wrapped"),
        boolean("active"),
        time("create_time"),
    ];
    table(manager, "data_key", columns, &[("workspace_id", "workspace")]).await?;
    let one_active = on("data_key", &["workspace_id"]).unique().and_where(Expr::cust("active")).take();
    manager.create_index(one_active).await
}

async fn secret(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("owner_table"),
        uuid("owner_id"),
        text("owner_column"),
        uuid("data_key_id"),
        bytes("sealed"),
        time("set_time"),
    ];
    let references = [("workspace_id", "workspace"), ("data_key_id", "data_key")];
    table(manager, "secret", columns, &references).await?;
    unique(manager, "secret", &["owner_id", "owner_column"]).await?;
    index(manager, "secret", &["data_key_id"]).await
}
