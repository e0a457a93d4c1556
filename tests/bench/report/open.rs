//! The table of the open loop: how long answers take, counted from when they were due.

use std::collections::BTreeMap;

use super::{Aim, Wanted, YARDSTICKS, median};
use crate::load::quantile;

/// One measurement.
pub struct Answered {
    /// How long each answer took, in microseconds, sorted.
    pub took: Vec<u32>,
    /// How much later than due each webhook was sent, in microseconds, sorted.
    pub late: Vec<u32>,
    /// CPU microseconds a webhook: edge or another front, control plane, PostgreSQL, generator.
    pub cpu: [f64; 4],
    /// How much of the machine others used, 0 to 1.
    pub others: f64,
}

impl Answered {
    /// The quantile of the answers' times in milliseconds.
    pub fn quantile(&self, part: f64) -> f64 {
        quantile(&self.took, part)
    }
}

/// How fast calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rate {
    /// So many a second.
    Fixed(u64),
    /// Half of what the stage carries.
    Half,
}

/// Everything that was measured.
#[derive(Default)]
pub struct Latencies {
    rows: BTreeMap<(Rate, usize), (&'static str, f64, Vec<Answered>)>,
    order: Vec<&'static str>,
}

impl Latencies {
    /// Adds the measurement of a round; `rate` in calls a second is half of the stage's capacity or a fixed one.
    pub fn add(&mut self, stage: &'static str, rate: f64, is_half: bool, answered: Answered) {
        if !self.order.contains(&stage) {
            self.order.push(stage);
        }
        let place = self.order.iter().position(|known| *known == stage).unwrap_or_default();
        let key = if is_half { Rate::Half } else { Rate::Fixed(rate.round() as u64) };
        self.rows.entry((key, place)).or_insert_with(|| (stage, rate, Vec::new())).2.push(answered);
    }

    /// Prints it as Markdown.
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!(
            "| calls/s, open loop | stage | p50 ms | p99 ms [min-max] | p99.9 ms | sent late, p99 ms | CPU µs a webhook: edge + control plane + database, generator | others |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for ((rate, _), (stage, calls, rows)) in &self.rows {
            let half = if *rate == Rate::Half { " (half)" } else { "" };
            println!("| {calls:.0}{half} | {stage} {}", row(rows));
        }
        println!();
    }

    /// p99 at half load, and at each fixed rate against the yardstick.
    pub fn aims(&self) -> Vec<Aim> {
        let mut aims = Vec::new();
        for ((rate, _), (stage, calls, rows)) in &self.rows {
            let Some((_, yardstick)) = YARDSTICKS.iter().find(|(ours, _)| ours == stage) else { continue };
            let p99 = p99(rows);
            let others = others(rows);
            if *rate == Rate::Half {
                let what = format!("p99 of {stage} at half load ({calls:.0} calls/s), ms");
                aims.push(Aim { what, wanted: Wanted::AtMost(5.0), measured: p99, others });
            } else if let Some(bound) = self.of(*rate, yardstick) {
                let what = format!("p99 of {stage} at {calls:.0} calls/s, of {yardstick}");
                aims.push(Aim { what, wanted: Wanted::AtMost(2.0), measured: p99 / self::p99(bound), others });
            }
        }
        aims
    }

    fn of(&self, rate: Rate, stage: &str) -> Option<&[Answered]> {
        let place = self.order.iter().position(|known| *known == stage)?;
        self.rows.get(&(rate, place)).map(|(_, _, rows)| rows.as_slice())
    }
}

fn row(rows: &[Answered]) -> String {
    let of = |pick: &dyn Fn(&Answered) -> f64| median(rows.iter().map(pick).collect());
    let each: Vec<f64> = rows.iter().map(|row| row.quantile(0.99)).collect();
    let least = each.iter().copied().fold(f64::INFINITY, f64::min);
    let most = each.iter().copied().fold(0.0, f64::max);
    let cpu = [0, 1, 2, 3].map(|whose| of(&|row: &Answered| row.cpu[whose]));
    format!(
        "| {:.2} | {:.2} [{least:.2}-{most:.2}] | {:.2} | {:.2} | {:.0} + {:.0} + {:.0}, {:.0} | {:.0} % |",
        of(&|row| row.quantile(0.5)),
        p99(rows),
        rarest(rows),
        of(&|row| quantile(&row.late, 0.99)),
        cpu[0],
        cpu[1],
        cpu[2],
        cpu[3],
        100.0 * others(rows),
    )
}

fn p99(rows: &[Answered]) -> f64 {
    median(rows.iter().map(|row| row.quantile(0.99)).collect())
}

fn others(rows: &[Answered]) -> f64 {
    median(rows.iter().map(|row| row.others).collect())
}

/// One in a thousand of all rounds together: a round alone has too few answers for it.
fn rarest(rows: &[Answered]) -> f64 {
    let mut all: Vec<u32> = rows.iter().flat_map(|row| row.took.iter().copied()).collect();
    all.sort_unstable();
    quantile(&all, 0.999)
}
