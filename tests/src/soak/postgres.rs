//! A PostgreSQL that may be killed: its own server, started directly, with the durability of a production server.

use std::{fs, io, net::SocketAddr, os::unix::fs::chown, path::PathBuf, process::Stdio, time::Duration};

use sea_orm::DatabaseConnection;
use tempfile::TempDir;
use tokio::{process::Command, sync::Mutex, time::sleep};

use super::{
    Failure,
    ports::lasting_address,
    process::{Process, send},
};
use crate::postgres::{is_root, run, tool, tools};

/// How long a start may take, recovery included.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(50);

/// A server; removed with everything in it when dropped.
pub struct Postgres {
    /// Where it listens, alive or dead.
    pub address: SocketAddr,
    folder: TempDir,
    programs: PathBuf,
    running: Mutex<Option<Process>>,
}

impl Postgres {
    /// A new server with an empty database.
    pub async fn start() -> Result<Self, Failure> {
        let programs = tools();
        let folder = tempfile::Builder::new().prefix("callplane-soak-postgres-").tempdir()?;
        if let Some((user, group)) = owner() {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let data = folder.path().join("data");
        let init = ["--username=callplane", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8", "--pgdata"];
        run(tool(&programs.join("initdb")).args(init).arg(&data));
        let postgres = Self { address: lasting_address()?, folder, programs, running: Mutex::default() };
        postgres.start_again().await?;
        Ok(postgres)
    }

    /// As a control plane is told; `through` is where it is to connect.
    pub fn url(&self, through: SocketAddr) -> String {
        format!("postgres://callplane@{through}/postgres?sslmode=disable")
    }

    /// What it has to say.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A connection past everything.
    pub async fn connect(&self) -> Result<DatabaseConnection, Failure> {
        let mut options = sea_orm::ConnectOptions::new(self.url(self.address));
        options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(5));
        Ok(sea_orm::Database::connect(options).await?)
    }

    /// `kill -9` of the whole server: of the postmaster alone would leave backends that go on committing.
    pub async fn kill(&self) {
        let Some(mut process) = self.running.lock().await.take() else { return };
        let backends = children_of(process.id());
        // It may have ended by itself, and a backend may be faster than we are.
        drop(process.kill().await);
        for backend in backends {
            drop(send(backend, "KILL").await);
        }
    }

    /// Starts it, and waits until it has recovered.
    pub async fn start_again(&self) -> Result<(), Failure> {
        let mut running = self.running.lock().await;
        let recovering = async {
            loop {
                // What is left of the killed one may still hold its memory; then a start fails and is tried again.
                if running.as_mut().is_none_or(Process::has_ended) {
                    *running = Some(self.spawn()?);
                }
                if let Ok(connection) = self.connect().await {
                    connection.close().await?;
                    return Ok(());
                }
                sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(PATIENCE, recovering).await.map_err(|_| "PostgreSQL does not come back")?
    }

    fn spawn(&self) -> io::Result<Process> {
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
        command.args(["-p", &self.address.port().to_string()]).current_dir("/").stderr(Stdio::null());
        for setting in ["listen_addresses=127.0.0.1", "fsync=on", "synchronous_commit=on", "max_connections=200"] {
            command.args(["-c", setting]);
        }
        if let Some((user, group)) = owner() {
            command.uid(user).gid(group);
        }
        Process::spawn(command, &self.log())
    }
}

/// Whom it runs as when we are root, which it refuses to be.
fn owner() -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok().filter(|_| is_root())?;
    let line = accounts.lines().find(|line| line.starts_with("postgres:"))?;
    let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
    Some((ids.next()?, ids.next()?))
}

fn children_of(id: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}
