//! The table: medians over the rounds, and each stage's ratio to the bare server in the same round.

use std::collections::BTreeMap;

use super::options::Options;

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
    /// CPU microseconds a webhook: edge or bare server, control plane, PostgreSQL, generator.
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

impl Table {
    /// Adds the measurement of a round.
    pub fn add(&mut self, stage: &'static str, callers: usize, measured: Measured) {
        if !self.order.contains(&stage) {
            self.order.push(stage);
        }
        self.rows.entry((callers, stage)).or_default().push(measured);
    }

    /// Prints it as Markdown.
    pub fn print(&self, options: &Options) {
        println!();
        println!(
            "| calls at a time | stage | calls/s | webhooks/s [min-max] | of bare | p50 ms | p99 ms | in a batch | CPU µs a webhook: edge + control plane + database, generator | others |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|");
        for &callers in &options.calls {
            for stage in &self.order {
                if let Some(rows) = self.rows.get(&(callers, *stage)) {
                    println!("| {callers} | {stage} {}", self.row(callers, rows));
                }
            }
        }
        println!();
    }

    fn row(&self, callers: usize, rows: &[Measured]) -> String {
        let of = |pick: &dyn Fn(&Measured) -> f64| median(rows.iter().map(pick).collect());
        let rate: Vec<f64> = rows.iter().map(|row| row.webhooks).collect();
        let least = rate.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rate.iter().copied().fold(0.0, f64::max);
        let cpu = [0, 1, 2, 3].map(|whose| of(&|row: &Measured| row.cpu[whose]));
        format!(
            "| {:.0} | {:.0} [{least:.0}-{most:.0}] | {} | {:.2} | {:.2} | {} | {:.0} + {:.0} + {:.0}, {:.0} | {:.0} % |",
            of(&|row: &Measured| row.calls),
            of(&|row: &Measured| row.webhooks),
            self.ratio(callers, rows),
            of(&|row: &Measured| row.p50),
            of(&|row: &Measured| row.p99),
            shown(of(&|row: &Measured| row.batch), 1),
            cpu[0],
            cpu[1],
            cpu[2],
            cpu[3],
            100.0 * of(&|row: &Measured| row.others),
        )
    }

    fn ratio(&self, callers: usize, rows: &[Measured]) -> String {
        let Some(bound) = self.rows.get(&(callers, BOUND)) else { return "-".to_owned() };
        let ratios = rows.iter().zip(bound).map(|(row, bound)| row.webhooks / bound.webhooks);
        shown(median(ratios.collect()), 3)
    }
}

/// The middle one; of an even number the lower of the two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

fn shown(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { "-".to_owned() }
}
