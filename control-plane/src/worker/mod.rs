//! What happens by itself: effects are performed, timers fire, secrets move to the newest key, old rows go. Every change
//! goes through `flow`; this is the only place, with the answer path, that calls a vendor.

pub mod access;
pub mod attempt;
pub mod boundary;
pub mod calendar;
pub mod checking;
pub mod deliver;
pub mod effects;
mod import;
pub mod ladder;
pub mod mail;
pub mod monitor;
pub mod perform;
pub mod probe;
pub mod reconcile;
pub mod registrar;
pub mod replicas;
pub mod reseal;
pub mod sweep;
mod target;
pub mod timers;

use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use boundary::{Boundaries, Boundary, Crashed};

use crate::{
    domain::effect::Queue,
    flow::Context,
    provider::{Telephony, VoiceAgents, calendar::CalendarFeeds, mail::Mailer},
};

/// What a worker needs.
#[derive(Clone)]
pub struct Crew {
    /// What every change needs at hand.
    pub ctx: Arc<Context>,
    /// Twilio, or what stands in for it.
    pub telephony: Arc<dyn Telephony>,
    /// ElevenLabs, or what stands in for it.
    pub agents: Arc<dyn VoiceAgents>,
    /// The server's own ElevenLabs key, for agents that have none.
    pub eleven_labs_key: Option<SecretString>,
    /// Who sends mail, if anybody does.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Who else says whether a number may be reached, if anybody does.
    pub checker: Option<checking::Checker>,
    /// Who fetches calendars.
    pub feeds: Arc<dyn CalendarFeeds>,
    /// The vendors once more, for those who watch them.
    pub watch: probe::Watch,
    /// Which process this is, for leases.
    pub owner: String,
    /// Where a test may stop it.
    pub boundaries: Boundaries,
}

/// Runs everything until `stop`; ends when what was under way has ended.
pub async fn run(crew: Crew, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    tasks.spawn(effects::run(crew.clone(), Queue::Work, stop.clone()));
    tasks.spawn(effects::run(crew.clone(), Queue::Probes, stop.clone()));
    tasks.spawn(effects::run(crew.clone(), Queue::Attempts, stop.clone()));
    tasks.spawn(ladder::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(timers::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(reseal::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(sweep::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(reconcile::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(monitor::run(Arc::clone(&crew.ctx), stop.clone()));
    tasks.spawn(replicas::run(Arc::clone(&crew.ctx), stop));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a worker ended badly");
        }
    }
}
