//! Starts stages: which processes a stage has, their settings, and what is in their databases before the first webhook.

use std::{net::SocketAddr, path::Path, sync::Arc};

use super::{Database, Stage};
use crate::{
    Failure,
    load::Shape,
    noop::Size,
    postgres::Postgres,
    process::{Process, beside, free_address},
    seed::{self, Tokens},
    webhook::Webhooks,
    world::{ENCRYPTION_KEY, PUBLIC_URL},
};

/// Starts stages.
pub struct Builder<'a> {
    /// Where logs, keys and SQLite databases go.
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
        let front = self.own("bare", &["bare"]).await?;
        Ok(self.stage("bare", Shape::Whole, front))
    }

    /// The edge alone: every call is over the rate, so that it is read, checked, typed and answered with TwiML without a
    /// control plane.
    pub async fn edge_alone(&mut self) -> Result<Stage, Failure> {
        let (plane_address, plane) = self.own("edge-no-op", &["no-op"]).await?;
        let (front, metrics) = self.edge("edge", plane_address, "none", "1").await?;
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), ..self.stage("edge", Shape::VoiceOnly, front) })
    }

    /// The edge and a control plane that remembers nothing and tells it of so many accounts and numbers.
    pub async fn hop(&mut self, name: &'static str, size: Size) -> Result<Stage, Failure> {
        let (accounts, numbers) = (size.accounts.to_string(), size.numbers.to_string());
        let mut arguments = vec!["no-op", "--accounts", &accounts, "--numbers", &numbers];
        arguments.extend(size.fallbacks.then_some("--fallbacks"));
        let (plane_address, plane) = self.own(&format!("{name}-no-op"), &arguments).await?;
        let (front, metrics) = self.edge(name, plane_address, "none", NO_LIMIT).await?;
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), ..self.stage(name, Shape::Whole, front) })
    }

    /// Everything, with SQLite.
    pub async fn sqlite(&mut self) -> Result<Stage, Failure> {
        let url = self.sqlite_url("callplane");
        self.whole("sqlite", url.clone(), Database::Sqlite(url)).await
    }

    /// Everything, with PostgreSQL.
    pub async fn postgres(&mut self, postgres: Postgres) -> Result<Stage, Failure> {
        self.whole("postgres", postgres.url(), Database::Postgres(postgres)).await
    }

    /// The yardstick, with SQLite.
    pub async fn monolith_sqlite(&mut self) -> Result<Stage, Failure> {
        let url = self.sqlite_url("monolith");
        self.monolith("monolith-sqlite", url.clone(), Database::Sqlite(url)).await
    }

    /// The yardstick, with PostgreSQL.
    pub async fn monolith_postgres(&mut self, postgres: Postgres) -> Result<Stage, Failure> {
        self.monolith("monolith-postgres", postgres.url(), Database::Postgres(postgres)).await
    }

    async fn whole(&mut self, name: &'static str, url: String, database: Database) -> Result<Stage, Failure> {
        let (plane_address, plane, tokens) = self.filled(name, url).await?;
        let (front, metrics) = self.edge(name, plane_address, &tokens.edge, NO_LIMIT).await?;
        let stage = self.stage(name, Shape::Whole, front);
        Ok(Stage { plane: Some(plane), metrics: Some(metrics), database: Some(database), ..stage })
    }

    /// A control plane fills the database, because it knows how, and goes away.
    async fn monolith(&mut self, name: &'static str, url: String, database: Database) -> Result<Stage, Failure> {
        let (_, plane, _) = self.filled(name, url.clone()).await?;
        plane.kill().await?;
        let front = self.own(name, &["monolith", &url]).await?;
        Ok(Stage { database: Some(database), ..self.stage(name, Shape::Whole, front) })
    }

    /// A control plane with the accounts, agents and numbers of the bench.
    async fn filled(&self, name: &str, url: String) -> Result<(SocketAddr, Process, Tokens), Failure> {
        let (address, admin) = (free_address()?, free_address()?);
        let settings = self.plane_settings(url, address, admin)?;
        let tokens = seed::prepare(&settings).await?;
        let log = self.folder.join(format!("{name}-control-plane.log"));
        let mut plane = Process::start(&beside("callplane-control-plane")?, &["serve"], &settings, &log)?;
        plane.ready(&format!("http://{admin}/ready")).await?;
        seed::seed(address, &tokens.workspace).await?;
        Ok((address, plane, tokens))
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
            ("CALLPLANE_ENCRYPTION_KEY", ENCRYPTION_KEY.to_owned()),
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
    ) -> Result<((SocketAddr, Process), String), Failure> {
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
        Ok(((address, edge), format!("http://{admin}/metrics")))
    }

    /// A server of the bench's own; it takes where to listen as its last argument.
    async fn own(&self, name: &str, arguments: &[&str]) -> Result<(SocketAddr, Process), Failure> {
        let address = free_address()?;
        let listen = address.to_string();
        let arguments = [arguments, &[&listen]].concat();
        let log = self.folder.join(format!("{name}.log"));
        let mut server = Process::start(&std::env::current_exe()?, &arguments, &[], &log)?;
        server.listens(address).await?;
        Ok((address, server))
    }

    fn sqlite_url(&self, name: &str) -> String {
        format!("sqlite://{}", self.folder.join(format!("{name}.db")).display())
    }

    fn stage(&mut self, name: &'static str, shape: Shape, front: (SocketAddr, Process)) -> Stage {
        self.started += 1;
        Stage::new(name, shape, front, self.started, Arc::clone(&self.webhooks))
    }
}
