//! One transaction a request on PostgreSQL: a pool of connections, prepared statements, the number of the event and its row
//! in one statement at the end, so that the head is locked as shortly as can be.

use callplane_control_plane::domain::{
    agent::Endpoint,
    call::Call,
    id::{AccountId, AgentId, PhoneNumberId, WorkspaceId},
};
use sqlx::{
    PgConnection, PgPool,
    postgres::PgPoolOptions,
    types::{Json, Uuid},
};

use super::{
    rows::{Number, Rows, Signer, Told},
    statement::{CALL, NUMBER, SIGNERS, add_call_event, put_call},
};
use crate::Failure;

const CONNECTIONS: u32 = 16;
const TRIES: usize = 4;

const ADD_EVENT: &str = r#"WITH "head" AS (UPDATE "event_head" SET "sequence" = "sequence" + 1 WHERE "id" = 1 RETURNING "sequence")
    INSERT INTO "event" ("sequence", "id", "workspace_id", "type", "resource_id", "data", "create_time")
    SELECT "head"."sequence", $1, $2, $3, $4, $5, $6 FROM "head""#;

/// The database.
pub struct Database {
    pool: PgPool,
    call: String,
}

impl Database {
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let options = PgPoolOptions::new().max_connections(CONNECTIONS).min_connections(CONNECTIONS);
        // A ping before every transaction would be one more round trip.
        let pool = options.test_before_acquire(false).connect(url).await?;
        Ok(Self { pool, call: format!("{CALL} FOR UPDATE") })
    }

    pub async fn signers(&self) -> Result<Vec<(String, Signer)>, Failure> {
        let rows: Vec<(String, Uuid, Uuid)> = sqlx::query_as(SIGNERS).fetch_all(&self.pool).await?;
        let signer = |account, workspace| Signer {
            account: AccountId::from_uuid(account),
            workspace: WorkspaceId::from_uuid(workspace),
        };
        Ok(rows.into_iter().map(|(sid, account, workspace)| (sid, signer(account, workspace))).collect())
    }

    /// Stores a webhook; when somebody else was faster with its call, once more.
    pub async fn store(&self, told: &Told) -> Result<Rows, Failure> {
        for _ in 0..TRIES {
            if let Some(rows) = self.once(told).await? {
                return Ok(rows);
            }
        }
        Err("the same call is being written elsewhere".into())
    }

    async fn once(&self, told: &Told) -> Result<Option<Rows>, Failure> {
        let mut txn = self.pool.begin().await?;
        let known: Option<(i64, Json<Call>)> = sqlx::query_as(sqlx::AssertSqlSafe(self.call.as_str()))
            .bind(told.fact.call_sid.as_str())
            .fetch_optional(&mut *txn)
            .await?;
        let known = known.map(|(version, call)| Call { version, ..call.0 });
        let number = if told.is_voice || known.is_none() { number(&mut txn, told).await? } else { None };
        let rows = told.rows(known, number);
        if put_call!(&rows.call).execute(&mut *txn).await?.rows_affected() == 0 {
            return Ok(None);
        }
        add_call_event!(&rows.event, &told.delivery_key).execute(&mut *txn).await?;
        if let Some(news) = &rows.news {
            sqlx::query(ADD_EVENT)
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
        Ok(Some(rows))
    }
}

async fn number(connection: &mut PgConnection, told: &Told) -> Result<Option<Number>, Failure> {
    let found: Option<(Uuid, Uuid, String, Json<Endpoint>)> = sqlx::query_as(NUMBER)
        .bind(told.fact.to.as_str())
        .bind(told.signer.account.uuid())
        .fetch_optional(connection)
        .await?;
    Ok(found.map(|(id, agent, agent_name, endpoint)| Number {
        id: PhoneNumberId::from_uuid(id),
        agent_id: AgentId::from_uuid(agent),
        agent_name,
        endpoint: endpoint.0,
    }))
}
