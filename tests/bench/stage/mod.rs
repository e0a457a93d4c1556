//! A stage of the way from Twilio to the disk: real processes, started and filled, and what they have used.

mod builder;
mod rows;

use std::{net::SocketAddr, sync::Arc, time::Duration};

pub use builder::Builder;
use rows::Database;

use super::{
    Failure,
    load::{Load, Outcome, Pace, Shape},
    process::Process,
    webhook::Webhooks,
    world::Exchange,
};

/// A stage that is up.
pub struct Stage {
    /// Its name in the table.
    pub name: &'static str,
    /// Where its webhooks go.
    pub address: SocketAddr,
    load: Load,
    front: Process,
    metrics: Option<String>,
    plane: Option<Process>,
    database: Option<Database>,
    acknowledged: u64,
}

/// CPU seconds, by whose they are.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// The edge, the monolith or the bare server.
    pub front: f64,
    /// The control plane, or the one that remembers nothing.
    pub plane: f64,
    /// PostgreSQL; SQLite is inside the process that writes.
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

impl Stage {
    fn new(
        name: &'static str,
        shape: Shape,
        (address, front): (SocketAddr, Process),
        exchange: u32,
        webhooks: Arc<Webhooks>,
    ) -> Self {
        let load = Load { address, shape, exchange: Arc::new(Exchange::new(exchange)), webhooks };
        Self { name, address, load, front, metrics: None, plane: None, database: None, acknowledged: 0 }
    }

    /// Makes this many calls at a time.
    pub async fn closed(&mut self, callers: usize, measured: Duration) -> Result<Outcome, Failure> {
        let outcome = self.load.closed(callers, measured).await?;
        self.acknowledged += outcome.acknowledged;
        Ok(outcome)
    }

    /// Makes calls at this pace.
    pub async fn open(&mut self, pace: Pace) -> Result<Outcome, Failure> {
        let outcome = self.load.open(pace).await?;
        self.acknowledged += outcome.acknowledged;
        Ok(outcome)
    }

    /// What it has used so far.
    pub fn used(&self) -> Used {
        let database = self.database.as_ref().map_or(0.0, Database::cpu);
        Used { front: self.front.cpu(), plane: self.plane.as_ref().map_or(0.0, Process::cpu), database }
    }

    /// The memory its edge holds now, in bytes.
    pub fn front_memory(&self) -> u64 {
        self.front.memory()
    }

    /// The most memory its edge ever held, in bytes.
    pub fn front_memory_most(&self) -> u64 {
        self.front.memory_most()
    }

    /// Its processes, for a profile.
    pub fn processes(&self) -> Vec<u32> {
        let own = std::iter::once(&self.front).chain(&self.plane).filter_map(Process::id);
        own.chain(self.database.iter().flat_map(Database::processes)).collect()
    }

    /// Ends its control plane, as a fault would.
    pub async fn lose_plane(&mut self) -> Result<(), Failure> {
        match self.plane.take() {
            Some(plane) => plane.kill().await,
            None => Ok(()),
        }
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
        let Some(database) = &self.database else { return Ok(None) };
        let missing = database.missing(self.acknowledged).await?;
        Ok(missing.map(|missing| format!("{}: {missing}", self.name)))
    }

    /// Whether it has a database.
    pub fn stores(&self) -> bool {
        self.database.is_some()
    }

    /// How many calls were acknowledged in all.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}
