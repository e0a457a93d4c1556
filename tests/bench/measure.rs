//! One measurement: load on a stage, and what everybody used meanwhile.

use std::time::Duration;

use super::{
    Failure,
    conditions::Machine,
    load::Pace,
    options::Options,
    process::cpu_of,
    report::{Answered, Measured},
    stage::{Batches, Stage, Used},
};

/// The state of the counters before a measurement.
struct Meter {
    used: Used,
    batches: Batches,
    machine: Machine,
    own: f64,
}

/// What was used since.
struct Spent {
    /// CPU seconds: edge or another front, control plane, PostgreSQL, generator.
    cpu: [f64; 4],
    /// Webhooks in one batch to the control plane.
    batch: f64,
    /// How much of the machine others used, 0 to 1.
    others: f64,
}

impl Meter {
    async fn read(stage: &Stage) -> Result<Self, Failure> {
        let (used, batches) = (stage.used(), stage.batches().await?);
        Ok(Self { used, batches, machine: Machine::now(), own: cpu_of(std::process::id()) })
    }

    async fn since(self, stage: &Stage) -> Result<Spent, Failure> {
        let own = cpu_of(std::process::id()) - self.own;
        let (used, machine) = (stage.used(), Machine::now());
        let batches = stage.batches().await?;
        let (front, plane) = (used.front - self.used.front, used.plane - self.used.plane);
        let cpu = [front, plane, used.database - self.used.database, own];
        Ok(Spent {
            cpu,
            batch: (batches.webhooks - self.batches.webhooks) / (batches.count - self.batches.count),
            others: machine.others_since(self.machine, cpu.iter().sum()),
        })
    }
}

impl Spent {
    /// CPU microseconds a webhook.
    fn each(&self, webhooks: usize) -> [f64; 4] {
        self.cpu.map(|seconds| seconds * 1e6 / webhooks.max(1) as f64)
    }
}

/// So many calls at a time, after a warm-up; and what was answered wrongly.
pub async fn closed(stage: &mut Stage, callers: usize, options: &Options) -> Result<(Measured, Vec<String>), Failure> {
    let mut wrong = stage.closed(callers, options.warmed()).await?.wrong;
    let meter = Meter::read(stage).await?;
    let mut outcome = stage.closed(callers, options.measured()).await?;
    let spent = meter.since(stage).await?;
    wrong.append(&mut outcome.wrong);
    let seconds = options.measured().as_secs_f64();
    let measured = Measured {
        webhooks: outcome.took.len() as f64 / seconds,
        calls: outcome.calls as f64 / seconds,
        p50: outcome.quantile(0.5),
        p99: outcome.quantile(0.99),
        // What was under way at the end used time too; a few webhooks of many thousands.
        cpu: spent.each(outcome.took.len()),
        batch: spent.batch,
        others: spent.others,
    };
    Ok((measured, wrong))
}

/// So many calls a second; and what was answered wrongly.
pub async fn open(stage: &mut Stage, rate: f64, options: &Options) -> Result<(Answered, Vec<String>), Failure> {
    let pace = Pace { rate, warm_up: options.warmed(), measured: options.measured() };
    let meter = Meter::read(stage).await?;
    let outcome = stage.open(pace).await?;
    let spent = meter.since(stage).await?;
    let of_all = |part: Duration| part.as_secs_f64() / (pace.warm_up + pace.measured).as_secs_f64();
    let all = outcome.took.len() as f64 / of_all(pace.measured);
    let answered =
        Answered { cpu: spent.each(all as usize), others: spent.others, took: outcome.took, late: outcome.late };
    Ok((answered, outcome.wrong))
}
