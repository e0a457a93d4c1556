//! Accounts, agents, route plans and phone numbers.

use sea_orm_migration::prelude::*;

use crate::column::{
    id, index, integer, json, json_null, on, table, text, text_null, time, time_null, unique, uuid, uuid_null,
};

pub async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    account(manager).await?;
    agent(manager).await?;
    route_plan(manager).await?;
    phone_number(manager).await
}

async fn account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("display_name"),
        text("account_sid"),
        uuid_null("parent_id"),
        text("role"),
        integer("backup_order"),
        text("region"),
        text("edge_location"),
        text("api_base_url"),
        text("status"),
        text("status_reason"),
        text_null("api_key_sid"),
        time_null("auth_token_time"),
        time_null("secondary_auth_token_time"),
        time_null("verify_time"),
        json("proof"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "account", columns, &[("workspace_id", "workspace"), ("parent_id", "account")]).await?;
    unique(manager, "account", &["account_sid"]).await?;
    index(manager, "account", &["workspace_id", "id"]).await?;
    index(manager, "account", &["parent_id"]).await?;
    let one_primary = on("account", &["workspace_id"]).unique().and_where(Expr::cust("role = 'primary'")).take();
    manager.create_index(one_primary).await?;
    wake(manager, "account").await
}

async fn agent(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("display_name"),
        text("state"),
        json("endpoint"),
        uuid_null("fallback_agent_id"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "agent", columns, &[("workspace_id", "workspace"), ("fallback_agent_id", "agent")]).await?;
    index(manager, "agent", &["fallback_agent_id"]).await?;
    index(manager, "agent", &["workspace_id", "id"]).await
}

async fn route_plan(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("display_name"),
        json("rules"),
        json_null("fallback"),
        text("time_zone"),
        integer("revision"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "route_plan", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "route_plan", &["workspace_id", "id"]).await?;
    // Which agents a plan names: what refuses to delete an agent that a plan still needs.
    let links = [id("id"), uuid("route_plan_id"), uuid("agent_id")];
    table(manager, "route_plan_agent", links, &[("route_plan_id", "route_plan"), ("agent_id", "agent")]).await?;
    unique(manager, "route_plan_agent", &["route_plan_id", "agent_id"]).await?;
    index(manager, "route_plan_agent", &["agent_id"]).await
}

async fn phone_number(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("account_id"),
        text("display_name"),
        text("e164"),
        text_null("phone_number_sid"),
        text("state"),
        text("state_reason"),
        json("capabilities"),
        text("integration_mode"),
        uuid_null("agent_id"),
        uuid_null("route_plan_id"),
        json_null("fallback"),
        json_null("voicemail"),
        text("webhooks_state"),
        text("webhooks_error"),
        json_null("desired_webhooks"),
        json_null("observed_webhooks"),
        time_null("observe_time"),
        json("work"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    let references = [
        ("workspace_id", "workspace"),
        ("account_id", "account"),
        ("agent_id", "agent"),
        ("route_plan_id", "route_plan"),
    ];
    table(manager, "phone_number", columns, &references).await?;
    unique(manager, "phone_number", &["e164"]).await?;
    for columns in [["workspace_id", "id"], ["account_id", "id"], ["agent_id", "id"], ["route_plan_id", "id"]] {
        index(manager, "phone_number", &columns).await?;
    }
    wake(manager, "phone_number").await
}

/// What the timers look for: rows that want to be woken, by the time they want it.
pub async fn wake(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let due = on(table, &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take();
    manager.create_index(due).await
}
