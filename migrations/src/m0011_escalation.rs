//! Escalation: policies, incidents with their steps and history, attempts to reach people, and what limits them.

use sea_orm_migration::prelude::*;

use crate::column::{
    boolean, id, index, integer, integer_null, json, on, table, text, time, time_null, uuid, uuid_null,
};

/// Policies, incidents, attempts.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0011_escalation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// SQLite does not migrate in a transaction by itself; half a migration would stop every later start.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        policies(manager).await?;
        incidents(manager).await?;
        steps(manager).await?;
        history(manager).await?;
        attempts(manager).await?;
        limits(manager).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("migrations only go forward; restore a backup instead".to_owned()))
    }
}

async fn policies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("display_name"),
        json("ladder"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "escalation_policy", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "escalation_policy", &["workspace_id", "id"]).await
}

async fn incidents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("policy_id"),
        uuid_null("meeting_id"),
        uuid("contact_id"),
        text("event_key"),
        text("state"),
        time("start_time"),
        json("facts"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "incident", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "incident", &["workspace_id", "id"]).await?;
    index(manager, "incident", &["workspace_id", "state", "id"]).await?;
    index(manager, "incident", &["workspace_id", "contact_id", "id"]).await?;
    index(manager, "incident", &["meeting_id"]).await?;
    // One incident for a person and an event: whoever opens it twice is stopped here.
    let once = on("incident", &["workspace_id", "event_key", "contact_id"]).unique().take();
    manager.create_index(once).await?;
    manager.create_index(due("incident")).await
}

async fn steps(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut incident_id = uuid("incident_id");
    let mut number = integer("number");
    let mut create = Table::create();
    create.table(Alias::new("escalation_step")).if_not_exists().col(&mut incident_id).col(&mut number);
    let columns = [
        uuid("workspace_id"),
        integer("rung"),
        text("type"),
        text("status"),
        uuid_null("contact_id"),
        boolean("redial"),
        time("due_time"),
        time_null("held_until"),
        time("window_start"),
        time("window_end"),
        uuid_null("attempt_id"),
        time_null("executed_at"),
        text("ending"),
        text("reason"),
        text("error"),
        boolean("simulated"),
    ];
    for mut column in columns {
        create.col(&mut column);
    }
    create.primary_key(Index::create().col(Alias::new("incident_id")).col(Alias::new("number")));
    create.foreign_key(
        ForeignKey::create()
            .name("fk_escalation_step_incident_id")
            .from(Alias::new("escalation_step"), Alias::new("incident_id"))
            .to(Alias::new("incident"), Alias::new("id")),
    );
    manager.create_table(create).await?;
    // "Which calls failed" is asked over millions of steps.
    index(manager, "escalation_step", &["workspace_id", "type", "status", "incident_id", "number"]).await?;
    index(manager, "escalation_step", &["workspace_id", "incident_id", "number"]).await
}

async fn history(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("incident_id"),
        integer("sequence"),
        text("type"),
        text("state"),
        integer_null("step"),
        text("actor"),
        text("note"),
        time("event_time"),
    ];
    table(manager, "incident_event", columns, &[("incident_id", "incident")]).await?;
    let once = on("incident_event", &["incident_id", "sequence"]).unique().take();
    manager.create_index(once).await
}

async fn attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        text("channel"),
        text("to_address"),
        uuid_null("contact_id"),
        uuid_null("incident_id"),
        integer_null("step"),
        text("state"),
        text("ending"),
        text("lane"),
        uuid_null("account_id"),
        uuid_null("phone_number_id"),
        text("vendor_sid"),
        integer("cost_micros"),
        json("facts"),
        time_null("begin_time"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "attempt", columns, &[("workspace_id", "workspace")]).await?;
    index(manager, "attempt", &["workspace_id", "id"]).await?;
    index(manager, "attempt", &["workspace_id", "to_address", "id"]).await?;
    index(manager, "attempt", &["workspace_id", "begin_time"]).await?;
    index(manager, "attempt", &["incident_id"]).await?;
    index(manager, "attempt", &["vendor_sid"]).await?;
    let open = on("attempt", &["workspace_id", "state"]).and_where(Expr::cust("state <> 'over'")).take();
    manager.create_index(open).await?;
    manager.create_index(due("attempt")).await
}

async fn limits(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let slot =
        [id("id"), uuid("workspace_id"), text("event_key"), text("person_key"), integer("slot"), uuid("attempt_id")];
    table(manager, "call_slot", slot, &[]).await?;
    // A person is rung so often about one event and not once more, whoever asks and however many at a time.
    let once = on("call_slot", &["workspace_id", "event_key", "person_key", "slot"]).unique().take();
    manager.create_index(once).await?;
    let pace = [id("account_id"), time("free_time"), time("urgent_time"), time("normal_time")];
    table(manager, "account_pace", pace, &[("account_id", "account")]).await?;
    let outbound = [
        id("workspace_id"),
        boolean("stopped"),
        text("stop_reason"),
        time_null("stop_time"),
        json("limits"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "outbound_policy", outbound, &[("workspace_id", "workspace")]).await
}

/// Machines that want to be woken.
fn due(table: &str) -> IndexCreateStatement {
    on(table, &["wake_time"]).and_where(Expr::cust("wake_time IS NOT NULL")).take()
}
