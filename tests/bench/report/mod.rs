//! What is printed: tables of medians over the rounds, ratios between stages of the same round, and a line for each aim.

mod aim;
mod closed;
mod open;

pub use aim::{Aim, Wanted};
pub use closed::{Measured, Table};
pub use open::{Answered, Latencies};

/// The yardstick of a stage that stores.
const YARDSTICKS: [(&str, &str); 2] = [("sqlite", "monolith-sqlite"), ("postgres", "monolith-postgres")];

/// The middle one; of an even number the lower of the two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

fn shown(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { "-".to_owned() }
}
