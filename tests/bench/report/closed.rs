//! The table of the closed loop: what each stage carries, and its ratio to the bare server and to its yardstick in the same
//! round.

use std::collections::BTreeMap;

use super::{Aim, Wanted, YARDSTICKS, median, shown};
use crate::webhook::STEPS;

/// One measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Answers a second.
    pub webhooks: f64,
    /// Whole calls a second.
    pub calls: f64,
    /// Median and 99th percentile of the answers' times, in milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// CPU microseconds a webhook: edge, monolith or bare server, control plane, PostgreSQL, generator.
    pub cpu: [f64; 4],
    /// Webhooks in one batch to the control plane.
    pub batch: f64,
    /// How much of the machine others used, 0 to 1.
    pub others: f64,
}

/// Everything that was measured.
#[derive(Default)]
pub struct Table {
    order: Vec<&'static str>,
    rows: BTreeMap<(usize, &'static str), Vec<Measured>>,
}

const BOUND: &str = "bare";
/// What share of the bare server's rate a stage is to reach.
const OF_BARE: [(&str, f64); 2] = [("edge", 0.7), ("hop", 0.35)];
/// How much more than its yardstick a stage that stores is to carry.
const OF_YARDSTICK: f64 = 1.5;

impl Table {
    /// Adds the measurement of a round.
    pub fn add(&mut self, stage: &'static str, callers: usize, measured: Measured) {
        if !self.order.contains(&stage) {
            self.order.push(stage);
        }
        self.rows.entry((callers, stage)).or_default().push(measured);
    }

    /// The most calls a second that a stage has carried, whatever the number at a time. Five webhooks are a call: whole
    /// ones are fewer in a short measurement, because none is half done when it begins.
    pub fn capacity(&self, stage: &str) -> Option<f64> {
        let rates = self.rows.iter().filter(|((_, name), _)| *name == stage);
        rates.map(|(_, rows)| of(rows, &|row| row.webhooks) / STEPS as f64).max_by(f64::total_cmp)
    }

    /// Prints it as Markdown.
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!(
            "\n| calls at a time | stage | calls/s | webhooks/s [min-max] | of bare | of monolith | p50 ms | p99 ms | in a batch | CPU µs a webhook: edge + control plane + database, generator | others |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        for callers in self.callers() {
            for stage in &self.order {
                if let Some(rows) = self.rows.get(&(callers, *stage)) {
                    println!("| {callers} | {stage} {}", self.row(callers, stage, rows));
                }
            }
        }
        println!();
    }

    /// The ratios that were aimed at, for each number of calls at a time.
    pub fn aims(&self) -> Vec<Aim> {
        let of_bare = OF_BARE.map(|(stage, limit)| (stage, BOUND, limit));
        let of_yardstick = YARDSTICKS.map(|(stage, yardstick)| (stage, yardstick, OF_YARDSTICK));
        let mut aims = Vec::new();
        for (stage, bound, limit) in of_bare.into_iter().chain(of_yardstick) {
            for callers in self.callers() {
                let Some(rows) = self.rows.get(&(callers, stage)) else { continue };
                let Some(measured) = self.ratio(callers, bound, rows) else { continue };
                let what = format!("{stage} of {bound}, {callers} calls at a time");
                let others = of(rows, &|row| row.others);
                aims.push(Aim { what, wanted: Wanted::AtLeast(limit), measured, others });
            }
        }
        aims
    }

    fn callers(&self) -> Vec<usize> {
        let mut callers: Vec<usize> = self.rows.keys().map(|(callers, _)| *callers).collect();
        callers.dedup();
        callers
    }

    fn row(&self, callers: usize, stage: &str, rows: &[Measured]) -> String {
        let rate: Vec<f64> = rows.iter().map(|row| row.webhooks).collect();
        let least = rate.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rate.iter().copied().fold(0.0, f64::max);
        let cpu = [0, 1, 2, 3].map(|whose| of(rows, &|row| row.cpu[whose]));
        let yardstick = YARDSTICKS.iter().find(|(ours, _)| *ours == stage).map_or("", |(_, yardstick)| yardstick);
        let ratio =
            |bound, digits| self.ratio(callers, bound, rows).map_or("-".to_owned(), |ratio| shown(ratio, digits));
        format!(
            "| {:.0} | {:.0} [{least:.0}-{most:.0}] | {} | {} | {:.2} | {:.2} | {} | {:.0} + {:.0} + {:.0}, {:.0} | {:.0} % |",
            of(rows, &|row| row.calls),
            of(rows, &|row| row.webhooks),
            ratio(BOUND, 3),
            ratio(yardstick, 2),
            of(rows, &|row| row.p50),
            of(rows, &|row| row.p99),
            shown(of(rows, &|row| row.batch), 1),
            cpu[0],
            cpu[1],
            cpu[2],
            cpu[3],
            100.0 * of(rows, &|row| row.others),
        )
    }

    /// To another stage's rate in the same rounds.
    fn ratio(&self, callers: usize, bound: &str, rows: &[Measured]) -> Option<f64> {
        let bound = self.rows.iter().find(|((number, stage), _)| *number == callers && *stage == bound)?.1;
        Some(median(rows.iter().zip(bound).map(|(row, bound)| row.webhooks / bound.webhooks).collect()))
    }
}

fn of(rows: &[Measured], pick: &dyn Fn(&Measured) -> f64) -> f64 {
    median(rows.iter().map(pick).collect())
}
