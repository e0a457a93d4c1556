//! The process as the system sees it, and which build it is. Read from `/proc` at each scrape; elsewhere the lines are absent.

use std::fs;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge, info::Info},
    registry::Registry,
};

/// Linux tells processor time in hundredths of a second, whatever its own clock does.
const TICKS: f64 = 100.0;

/// Adds the figures of this process to a registry.
pub fn register(registry: &mut Registry) {
    registry.register("build", "Which build this is", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    registry.register_collector(Box::new(Process));
}

#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        if let Some(bytes) = memory() {
            let gauge = ConstGauge::new(bytes);
            let help = "Memory that is really in use";
            gauge.encode(encoder.encode_descriptor(
                "process_resident_memory_bytes",
                help,
                None,
                gauge.metric_type(),
            )?)?;
        }
        if let Some(seconds) = processor_time() {
            let counter = ConstCounter::new(seconds);
            let help = "Processor time, of the program and of the system for it";
            counter.encode(encoder.encode_descriptor("process_cpu_seconds", help, None, counter.metric_type())?)?;
        }
        Ok(())
    }
}

fn memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The fields behind the program's name, which may hold anything: the 14th and 15th of all are the times.
fn processor_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (own, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((own + system) / TICKS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};

    #[test]
    fn a_process_says_what_it_uses_and_what_it_is() {
        let mut registry = Registry::with_prefix("callplane");
        super::register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).expect("writing to a String does not fail");
        for line in [
            "callplane_build_info{version=\"",
            "callplane_process_resident_memory_bytes ",
            "callplane_process_cpu_seconds_total ",
        ] {
            assert!(text.contains(line), "{line} is missing from:\n{text}");
        }
    }
}
