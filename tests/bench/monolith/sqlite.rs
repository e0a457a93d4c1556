//! One transaction a request on SQLite: WAL, `synchronous=FULL`, one writer and a few readers, prepared statements.

use std::{str::FromStr, time::Duration};

use callplane_control_plane::domain::{
    agent::Endpoint,
    call::Call,
    id::{AccountId, AgentId, PhoneNumberId, WorkspaceId},
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    types::{Json, Uuid},
};

use super::{
    rows::{Number, Rows, Signer, Told},
    statement::{CALL, NUMBER, SIGNERS, add_call_event, put_call},
};
use crate::Failure;

const READERS: u32 = 4;

const NEXT: &str = r#"UPDATE "event_head" SET "sequence" = "sequence" + 1 WHERE "id" = 1 RETURNING "sequence""#;
const ADD_EVENT: &str = r#"INSERT INTO "event" ("sequence", "id", "workspace_id", "type", "resource_id", "data", "create_time")
    VALUES ($1, $2, $3, $4, $5, $6, $7)"#;

/// The database.
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Database {
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let options = SqliteConnectOptions::from_str(url)?
            .busy_timeout(Duration::from_secs(5))
            .pragma("temp_store", "memory")
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = |connections| SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
        Ok(Self {
            writer: pool(1).connect_with(options.clone()).await?,
            readers: pool(READERS).connect_with(options.read_only(true)).await?,
        })
    }

    pub async fn signers(&self) -> Result<Vec<(String, Signer)>, Failure> {
        let rows: Vec<(String, Uuid, Uuid)> = sqlx::query_as(SIGNERS).fetch_all(&self.readers).await?;
        let signer = |account, workspace| Signer {
            account: AccountId::from_uuid(account),
            workspace: WorkspaceId::from_uuid(workspace),
        };
        Ok(rows.into_iter().map(|(sid, account, workspace)| (sid, signer(account, workspace))).collect())
    }

    /// Stores a webhook. What does not need the writer is read before: everybody waits for it.
    pub async fn store(&self, told: &Told) -> Result<Rows, Failure> {
        let number = if told.is_voice { self.number(told).await? } else { None };
        let mut txn = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let known: Option<(i64, Json<Call>)> =
            sqlx::query_as(CALL).bind(told.fact.call_sid.as_str()).fetch_optional(&mut *txn).await?;
        let known = known.map(|(version, call)| Call { version, ..call.0 });
        let number = if known.is_none() && number.is_none() { self.number(told).await? } else { number };
        let rows = told.rows(known, number);
        if put_call!(&rows.call).execute(&mut *txn).await?.rows_affected() == 0 {
            return Err("somebody else writes to the database".into());
        }
        add_call_event!(&rows.event, &told.delivery_key).execute(&mut *txn).await?;
        if let Some(news) = &rows.news {
            let (sequence,): (i64,) = sqlx::query_as(NEXT).fetch_one(&mut *txn).await?;
            sqlx::query(ADD_EVENT)
                .bind(sequence)
                .bind(news.id)
                .bind(rows.call.workspace_id.uuid())
                .bind(news.kind)
                .bind(rows.call.id.to_string())
                .bind(&news.data)
                .bind(told.fact.receive_time)
                .execute(&mut *txn)
                .await?;
        }
        txn.commit().await?;
        Ok(rows)
    }

    async fn number(&self, told: &Told) -> Result<Option<Number>, Failure> {
        let found: Option<(Uuid, Uuid, String, Json<Endpoint>)> = sqlx::query_as(NUMBER)
            .bind(told.fact.to.as_str())
            .bind(told.signer.account.uuid())
            .fetch_optional(&self.readers)
            .await?;
        Ok(found.map(|(id, agent, agent_name, endpoint)| Number {
            id: PhoneNumberId::from_uuid(id),
            agent_id: AgentId::from_uuid(agent),
            agent_name,
            endpoint: endpoint.0,
        }))
    }
}
