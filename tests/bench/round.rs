//! The order of a run: start everything, measure every stage in turn, round after round, then compare the databases with
//! what was acknowledged.

use std::{rc::Rc, sync::Arc};

use callplane_control_plane::{clock::SystemClock, domain::time::Clock};

use super::{
    Failure,
    conditions::{self, Machine},
    load::Outcome,
    options::Options,
    postgres::Postgres,
    process::cpu_of,
    report::{Measured, Table},
    stage::{Builder, Stage},
    startup,
    webhook::Webhooks,
};

/// Runs the bench; says whether every answer and every row was right.
pub async fn run(options: &Options) -> Result<bool, Failure> {
    let folder = tempfile::Builder::new().prefix("callplane-bench").tempdir()?;
    let postgres = if options.wants("postgres") { Some(Rc::new(Postgres::start()?)) } else { None };
    conditions::print(postgres.as_deref().map(|postgres| postgres.version.as_str()), options);
    let webhooks = Arc::new(Webhooks::new(SystemClock.now()));
    let mut builder = Builder { folder: folder.path(), webhooks, started: 0 };
    let mut stages = start(&mut builder, options, postgres.as_ref()).await?;
    let mut table = Table::default();
    let mut wrong = Vec::new();
    for round in 1..=options.rounds {
        for &callers in &options.calls {
            for stage in &mut stages {
                eprint!("\rround {round} of {}: {} with {callers} calls at a time      ", options.rounds, stage.name);
                let (measured, mut complaints) = measure(stage, callers, options).await?;
                table.add(stage.name, callers, measured);
                wrong.append(&mut complaints);
            }
        }
    }
    eprintln!();
    table.print(options);
    for stage in &stages {
        match stage.missing().await? {
            Some(complaint) => wrong.push(complaint),
            None => println!("{}: {} calls acknowledged, all as they should be", stage.name, stage.acknowledged()),
        }
    }
    drop(stages);
    if !options.no_start_up && options.only.is_empty() {
        startup::print().await?;
    }
    conditions::print_load("after");
    wrong.iter().take(20).for_each(|complaint| eprintln!("wrong: {complaint}"));
    if !wrong.is_empty() {
        eprintln!("the logs are kept in {}", folder.keep().display());
    }
    Ok(wrong.is_empty())
}

async fn start(
    builder: &mut Builder<'_>,
    options: &Options,
    postgres: Option<&Rc<Postgres>>,
) -> Result<Vec<Stage>, Failure> {
    let mut stages = Vec::new();
    if options.wants("bare") {
        stages.push(builder.bare().await?);
    }
    if options.wants("edge") {
        stages.push(builder.edge_alone().await?);
    }
    if options.wants("hop") {
        stages.push(builder.hop().await?);
    }
    if options.wants("sqlite") {
        stages.push(builder.sqlite().await?);
    }
    if let Some(postgres) = postgres {
        stages.push(builder.postgres(Rc::clone(postgres)).await?);
    }
    Ok(stages)
}

/// One measurement after a warm-up, with what everybody used meanwhile.
async fn measure(stage: &mut Stage, callers: usize, options: &Options) -> Result<(Measured, Vec<String>), Failure> {
    let warm_up = stage.load(callers, options.warmed()).await?;
    let mut wrong = warm_up.wrong;
    let (used, batches, machine, own) = (stage.used(), stage.batches().await?, Machine::now(), own_cpu());
    let mut outcome = stage.load(callers, options.measured()).await?;
    let (used_after, batches_after, machine_after) = (stage.used(), stage.batches().await?, Machine::now());
    wrong.append(&mut outcome.wrong);
    let Outcome { took, calls, .. } = &outcome;
    // What was under way at the end used time too; a few webhooks of many thousands.
    let each = |seconds: f64| seconds * 1e6 / took.len().max(1) as f64;
    let generator = own_cpu() - own;
    let (front, plane) = (used_after.front - used.front, used_after.plane - used.plane);
    let database = used_after.database - used.database;
    let measured = Measured {
        webhooks: took.len() as f64 / options.measured().as_secs_f64(),
        calls: *calls as f64 / options.measured().as_secs_f64(),
        p50: outcome.quantile(0.5),
        p99: outcome.quantile(0.99),
        cpu: [each(front), each(plane), each(database), each(generator)],
        batch: (batches_after.webhooks - batches.webhooks) / (batches_after.count - batches.count),
        others: machine_after.others_since(machine, front + plane + database + generator),
    };
    Ok((measured, wrong))
}

fn own_cpu() -> f64 {
    cpu_of(std::process::id())
}
