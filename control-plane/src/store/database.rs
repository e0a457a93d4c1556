//! Opens the database: SQLite with one writer and a few readers, or a PostgreSQL pool. Knows settings of the engines
//! and nothing of tables.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
    sqlx::{
        self, Connection, PgConnection,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::time::timeout;

use super::failed;
use crate::domain::error::{Error, Kind, Result};

/// A connection that says nothing for this long after it was used is dead: PostgreSQL's host may be gone without a word.
const SILENCE: Duration = Duration::from_secs(2);

/// The two ways to the data: a handle that writes and one that only reads.
#[derive(Clone, Debug)]
pub struct Store {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Store {
    /// Opens the database; a SQLite file is created when it is missing.
    pub async fn open(url: &str) -> Result<Self> {
        match url.split(':').next() {
            Some("sqlite") => open_sqlite(url).await,
            Some("postgres" | "postgresql") => open_postgres(url).await,
            _ => Err(Error::invalid("database_url", "expected `sqlite://path` or `postgres://user@host/name`")),
        }
    }

    /// The handle for reads outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The handle behind transactions; for migrations and listening.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Which engine it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// A transaction that writes. SQLite takes its lock at once: one that reads first and writes later would fail as
    /// "locked" whatever the busy timeout.
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.write.begin_with_options(options).await.map_err(failed)
    }

    /// The pools of connections: busy, idle, and the most there may be.
    pub fn pools(&self) -> Vec<(&'static str, (u32, u32, u32))> {
        match self.backend() {
            DbBackend::Postgres => vec![("all", figures(self.write.get_postgres_connection_pool()))],
            _ => vec![
                ("write", figures(self.write.get_sqlite_connection_pool())),
                ("read", figures(self.read.get_sqlite_connection_pool())),
            ],
        }
    }

    /// Closes both handles.
    pub async fn close(self) -> Result<()> {
        self.read.close().await.map_err(failed)?;
        self.write.close().await.map_err(failed)
    }
}

fn figures<DB: sea_orm::sqlx::Database>(pool: &sea_orm::sqlx::Pool<DB>) -> (u32, u32, u32) {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    (pool.size().saturating_sub(idle), idle, pool.options().get_max_connections())
}

async fn open_sqlite(url: &str) -> Result<Store> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or(path);
    if let Some(folder) = std::path::Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
    }
    let write = Database::connect(sqlite_options(path, 1, false)).await.map_err(|error| unusable(path, &error))?;
    let read = Database::connect(sqlite_options(path, 4, true)).await.map_err(|error| unusable(path, &error))?;
    Ok(Store { write, read })
}

fn sqlite_options(path: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mode = if read_only { "ro" } else { "rwc" };
    let mut options = ConnectOptions::new(format!("sqlite://{path}?mode={mode}"));
    options.max_connections(connections).sqlx_logging(false).acquire_timeout(Duration::from_secs(10));
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.busy_timeout(Duration::from_secs(5)).foreign_keys(true).pragma("temp_store", "memory");
        match read_only {
            true => sqlite.read_only(true),
            false => sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full),
        }
    });
    options
}

async fn open_postgres(url: &str) -> Result<Store> {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(16)
        .sqlx_logging(false)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire_if_idle_for(Duration::from_secs(30));
    options.map_sqlx_postgres_opts(|postgres| {
        postgres.application_name("callplane").options([
            ("statement_timeout", "15000"),
            ("lock_timeout", "10000"),
            // A control plane that is frozen or cut off in the middle of a transaction must not keep its rows from the others.
            ("idle_in_transaction_session_timeout", "3000"),
        ])
    });
    options.map_sqlx_postgres_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(still_there(connection))));
    let pool = Database::connect(options).await.map_err(|error| {
        Error::new(
            Kind::Unavailable,
            "DATABASE_UNREACHABLE",
            "cannot connect to the PostgreSQL of CALLPLANE_DATABASE_URL",
        )
        .because(error)
    })?;
    Ok(Store { write: pool.clone(), read: pool })
}

/// Asked of each connection as it comes back, because the pool itself would wait for a dead one without end and lose its place.
async fn still_there(connection: &mut PgConnection) -> std::result::Result<bool, sqlx::Error> {
    match timeout(SILENCE, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

fn unusable(path: &str, error: &impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "DATABASE_UNUSABLE", format!("cannot open the SQLite database {path}: {error}"))
}
