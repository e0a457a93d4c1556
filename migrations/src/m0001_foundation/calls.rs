//! Calls and what belongs to them; messages.

use sea_orm_migration::prelude::*;

use super::numbers::wake;
use crate::column::{
    boolean, id, index, integer, integer_null, json, table, text, time, time_null, unique, uuid, uuid_null,
};

pub async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    call(manager).await?;
    call_event(manager).await?;
    recording(manager).await?;
    voicemail(manager).await?;
    message(manager).await?;
    // A media stream's token opens its call once.
    let columns = [id("nonce"), uuid("call_id"), time("redeem_time"), time("expire_time")];
    table(manager, "stream_token", columns, &[]).await?;
    index(manager, "stream_token", &["expire_time"]).await
}

async fn call(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("account_id"),
        uuid_null("phone_number_id"),
        uuid_null("agent_id"),
        text("call_sid"),
        text("direction"),
        text("from_number"),
        text("to_number"),
        text("status"),
        time("start_time"),
        json("facts"),
        time_null("wake_time"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "call", columns, &[]).await?;
    unique(manager, "call", &["call_sid"]).await?;
    index(manager, "call", &["workspace_id", "start_time", "id"]).await?;
    index(manager, "call", &["phone_number_id", "start_time"]).await?;
    index(manager, "call", &["agent_id", "start_time"]).await?;
    wake(manager, "call").await
}

async fn call_event(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("call_id"),
        text("delivery_key"),
        text("type"),
        text("status"),
        integer_null("sequence_number"),
        time_null("event_time"),
        time("receive_time"),
        boolean("changed"),
        json("details"),
    ];
    table(manager, "call_event", columns, &[]).await?;
    unique(manager, "call_event", &["call_id", "delivery_key"]).await
}

async fn recording(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("call_id"),
        text("recording_sid"),
        text("status"),
        json("facts"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "recording", columns, &[]).await?;
    unique(manager, "recording", &["recording_sid"]).await?;
    index(manager, "recording", &["call_id"]).await
}

async fn voicemail(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("call_id"),
        uuid_null("phone_number_id"),
        text("from_number"),
        text("recording_sid"),
        text("recording_status"),
        integer_null("duration_seconds"),
        text("mark"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "voicemail", columns, &[]).await?;
    unique(manager, "voicemail", &["recording_sid"]).await?;
    index(manager, "voicemail", &["call_id"]).await?;
    index(manager, "voicemail", &["workspace_id", "id"]).await
}

async fn message(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        id("id"),
        uuid("workspace_id"),
        uuid("account_id"),
        uuid_null("phone_number_id"),
        text("message_sid"),
        text("direction"),
        text("from_number"),
        text("to_number"),
        text("body"),
        json("media"),
        text("status"),
        integer("error_code"),
        integer("version"),
        time("create_time"),
        time("update_time"),
    ];
    table(manager, "message", columns, &[]).await?;
    unique(manager, "message", &["message_sid"]).await?;
    index(manager, "message", &["phone_number_id", "id"]).await?;
    index(manager, "message", &["workspace_id", "id"]).await
}
