//! Kills a worker at every durable boundary of a scenario, one run each, or one and then its successor, and brings a fresh one
//! to the same database afterwards. What must be equal in the end, the scenario says.

use std::{sync::Arc, thread, time::Duration};

use callplane_control_plane::{
    clock::{ManualClock, TimeOrderedIds},
    domain::{
        effect::Queue,
        id::{TokenId, WorkspaceId},
        time::{Clock, Timestamp},
    },
    rpc::{gate::Caller, mask::AuditedRequest},
    server,
    store::{
        attempt,
        entity::{effect, reconciliation},
        failover, incident,
    },
    token::{Audience, Scopes},
    worker::{Boundaries, Crew, effects, timers},
};
use callplane_simulator::{Simulator, SimulatorHandle, SimulatorOptions};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter};

use tonic::Request;

use crate::{
    Database,
    chance::{self, Runs},
    database,
    plane::add_workspace,
    settings::Variables,
    soak::dice::Dice,
};

/// When every run begins.
const START: &str = "2026-08-04T09:00:00Z";
/// Longer than a lease.
const PAST_THE_LEASE: Duration = Duration::from_secs(31);
/// How often machines that wait are woken before we say that they never end.
const ROUNDS: usize = 200;

/// A worker without servers: what a process is between two crashes.
pub struct Workshop {
    /// The database.
    pub database: Database,
    /// Twilio.
    pub twilio: SimulatorHandle,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The tenant that everything happens in.
    pub workspace: WorkspaceId,
    variables: Variables,
}

/// How one run ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
    /// Nothing is left to do.
    AtRest,
    /// The worker was stopped at its boundary.
    Crashed,
}

impl Workshop {
    /// An empty database and an empty Twilio.
    pub async fn open(database: Database) -> Self {
        let start: Timestamp = START.parse().expect("a valid time");
        // The same SIDs in every run, so that ends can be compared.
        let options =
            SimulatorOptions { start: Some(start), seed: Some("crash".to_owned()), ..SimulatorOptions::default() };
        let twilio = Simulator::start(options).await.expect("a free port");
        let variables = Variables::new(database.url(), twilio.base_url());
        let clock = Arc::new(ManualClock::at(start));
        let first = start_process(&variables, &clock).await;
        let workspace = add_workspace(&first.ctx, "Support").await;
        Self { database, twilio, clock, workspace, variables }
    }

    /// A request as it arrives behind the gate: there is no server here.
    pub fn ask<T>(&self, message: T) -> Request<T> {
        let caller = Caller {
            token_id: TokenId::fresh(&TimeOrderedIds),
            audience: Audience::Workspace,
            scopes: Scopes::parse(["*"]).expect("valid"),
            workspace: Some(self.workspace),
        };
        let audited = AuditedRequest { method: "crash".into(), request: serde_json::json!({}) };
        let mut request = Request::new(message);
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(audited);
        request
    }

    /// A fresh process on the same database. Dropping it is as sudden as a crash.
    pub async fn process(&self) -> server::Plane {
        start_process(&self.variables, &self.clock).await
    }

    /// Moves all clocks.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(chrono::Duration::from_std(by).expect("a duration a test would use"));
        self.twilio.advance(by);
    }

    /// Works until nothing is left to do, waking what waits, or until the boundary.
    pub async fn work(&self, plane: &server::Plane, boundaries: Boundaries) -> Ended {
        let crew = Crew { boundaries, ..plane.crew.clone() };
        for _ in 0..ROUNDS {
            loop {
                // What Twilio does meanwhile takes none of our time, on a slow machine either.
                self.twilio.settle().await;
                if effects::settle(&crew).await.expect("effects are claimed").is_err() {
                    return Ended::Crashed;
                }
                if timers::tick(&crew.ctx).await.expect("timers are read") == 0 {
                    break;
                }
            }
            if open_effects(crew.ctx.store.read()).await == 0 && !waits(&crew).await {
                self.twilio.settle().await;
                return Ended::AtRest;
            }
            self.advance(next_step(&crew).await);
        }
        panic!("something waits for ever");
    }
}

async fn start_process(variables: &Variables, clock: &Arc<ManualClock>) -> server::Plane {
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    server::Plane::with_clock(&variables.read(), clock).await.expect("it starts")
}

/// Until the next machine of those that wait for one another wants to be woken: a longer step would let one run out of
/// patience with another that has had no time.
async fn next_step(crew: &Crew) -> Duration {
    let (store, now) = (crew.ctx.store.read(), crew.ctx.clock.now());
    let end = now + chrono::Duration::seconds(301);
    let numbers = callplane_control_plane::store::phone_number::due(store, end, 1).await.expect("numbers are read");
    let failovers = failover::due(store, end, 1).await.expect("failovers are read");
    let moves = failover::moves::due(store, end, 1).await.expect("moves are read");
    let numbers = numbers.into_iter().map(|(_, _, due)| due);
    let others = failovers.into_iter().map(|(_, _, due)| due).chain(moves.into_iter().map(|(_, _, due)| due));
    let (ladders, attempts) = reaching(crew, end).await;
    let next = numbers.chain(others).chain(ladders).chain(attempts).min().unwrap_or(end);
    (next - now).max(chrono::Duration::seconds(1)).to_std().expect("it is ahead")
}

/// When the next ladder and the next attempt want to be woken.
async fn reaching(crew: &Crew, end: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let store = crew.ctx.store.read();
    let ladders = incident::due(store, end, 1).await.expect("incidents are read");
    let attempts = attempt::due(store, end, 1).await.expect("attempts are read");
    (ladders.first().map(|(_, _, due)| *due), attempts.first().map(|(_, _, due)| *due))
}

/// A machine has asked to be woken.
async fn waits(crew: &Crew) -> bool {
    let (store, end) = (crew.ctx.store.read(), crew.ctx.clock.now() + chrono::Duration::days(1));
    let accounts = callplane_control_plane::store::account::due(store, end, 1).await.expect("accounts are read");
    let numbers = callplane_control_plane::store::phone_number::due(store, end, 1).await.expect("numbers are read");
    let mails = callplane_control_plane::store::notification::due(store, end, 1).await.expect("notifications are read");
    let at_work = reconciliation::Column::State.ne("idle");
    let looks = reconciliation::Entity::find().filter(at_work).count(store).await.expect("they are counted");
    let failovers = failover::due(store, end, 1).await.expect("failovers are read");
    let moves = failover::moves::due(store, end, 1).await.expect("moves are read");
    let (ladders, attempts) = reaching(crew, end).await;
    let is_asleep = accounts.is_empty() && numbers.is_empty() && mails.is_empty();
    !is_asleep || ladders.is_some() || attempts.is_some() || !failovers.is_empty() || !moves.is_empty() || looks > 0
}

/// What a scenario must say of itself.
pub trait Scenario {
    /// What must be the same at the end of every run.
    type End: PartialEq + std::fmt::Debug;

    /// Prepares, and asks for the change.
    fn begin(&self, workshop: &Workshop, plane: &server::Plane) -> impl Future<Output = ()>;

    /// How it ended; also complains about whatever must not have happened on the way.
    fn end(&self, workshop: &Workshop, plane: &server::Plane, crashed: bool) -> impl Future<Output = Self::End>;
}

/// Runs the scenario without a crash, then once for each boundary with a crash there.
pub async fn at_every_boundary<S: Scenario>(scenario: &S, mut database: impl AsyncFnMut() -> Database) {
    let (expected, boundaries) = undisturbed(scenario, database().await).await;
    for boundary in 1..=boundaries {
        let (end, died) = dying(scenario, database().await, &[boundary]).await;
        assert_eq!(died, 1, "boundary {boundary}");
        assert_eq!(end, expected, "crashed at boundary {boundary}");
    }
}

/// Runs the scenario without a crash, then with two: the first process dies at a boundary, and the one that takes over at
/// another, counted from its start. `CALLPLANE_TEST_SEEDS=all` takes every pair; otherwise each seed gives one, and there are `usual` of them.
pub async fn at_pairs<S: Scenario>(scenario: &S, usual: u64, mut database: impl AsyncFnMut() -> Database) {
    let (expected, boundaries) = undisturbed(scenario, database().await).await;
    match chance::runs(usual) {
        Runs::All => {
            for first in 1..=boundaries {
                let mut second = 0;
                let mut died = 2;
                while died == 2 {
                    second += 1;
                    died = at_pair(scenario, database().await, [first, second], &expected).await;
                }
                eprintln!("crashed at {first}, and then at each of {} boundaries", second - 1);
            }
        }
        Runs::Seeds(seeds) => {
            for seed in seeds {
                let mut dice = Dice::new(seed);
                let first = 1 + dice.below(boundaries);
                // Whoever takes over does what the first one did not, and a little of it again.
                let second = 1 + dice.below(boundaries - first + 4);
                eprintln!("seed {seed}: crashes at {first} and {second}");
                at_pair(scenario, database().await, [first, second], &expected).await;
            }
        }
    }
}

/// Says how many processes died: the second one may have had less to do.
async fn at_pair<S: Scenario>(scenario: &S, database: Database, pair: [usize; 2], expected: &S::End) -> usize {
    let (end, died) = dying(scenario, database, &pair).await;
    assert!(died > 0, "crashes at {pair:?}");
    assert_eq!(&end, expected, "crashes at {pair:?}");
    died
}

/// How it ends without a crash, and how many boundaries there are.
async fn undisturbed<S: Scenario>(scenario: &S, database: Database) -> (S::End, usize) {
    let workshop = Workshop::open(database).await;
    let plane = workshop.process().await;
    scenario.begin(&workshop, &plane).await;
    let counting = Boundaries::stop_at(usize::MAX);
    assert_eq!(workshop.work(&plane, counting.clone()).await, Ended::AtRest);
    assert!(counting.passed() > 2, "a scenario without durable steps proves nothing");
    (scenario.end(&workshop, &plane, false).await, counting.passed())
}

/// One process after the other dies at its boundary, and the last one works to the end; says how it ended, and how many died.
async fn dying<S: Scenario>(scenario: &S, database: Database, boundaries: &[usize]) -> (S::End, usize) {
    let workshop = Workshop::open(database).await;
    let mut plane = workshop.process().await;
    scenario.begin(&workshop, &plane).await;
    let mut died = 0;
    for boundary in boundaries {
        if workshop.work(&plane, Boundaries::stop_at(*boundary)).await == Ended::AtRest {
            break;
        }
        died += 1;
        drop(plane);
        workshop.advance(PAST_THE_LEASE);
        plane = workshop.process().await;
    }
    assert_eq!(workshop.work(&plane, Boundaries::default()).await, Ended::AtRest, "after crashes at {boundaries:?}");
    (scenario.end(&workshop, &plane, died > 0).await, died)
}

/// How many effects are not at their end.
pub async fn open_effects(database: &DatabaseConnection) -> u64 {
    let open = effect::Column::State.is_in(["ready", "leased"]);
    effect::Entity::find().filter(open).count(database).await.expect("effects are counted")
}

/// How many effects are not at their end, and how many there are, with those.
pub async fn effects(database: &DatabaseConnection) -> (u64, u64) {
    let open = open_effects(database).await;
    (open, effect::Entity::find().count(database).await.expect("effects are counted"))
}

/// How many are not at their end, from a place that cannot wait, such as a drop.
pub(crate) fn left_over(url: &str) -> u64 {
    let url = url.to_owned();
    let counting = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { open_effects(&database::connect(&url).await).await })
    });
    counting.join().expect("effects are counted")
}

/// How many effects that reach people are not at their end.
pub async fn open_attempts(database: &DatabaseConnection) -> u64 {
    let open = effect::Column::State.is_in(["ready", "leased"]);
    let attempts = effect::Column::Kind.is_in(Queue::ATTEMPTS.to_vec());
    effect::Entity::find().filter(open).filter(attempts).count(database).await.expect("effects are counted")
}

/// What is not at its end: kind, tries and the last complaint.
pub async fn unfinished(database: &DatabaseConnection) -> Vec<(String, i64, String)> {
    let open = effect::Column::State.is_in(["ready", "leased"]);
    let open = effect::Entity::find().filter(open).all(database).await.expect("effects are read");
    open.into_iter().map(|effect| (effect.kind, effect.attempt, effect.last_error)).collect()
}
