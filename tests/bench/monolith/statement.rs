//! The statements that both databases understand, and what is bound to them. All are prepared once a connection.

/// Whose webhooks are taken.
pub const SIGNERS: &str = r#"SELECT "account_sid", "id", "workspace_id" FROM "account""#;

/// A call as it is known. PostgreSQL adds a lock; SQLite has one writer.
pub const CALL: &str = r#"SELECT "version", "facts" FROM "call" WHERE "call_sid" = $1"#;

/// The number that was called and who answers it.
pub const NUMBER: &str = r#"SELECT "n"."id", "n"."agent_id", "a"."display_name", "a"."endpoint"
    FROM "phone_number" AS "n" JOIN "agent" AS "a" ON "a"."id" = "n"."agent_id"
    WHERE "n"."e164" = $1 AND "n"."account_id" = $2"#;

/// A call is written over the version it was merged with.
pub const PUT_CALL: &str = r#"INSERT INTO "call" ("id", "workspace_id", "account_id", "phone_number_id", "agent_id", "call_sid",
        "direction", "from_number", "to_number", "status", "start_time", "facts", "wake_time", "version", "create_time", "update_time")
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ON CONFLICT ("call_sid") DO UPDATE SET "phone_number_id" = "excluded"."phone_number_id", "agent_id" = "excluded"."agent_id",
        "direction" = "excluded"."direction", "from_number" = "excluded"."from_number", "to_number" = "excluded"."to_number", "status" = "excluded"."status", "start_time" = "excluded"."start_time",
        "facts" = "excluded"."facts", "wake_time" = "excluded"."wake_time", "version" = "excluded"."version",
        "create_time" = "excluded"."create_time", "update_time" = "excluded"."update_time"
    WHERE "call"."version" = "excluded"."version" - 1"#;

/// A delivery is told once.
pub const ADD_CALL_EVENT: &str = r#"INSERT INTO "call_event" ("id", "call_id", "delivery_key", "type", "status",
        "sequence_number", "event_time", "receive_time", "changed", "details")
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT ("call_id", "delivery_key") DO NOTHING"#;

/// The query that writes a call.
macro_rules! put_call {
    ($call:expr) => {{
        let call = $call;
        sqlx::query(crate::monolith::statement::PUT_CALL)
            .bind(call.id.uuid())
            .bind(call.workspace_id.uuid())
            .bind(call.account_id.uuid())
            .bind(call.phone_number_id.map(|id| id.uuid()))
            .bind(call.agent_id.map(|id| id.uuid()))
            .bind(call.call_sid.as_str())
            .bind(call.direction.map_or("", |direction| direction.as_str()))
            .bind(call.from.as_str())
            .bind(call.to.as_str())
            .bind(call.status.as_str())
            .bind(call.start_time)
            .bind(sqlx::types::Json(call))
            .bind(callplane_control_plane::domain::call::quiet_deadline(call))
            .bind(call.version)
            .bind(call.create_time)
            .bind(call.update_time)
    }};
}

/// The query that adds what was told.
macro_rules! add_call_event {
    ($event:expr, $delivery_key:expr) => {{
        let event = $event;
        sqlx::query(crate::monolith::statement::ADD_CALL_EVENT)
            .bind(event.id.uuid())
            .bind(event.call_id.uuid())
            .bind($delivery_key)
            .bind(event.what.as_str())
            .bind(event.status.as_str())
            .bind(event.sequence.map(i64::from))
            .bind(event.event_time)
            .bind(event.receive_time)
            .bind(event.changed)
            .bind(sqlx::types::Json(&event.details))
    }};
}

pub(super) use {add_call_event, put_call};
