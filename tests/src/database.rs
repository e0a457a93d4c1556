//! A fresh database for one test: a SQLite file of its own, or a database of the shared PostgreSQL.

use std::thread;

use callplane_control_plane::{clock::TimeOrderedIds, domain::time::Ids};
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

/// An empty database; a SQLite file goes when it is dropped, a PostgreSQL database at the latest with its server.
pub struct Database {
    url: String,
    folder: Option<TempDir>,
    drops: Option<String>,
}

impl Database {
    /// A SQLite file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("callplane.db").display());
        Self { url, folder: Some(folder), drops: None }
    }

    /// A PostgreSQL database.
    pub async fn postgres() -> Self {
        let name = format!("callplane_{}", TimeOrderedIds.next().simple());
        on_server(&format!("CREATE DATABASE {name}")).await;
        Self { url: postgres::url(&name), folder: None, drops: postgres::outlives_us().then_some(name) }
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

impl Drop for Database {
    fn drop(&mut self) {
        let Some(name) = self.drops.take() else { return };
        // A drop cannot wait, another thread can.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(on_server(&format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        if dropping.join().is_err() {
            eprintln!("a database of a test was left behind");
        }
    }
}

async fn on_server(statement: &str) {
    let server = connect(&postgres::url("postgres")).await;
    server.execute_unprepared(statement).await.expect("may create and drop databases");
    server.close().await.expect("closes");
}

pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url.to_owned());
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("the database opens")
}
