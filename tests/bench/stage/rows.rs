//! The database behind a stage, and whether it holds what was acknowledged: no call and no event more or less.

use sea_orm::{ConnectionTrait, Database as Connection, DbBackend, Statement};

use crate::{Failure, postgres::Postgres, webhook::STEPS};

/// Where a stage writes.
pub enum Database {
    /// The URL of a file.
    Sqlite(String),
    /// A server of its own.
    Postgres(Postgres),
}

/// Every call is completed, and has the events of its webhooks.
const COUNTS: [&str; 3] = [
    r#"SELECT COUNT(*) FROM "call" WHERE "status" = 'completed'"#,
    r#"SELECT COUNT(*) FROM "call""#,
    r#"SELECT COUNT(*) FROM "call_event""#,
];

impl Database {
    /// The CPU time of a server, in seconds.
    pub fn cpu(&self) -> f64 {
        match self {
            Self::Sqlite(_) => 0.0,
            Self::Postgres(postgres) => postgres.cpu(),
        }
    }

    /// The processes of a server.
    pub fn processes(&self) -> Vec<u32> {
        match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(postgres) => postgres.processes(),
        }
    }

    /// What is missing or too many when this many calls were acknowledged.
    pub async fn missing(&self, acknowledged: u64) -> Result<Option<String>, Failure> {
        let (url, backend) = match self {
            Self::Sqlite(url) => (format!("{url}?mode=ro"), DbBackend::Sqlite),
            Self::Postgres(postgres) => (postgres.url(), DbBackend::Postgres),
        };
        let connection = Connection::connect(&url).await?;
        let mut counted = Vec::new();
        for query in COUNTS {
            let row = connection.query_one_raw(Statement::from_string(backend, query)).await?;
            let count: i64 = row.ok_or("a count without a row")?.try_get_by_index(0)?;
            counted.push(u64::try_from(count)?);
        }
        connection.close().await?;
        let wanted = [acknowledged, acknowledged, acknowledged * STEPS as u64];
        Ok((counted != wanted).then(|| {
            format!("[completed calls, calls, events] are {counted:?} in the database, acknowledged {wanted:?}")
        }))
    }
}
