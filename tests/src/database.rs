//! A fresh database for one test: a SQLite file of its own, or a database of the shared PostgreSQL.

use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;

use crate::postgres;

/// Turns stories that take a [`Database`] into tests on both databases.
#[macro_export]
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test]
            async fn on_sqlite() {
                super::$story($crate::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$story($crate::Database::postgres().await).await;
            }
        }
    )+};
}

/// An empty database; a SQLite file goes when it is dropped, a PostgreSQL database with its server.
pub struct Database {
    url: String,
    folder: Option<TempDir>,
}

impl Database {
    /// A SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("callplane.db").display());
        Self { url, folder: Some(folder) }
    }

    /// A PostgreSQL database.
    pub async fn postgres() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("callplane_{}_{count}", std::process::id());
        let server = sea_orm::Database::connect(postgres::url("postgres")).await.expect("PostgreSQL answers");
        server.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("may create databases");
        server.close().await.expect("closes");
        Self { url: postgres::url(&name), folder: None }
    }

    /// What `CALLPLANE_DATABASE_URL` is set to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether several replicas may share it.
    pub fn is_shared(&self) -> bool {
        self.folder.is_none()
    }

    /// A connection past the control plane, to look at rows or to spoil them.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url).await
    }
}

pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("the database opens")
}
