//! What the figures were taken on: without it they say nothing.

use std::{fs, thread};

use super::options::Options;

/// Prints what is known before the start.
pub fn print(postgres: &str, options: &Options) {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let build = if cfg!(debug_assertions) { "DEBUG BUILD, the figures mean nothing" } else { "release build" };
    println!("callplane {} ({build})", env!("CARGO_PKG_VERSION"));
    println!("machine: {cores} cores, {}, Linux {}", model(), kernel.trim());
    println!("PostgreSQL: {postgres}; synchronous_commit=on, fsync=on");
    println!(
        "{} interleaved rounds of {} s after {} s; generator and everything measured share the machine",
        options.rounds, options.seconds, options.warm_up
    );
    print_load("before");
}

/// Prints the load averages.
pub fn print_load(when: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split_whitespace().take(3).collect();
    println!("load {when}: {}", load.join(" "));
}

fn model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("model name"));
    line.and_then(|line| line.split(':').nth(1)).unwrap_or("unknown processor").trim().to_owned()
}

/// How busy the whole machine has been, in seconds of CPU time.
#[derive(Clone, Copy)]
pub struct Machine {
    busy: f64,
    all: f64,
}

impl Machine {
    /// Up to now.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let first = stat.lines().next().unwrap_or_default();
        // user nice system idle iowait irq softirq steal; guests are counted in user already.
        let ticks: Vec<f64> = first.split_whitespace().skip(1).take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        let all: f64 = ticks.iter().sum();
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        Self { busy: (all - idle) / 100.0, all: all / 100.0 }
    }

    /// The part of the machine that others than us used since.
    pub fn others_since(self, before: Self, ours: f64) -> f64 {
        let (busy, all) = (self.busy - before.busy, self.all - before.all);
        if all > 0.0 { ((busy - ours) / all).clamp(0.0, 1.0) } else { 0.0 }
    }
}
