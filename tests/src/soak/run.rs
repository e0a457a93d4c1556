//! A run from its first process to its verdict: calm, faults, calm, and then the time in which everything must become
//! right.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::DatabaseConnection;
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    Failure,
    caller::Exchange,
    chores::Chores,
    evidence::Evidence,
    fleet::{Fleet, Manner},
    furnish::{Furniture, furnish},
    gather,
    history::History,
    judge::{Expected, Violation, judge, unfinished, unlike_the_truth},
    load::Load,
    memory::{Sample, Who},
    nemesis,
    reach::{Promised, Reach},
    schedule::{Blow, Member, Strike, draw},
};
use crate::settings::PUBLIC_URL;
use callplane_simulator::webhook::courier::Courier;

/// What is done in a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The schedule and the calls come from it.
    pub seed: u64,
    /// Webhooks a second.
    pub rate: u32,
    /// How many calls may be under way at a time.
    pub at_once: usize,
    /// How long faults happen.
    pub faults: Duration,
    /// Before and after them.
    pub calm: Duration,
    /// Which calls must be stored in the end.
    pub expected: Expected,
}

/// Everything must be right so long after the end; also how long webhooks of calls under way may take.
const RIGHT_WITHIN: Duration = Duration::from_secs(120);
/// Nothing is felt of a fault so long after it: a process has started, a circuit has closed.
pub const HEALING: Duration = Duration::from_secs(15);
const GLANCE: Duration = Duration::from_secs(1);

/// A run's end.
pub struct Outcome {
    /// What was done.
    pub strikes: Vec<Strike>,
    /// What was found.
    pub evidence: Evidence,
    /// What is wrong with it.
    pub violations: Vec<Violation>,
    /// Calls placed.
    pub calls: u64,
    /// How long after the last call everything was right; none when it never was.
    pub right_after: Option<Duration>,
    /// How often each process ended by itself and was started again.
    pub ended_alone: BTreeMap<String, u32>,
}

/// A fleet under load.
pub struct Stage {
    /// The processes.
    pub fleet: Arc<Fleet>,
    /// What is in it.
    pub furniture: Furniture,
    /// What its callers share.
    pub exchange: Arc<Exchange>,
    ledger_start: u64,
}

impl Stage {
    /// Starts everything, and puts in what calls need.
    pub async fn set(manner: Manner) -> Result<Self, Failure> {
        let fleet = Arc::new(Fleet::start(manner).await?);
        let furniture = furnish(&fleet).await?;
        let courier = Courier::default();
        courier.add_route(PUBLIC_URL, &fleet.front.url());
        fleet.twilio.add_route(PUBLIC_URL, &fleet.front.url()).await?;
        let exchange = Arc::new(Exchange {
            courier,
            twilio: fleet.twilio.clone(),
            called: furniture.called.clone(),
            history: History::default(),
            began: Instant::now(),
        });
        let ledger_start = gather::last_entry(&fleet.twilio).await?;
        Ok(Self { fleet, furniture, exchange, ledger_start })
    }

    /// What can be known of it now.
    pub async fn evidence(&self, database: &DatabaseConnection) -> Result<Evidence, Failure> {
        Ok(Evidence {
            noted: self.exchange.history.read(),
            stored: gather::stored(database).await?,
            events: gather::events(database).await?,
            touches: gather::touches(&self.fleet.twilio, self.ledger_start).await?,
            rings: gather::rings(&self.fleet.twilio).await?,
            steps: gather::steps(database).await?,
            errors: gather::errors(&self.fleet)?,
            ..Evidence::default()
        })
    }

    /// Waits until the stored calls are Twilio's and every step has an outcome; how long that took, or none when it was too
    /// long.
    pub async fn becomes_right(&self, expected: Expected, promised: &[Promised]) -> Result<Option<Duration>, Failure> {
        let (end, database) = (Instant::now(), self.fleet.postgres.connect().await?);
        loop {
            let evidence = Evidence {
                noted: self.exchange.history.read(),
                stored: gather::stored(&database).await?,
                promised: promised.to_vec(),
                steps: gather::steps(&database).await?,
                ..Evidence::default()
            };
            if unlike_the_truth(&evidence, expected).is_empty() && unfinished(&evidence).is_empty() {
                return Ok(Some(end.elapsed()));
            }
            if end.elapsed() > RIGHT_WITHIN {
                return Ok(None);
            }
            sleep(GLANCE).await;
        }
    }
}

/// Runs a plan to its verdict.
pub async fn run(plan: &Plan, say: impl Fn(&str)) -> Result<Outcome, Failure> {
    let stage = Stage::set(Manner::default()).await?;
    say("everything is up");
    let strikes = draw(plan.seed, plan.faults);
    let Stage { fleet, exchange, .. } = &stage;
    let keeper = Keeper::start(Arc::clone(fleet), exchange.began);
    let load = Arc::new(Load::new(Arc::clone(exchange), plan.seed, plan.rate, plan.at_once));
    let calling = spawn_load(&load);
    let chores = Arc::new(Chores::new(Arc::clone(fleet), stage.furniture.clone()));
    let deadline = Arc::new(Mutex::new(None));
    let writing = spawn_chores(&chores, &deadline);
    let reach = Arc::new(Reach::new(Arc::clone(fleet), &stage.furniture.workspace_id));
    let reaching = spawn_reach(&reach);
    sleep(plan.calm).await;
    let start = exchange.began.elapsed();
    say("faults begin");
    nemesis::strike(fleet, &strikes).await?;
    say("faults are over");
    sleep(HEALING + plan.calm).await;
    load.stop();
    chores.stop();
    reach.stop();
    let length = exchange.began.elapsed();
    *deadline.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + RIGHT_WITHIN);
    calling.await?;
    say("the last call has ended");
    let unsettled = writing.await??;
    reaching.await??;
    let promised = reach.promised();
    let right_after = stage.becomes_right(plan.expected, &promised).await?;
    let (memory, ended_alone) = keeper.stop().await?;
    let evidence = Evidence {
        rounds: chores.rounds(),
        unsettled,
        promised,
        sleeps: sleeps(&strikes),
        windows: nemesis::windows(&strikes, start, HEALING),
        length,
        memory,
        ..stage.evidence(&fleet.postgres.connect().await?).await?
    };
    let violations = judge(&evidence, plan.expected);
    if !violations.is_empty() {
        let folder = std::env::temp_dir().join(format!("callplane-soak-logs-{}", plan.seed));
        fleet.keep_logs(&folder)?;
        say(&format!("something is wrong; the logs are in {}", folder.display()));
    }
    Ok(Outcome { strikes, evidence, violations, calls: load.placed(), right_after, ended_alone })
}

fn spawn_load(load: &Arc<Load>) -> JoinHandle<()> {
    let load = Arc::clone(load);
    tokio::spawn(async move { load.run().await })
}

fn spawn_reach(reach: &Arc<Reach>) -> JoinHandle<Result<(), Failure>> {
    let reach = Arc::clone(reach);
    tokio::spawn(async move { reach.run().await })
}

fn spawn_chores(
    chores: &Arc<Chores>,
    deadline: &Arc<Mutex<Option<Instant>>>,
) -> JoinHandle<Result<Vec<String>, Failure>> {
    let (chores, deadline) = (Arc::clone(chores), Arc::clone(deadline));
    let read = move || *deadline.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::spawn(async move { chores.run(read).await })
}

fn sleeps(strikes: &[Strike]) -> u32 {
    let sleeps = strikes.iter().filter(|strike| matches!(strike.blow, Blow::Freeze(Member::Plane(_))));
    u32::try_from(sleeps.count()).unwrap_or(u32::MAX)
}

type Kept = (BTreeMap<Who, Vec<Sample>>, BTreeMap<String, u32>);

/// Looks after the seats: weighs who sits there, and starts again who has ended by itself.
struct Keeper {
    task: JoinHandle<Result<Kept, Failure>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Keeper {
    fn start(fleet: Arc<Fleet>, began: Instant) -> Self {
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let task = tokio::spawn(async move {
            let (mut memory, mut ended_alone): Kept = Default::default();
            let mut ticks = interval(GLANCE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return Ok((memory, ended_alone)),
                    _ = ticks.tick() => {}
                }
                for seat in fleet.seats().chain([&fleet.simulator]) {
                    let look = seat.tend().await?;
                    ended_alone.insert(seat.name.clone(), look.ended_alone);
                    if let Some(resident) = look.resident {
                        let sample = Sample { at: began.elapsed(), resident };
                        memory.entry((seat.name.clone(), look.starts)).or_default().push(sample);
                    }
                }
            }
        });
        Self { task, stop }
    }

    async fn stop(self) -> Result<Kept, Failure> {
        self.stop.send_replace(true);
        self.task.await?
    }
}
