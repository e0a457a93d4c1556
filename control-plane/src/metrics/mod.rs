//! What a control plane counts. Every label is one of a few words this program knows: never a number, a SID or a text that
//! somebody else chose. Whoever counts keeps a handle, so that no label is looked up for a webhook.

mod commits;
mod escalation;
mod failovers;
mod grpc;
mod reconciled;
mod standing;
mod work;

use callplane_telemetry::{SpanCounts, process};
use prometheus_client::{encoding::text::encode, registry::Registry};

pub use commits::{Commits, FallenOut};
pub use escalation::Escalation;
pub use failovers::Failovers;
pub use grpc::{Grpc, Method};
pub use reconciled::Reconciled;
pub use standing::Standing;
pub use work::Work;

/// All counters of one control plane.
pub struct Metrics {
    registry: Registry,
    /// The transactions of the hot path.
    pub commits: Commits,
    /// Calls of our services.
    pub grpc: Grpc,
    /// What happens by itself.
    pub work: Work,
    /// What became of spans.
    pub spans: SpanCounts,
    /// Comparing calls with Twilio's list.
    pub reconciled: Reconciled,
    /// Failovers and their lines.
    pub failovers: Failovers,
    /// Whether people are reached in time.
    pub escalation: Escalation,
    /// How things stand at a scrape.
    pub standing: Standing,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("callplane");
        let commits = Commits::register(&mut registry);
        let grpc = Grpc::register(&mut registry);
        let work = Work::register(&mut registry);
        let reconciled = Reconciled::register(&mut registry);
        let failovers = Failovers::register(&mut registry);
        let escalation = Escalation::register(&mut registry);
        let standing = Standing::register(&mut registry);
        let spans = SpanCounts::register(&mut registry);
        process::register(&mut registry);
        Self { registry, commits, grpc, work, spans, reconciled, failovers, escalation, standing }
    }
}

impl Metrics {
    /// Everything, as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String does not fail");
        text
    }
}
