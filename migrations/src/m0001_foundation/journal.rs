//! Effects, events, the audit chain and replayed answers.

use sea_orm_migration::prelude::*;

use crate::column::{bytes, id, index, integer, json, on, table, text, text_null, time, time_null, unique, uuid};

pub async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    effect(manager).await?;
    event(manager).await?;
    audit(manager).await?;
    replay(manager).await
}

async fn effect(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("kind"),
        text("machine"),
        uuid("machine_id"),
        json("payload"),
        text("state"),
        integer("attempt"),
        time("run_time"),
        text_null("lease_owner"),
        time_null("lease_until"),
        text("last_error"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "effect", columns, &[]).await?;
    let ready = on("effect", &["run_time"]).and_where(Expr::cust("state = 'ready'")).take();
    manager.create_index(ready).await?;
    let leased = on("effect", &["lease_until"]).and_where(Expr::cust("state = 'leased'")).take();
    manager.create_index(leased).await?;
    index(manager, "effect", &["machine_id"]).await?;
    index(manager, "effect", &["workspace_id", "id"]).await
}

async fn event(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        integer("sequence").primary_key().take(),
        uuid("id"),
        uuid("workspace_id"),
        text("type"),
        text("resource_id"),
        json("data"),
        time("create_time"),
    ];
    table(manager, "event", columns, &[]).await?;
    index(manager, "event", &["workspace_id", "sequence"]).await?;
    index(manager, "event", &["resource_id", "sequence"]).await?;
    // Locked by the last statement of every transaction: numbers are given in the order of the commits.
    table(manager, "event_head", [integer("id").primary_key().take(), integer("sequence")], &[]).await?;
    let seed = Query::insert()
        .into_table(Alias::new("event_head"))
        .columns([Alias::new("id"), Alias::new("sequence")])
        .values_panic([1.into(), 0.into()])
        .on_conflict(OnConflict::column(Alias::new("id")).do_nothing().to_owned())
        .to_owned();
    manager.execute(seed).await
}

async fn audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        integer("sequence"),
        time("create_time"),
        text("actor"),
        text("method"),
        text("resource_id"),
        // Text, not JSON: the hash is over these very bytes.
        text("request"),
        bytes("previous_hash"),
        bytes("hash"),
    ];
    table(manager, "audit", columns, &[]).await?;
    unique(manager, "audit", &["workspace_id", "sequence"]).await?;
    let head = [id("workspace_id"), integer("sequence"), bytes("hash")];
    table(manager, "audit_head", head, &[]).await
}

async fn replay(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("method"),
        text("request_id"),
        bytes("request_hash"),
        bytes("response"),
        time("create_time"),
    ];
    table(manager, "replay", columns, &[]).await?;
    unique(manager, "replay", &["workspace_id", "method", "request_id"]).await?;
    index(manager, "replay", &["create_time"]).await
}
