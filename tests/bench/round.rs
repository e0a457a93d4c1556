//! The order of a run: start everything, measure every stage in turn, round after round, then compare the databases with
//! what was acknowledged.

use std::sync::Arc;

use callplane_control_plane::{clock::SystemClock, domain::time::Clock};

use super::{
    Failure, conditions, junk, measure, memory,
    noop::Size,
    options::{Options, Part},
    postgres::{self, Postgres},
    profile::Profile,
    report::{Aim, Latencies, Table},
    stage::{Builder, Stage},
    startup,
    webhook::Webhooks,
    world::{ACCOUNTS, NUMBERS},
};

/// What a run has found out.
#[derive(Default)]
struct Found {
    table: Table,
    latencies: Latencies,
    aims: Vec<Aim>,
    wrong: Vec<String>,
}

/// Runs the bench; says whether every answer and every row was right.
pub async fn run(options: &Options) -> Result<bool, Failure> {
    let folder = tempfile::Builder::new().prefix("callplane-bench").tempdir()?;
    conditions::print(&postgres::version().unwrap_or_else(|| "none".to_owned()), options);
    let webhooks = Arc::new(Webhooks::new(SystemClock.now(), ACCOUNTS));
    let mut builder = Builder { folder: folder.path(), webhooks, started: 0 };
    let mut found = Found::default();
    if options.does(Part::Closed) || options.does(Part::Open) {
        found.measure_stages(&mut builder, options).await?;
    }
    if options.does(Part::Junk) {
        let mut stage = builder.hop("junk", SMALL).await?;
        let (wrong, aim) = junk::measure(&mut stage, options).await?;
        found.take(wrong, aim);
    }
    if options.does(Part::Memory) {
        let (wrong, aim) = memory::measure(&mut builder).await?;
        found.take(wrong, aim);
    }
    if options.does(Part::StartUp) {
        startup::print().await?;
    }
    println!();
    found.aims.iter().for_each(|aim| println!("{aim}"));
    conditions::print_load("after");
    found.wrong.iter().take(20).for_each(|complaint| eprintln!("wrong: {complaint}"));
    if !found.wrong.is_empty() {
        eprintln!("the logs are kept in {}", folder.keep().display());
    }
    Ok(found.wrong.is_empty())
}

/// What the stages without a database know.
const SMALL: Size = Size { accounts: ACCOUNTS, numbers: NUMBERS, fallbacks: false };

async fn start(builder: &mut Builder<'_>, options: &Options) -> Result<Vec<Stage>, Failure> {
    let mut stages = Vec::new();
    let whole = options.does(Part::Closed);
    if whole && options.wants("bare") {
        stages.push(builder.bare().await?);
    }
    if whole && options.wants("edge") {
        stages.push(builder.edge_alone().await?);
    }
    if whole && options.wants("hop") {
        stages.push(builder.hop("hop", SMALL).await?);
    }
    if options.wants("sqlite") {
        stages.push(builder.sqlite().await?);
    }
    if options.wants("monolith-sqlite") {
        stages.push(builder.monolith_sqlite().await?);
    }
    if options.wants("postgres") {
        stages.push(builder.postgres(Postgres::start()?).await?);
    }
    if options.wants("monolith-postgres") {
        stages.push(builder.monolith_postgres(Postgres::start()?).await?);
    }
    Ok(stages)
}

impl Found {
    async fn measure_stages(&mut self, builder: &mut Builder<'_>, options: &Options) -> Result<(), Failure> {
        let mut stages = start(builder, options).await?;
        if options.does(Part::Closed) {
            self.closed(&mut stages, options).await?;
            self.table.print();
        }
        if options.does(Part::Open) {
            self.open(&mut stages, options).await?;
            self.latencies.print();
        }
        self.aims.extend(self.table.aims());
        self.aims.extend(self.latencies.aims());
        for stage in &stages {
            match stage.missing().await? {
                Some(complaint) => self.wrong.push(complaint),
                None => println!("{}: {} calls acknowledged, all as they should be", stage.name, stage.acknowledged()),
            }
        }
        Ok(())
    }

    async fn closed(&mut self, stages: &mut [Stage], options: &Options) -> Result<(), Failure> {
        for round in 1..=options.rounds {
            for &callers in &options.calls {
                for stage in &mut *stages {
                    eprint!(
                        "\rround {round} of {}: {} with {callers} calls at a time      ",
                        options.rounds, stage.name
                    );
                    let folder = options.profile.as_deref().filter(|_| round == 1);
                    let profile = folder.map(|folder| Profile::start(folder, stage, callers)).transpose()?;
                    let (measured, wrong) = measure::closed(stage, callers, options).await?;
                    profile.map(Profile::finish).transpose()?;
                    self.table.add(stage.name, callers, measured);
                    self.wrong.extend(wrong);
                }
            }
        }
        eprintln!();
        Ok(())
    }

    /// Stages that store, at half of what they carry and at fixed rates.
    async fn open(&mut self, stages: &mut [Stage], options: &Options) -> Result<(), Failure> {
        for round in 1..=options.rounds {
            for stage in stages.iter_mut().filter(|stage| stage.stores()) {
                let half = self.table.capacity(stage.name).map(|capacity| (capacity / 2.0, true));
                for (rate, is_half) in half.into_iter().chain(options.rates.iter().map(|rate| (*rate, false))) {
                    eprint!(
                        "\rround {round} of {}: {} with {rate:.0} calls a second      ",
                        options.rounds, stage.name
                    );
                    let (answered, wrong) = measure::open(stage, rate, options).await?;
                    self.latencies.add(stage.name, rate, is_half, answered);
                    self.wrong.extend(wrong);
                }
            }
        }
        eprintln!();
        Ok(())
    }

    fn take(&mut self, wrong: Vec<String>, aim: Aim) {
        self.wrong.extend(wrong);
        self.aims.push(aim);
    }
}
