//! A stage of the way from Twilio to the disk: real processes, started and filled, and what they have used.

use std::{net::SocketAddr, path::Path, rc::Rc, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, Database as Connection, DbBackend, Statement};

use super::{
    Failure,
    load::{Load, Outcome, Shape},
    postgres::Postgres,
    process::{Process, beside, free_address},
    seed,
    webhook::{STEPS, Webhooks},
    world::{Exchange, PUBLIC_URL},
};

/// A stage that is up.
pub struct Stage {
    /// Its name in the table.
    pub name: &'static str,
    /// Where its webhooks go.
    address: SocketAddr,
    shape: Shape,
    front: Process,
    metrics: Option<String>,
    plane: Option<Process>,
    database: Option<Database>,
    exchange: Arc<Exchange>,
    webhooks: Arc<Webhooks>,
    acknowledged: u64,
}

enum Database {
    Sqlite(String),
    Postgres(Rc<Postgres>),
}

/// CPU seconds, by whose they are.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// The edge, or the bare server.
    pub front: f64,
    /// The control plane, or the one that remembers nothing.
    pub plane: f64,
    /// PostgreSQL; SQLite is inside the control plane.
    pub database: f64,
}

/// Webhooks in the batches that an edge has sent.
#[derive(Clone, Copy, Default)]
pub struct Batches {
    /// Webhooks.
    pub webhooks: f64,
    /// Batches.
    pub count: f64,
}

/// Starts stages.
pub struct Builder<'a> {
    /// Where logs, keys and the SQLite database go.
    pub folder: &'a Path,
    /// Writes webhooks.
    pub webhooks: Arc<Webhooks>,
    /// How many stages were started.
    pub started: u32,
}

const NO_LIMIT: &str = "0";

impl Builder<'_> {
    /// A bare server.
    pub async fn bare(&mut self) -> Result<Stage, Failure> {
        let address = free_address()?;
        let mut front = self.own("bare", address)?;
        front.listens(address).await?;
        Ok(self.stage("bare", Shape::Whole, address, front))
    }

    /// The edge alone: every call is over the rate, so that it is read, checked, typed and answered with TwiML without a
    /// control plane.
    pub async fn edge_alone(&mut self) -> Result<Stage, Failure> {
        let (plane_address, plane) = self.no_op("edge").await?;
        let (address, metrics, front) = self.edge("edge", plane_address, "none", "1").await?;
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), ..self.stage("edge", Shape::VoiceOnly, address, front) })
    }

    /// The edge and a control plane that remembers nothing.
    pub async fn hop(&mut self) -> Result<Stage, Failure> {
        let (plane_address, plane) = self.no_op("hop").await?;
        let (address, metrics, front) = self.edge("hop", plane_address, "none", NO_LIMIT).await?;
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), ..self.stage("hop", Shape::Whole, address, front) })
    }

    /// Everything, with SQLite.
    pub async fn sqlite(&mut self) -> Result<Stage, Failure> {
        let url = format!("sqlite://{}", self.folder.join("callplane.db").display());
        let database = Database::Sqlite(url.clone());
        self.whole("sqlite", url, database).await
    }

    /// Everything, with PostgreSQL.
    pub async fn postgres(&mut self, postgres: Rc<Postgres>) -> Result<Stage, Failure> {
        self.whole("postgres", postgres.url(), Database::Postgres(postgres)).await
    }

    async fn whole(&mut self, name: &'static str, url: String, database: Database) -> Result<Stage, Failure> {
        let (plane_address, admin) = (free_address()?, free_address()?);
        let settings = self.plane_settings(url, plane_address, admin)?;
        let tokens = seed::prepare(&settings).await?;
        let log = self.folder.join(format!("{name}-control-plane.log"));
        let mut plane = Process::start(&beside("callplane-control-plane")?, &["serve"], &settings, &log)?;
        plane.ready(&format!("http://{admin}/ready")).await?;
        seed::seed(plane_address, &tokens.workspace).await?;
        let (address, metrics, front) = self.edge(name, plane_address, &tokens.edge, NO_LIMIT).await?;
        let stage = self.stage(name, Shape::Whole, address, front);
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), database: Some(database), ..stage })
    }

    fn plane_settings(
        &self,
        url: String,
        listen: SocketAddr,
        admin: SocketAddr,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let key = self.folder.join("token-key.pem");
        if !key.exists() {
            let pem = callplane_control_plane::token::generate_pem();
            std::fs::write(&key, secrecy::ExposeSecret::expose_secret(&pem))?;
        }
        Ok(vec![
            ("CALLPLANE_DATABASE_URL", url),
            ("CALLPLANE_LISTEN", listen.to_string()),
            ("CALLPLANE_ADMIN_LISTEN", admin.to_string()),
            ("CALLPLANE_PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("CALLPLANE_ENCRYPTION_KEY", "5c".repeat(32)),
            ("CALLPLANE_TOKEN_KEY_FILE", key.display().to_string()),
            ("CALLPLANE_FORCE_MOCK", "true".to_owned()),
        ])
    }

    async fn edge(
        &self,
        name: &str,
        plane: SocketAddr,
        token: &str,
        rate: &str,
    ) -> Result<(SocketAddr, String, Process), Failure> {
        let (address, admin) = (free_address()?, free_address()?);
        let settings = [
            ("CALLPLANE_PUBLIC_URL", PUBLIC_URL.to_owned()),
            ("CALLPLANE_CONTROL_PLANES", format!("http://{plane}")),
            ("CALLPLANE_EDGE_TOKEN", token.to_owned()),
            ("CALLPLANE_EDGE_LISTEN", address.to_string()),
            ("CALLPLANE_EDGE_ADMIN_LISTEN", admin.to_string()),
            ("CALLPLANE_EDGE_CALLS_PER_SECOND_PER_ACCOUNT", rate.to_owned()),
            ("CALLPLANE_EDGE_CALLS_PER_SECOND_PER_NUMBER", NO_LIMIT.to_owned()),
            ("CALLPLANE_EDGE_CALLS_PER_SECOND_PER_CALLER", NO_LIMIT.to_owned()),
        ];
        let log = self.folder.join(format!("{name}-edge.log"));
        let mut edge = Process::start(&beside("callplane-edge")?, &["serve"], &settings, &log)?;
        edge.ready(&format!("http://{admin}/ready")).await?;
        Ok((address, format!("http://{admin}/metrics"), edge))
    }

    async fn no_op(&self, name: &str) -> Result<(SocketAddr, Process), Failure> {
        let address = free_address()?;
        let log = self.folder.join(format!("{name}-no-op.log"));
        let mut plane = Process::start(&std::env::current_exe()?, &["no-op", &address.to_string()], &[], &log)?;
        plane.listens(address).await?;
        Ok((address, plane))
    }

    fn own(&self, mode: &str, address: SocketAddr) -> Result<Process, Failure> {
        let log = self.folder.join(format!("{mode}.log"));
        Process::start(&std::env::current_exe()?, &[mode, &address.to_string()], &[], &log)
    }

    fn stage(&mut self, name: &'static str, shape: Shape, address: SocketAddr, front: Process) -> Stage {
        self.started += 1;
        Stage {
            name,
            address,
            shape,
            front,
            metrics: None,
            plane: None,
            database: None,
            exchange: Arc::new(Exchange::new(self.started)),
            webhooks: Arc::clone(&self.webhooks),
            acknowledged: 0,
        }
    }
}

impl Stage {
    /// Puts load on it.
    pub async fn load(&mut self, callers: usize, measured: Duration) -> Result<Outcome, Failure> {
        let load = Load {
            address: self.address,
            callers,
            shape: self.shape,
            exchange: Arc::clone(&self.exchange),
            webhooks: Arc::clone(&self.webhooks),
        };
        let outcome = load.run(measured).await?;
        self.acknowledged += outcome.acknowledged;
        Ok(outcome)
    }

    /// What it has used so far.
    pub fn used(&self) -> Used {
        let database = match &self.database {
            Some(Database::Postgres(postgres)) => postgres.cpu(),
            _ => 0.0,
        };
        Used { front: self.front.cpu(), plane: self.plane.as_ref().map_or(0.0, Process::cpu), database }
    }

    /// The batches its edge has sent so far.
    pub async fn batches(&self) -> Result<Batches, Failure> {
        let Some(url) = &self.metrics else { return Ok(Batches::default()) };
        let text = reqwest::get(url).await?.text().await?;
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name) && line[name.len()..].starts_with(' '));
            line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
        };
        Ok(Batches {
            webhooks: value("callplane_edge_batch_size_sum"),
            count: value("callplane_edge_batch_size_count"),
        })
    }

    /// What is missing or too many in its database, if it has one.
    pub async fn missing(&self) -> Result<Option<String>, Failure> {
        let (url, backend) = match &self.database {
            None => return Ok(None),
            Some(Database::Sqlite(url)) => (format!("{url}?mode=ro"), DbBackend::Sqlite),
            Some(Database::Postgres(postgres)) => (postgres.url(), DbBackend::Postgres),
        };
        let connection = Connection::connect(&url).await?;
        let mut counted = Vec::new();
        for query in [
            r#"SELECT COUNT(*) FROM "call" WHERE "status" = 'completed'"#,
            r#"SELECT COUNT(*) FROM "call""#,
            r#"SELECT COUNT(*) FROM "call_event""#,
        ] {
            let row = connection.query_one_raw(Statement::from_string(backend, query)).await?;
            let count: i64 = row.ok_or("a count without a row")?.try_get_by_index(0)?;
            counted.push(u64::try_from(count)?);
        }
        connection.close().await?;
        let wanted = [self.acknowledged, self.acknowledged, self.acknowledged * STEPS as u64];
        Ok((counted != wanted).then(|| {
            let name = self.name;
            format!("{name}: [completed calls, calls, events] are {counted:?} in the database, acknowledged {wanted:?}")
        }))
    }

    /// How many calls were acknowledged in all.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}
