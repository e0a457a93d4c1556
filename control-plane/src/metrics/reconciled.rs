//! What comparing calls with Twilio's list comes to: calls listed, found, repaired.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

use crate::domain::reconciliation::Tally;

/// What comparing calls with Twilio's list comes to.
#[derive(Default)]
pub struct Reconciled {
    listed: Counter,
    found: Counter,
    repaired: Counter,
}

impl Reconciled {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register("calls_listed", "Calls in Twilio's lists that were looked through", counts.listed.clone());
        registry.register("calls_found", "Calls in them that no webhook had told of", counts.found.clone());
        let help = "Calls in them of which too little was known, such as their end";
        registry.register("calls_repaired", help, counts.repaired.clone());
        counts
    }

    /// A page was taken in.
    pub fn taken_in(&self, tally: Tally) {
        self.listed.inc_by(tally.listed.into());
        self.found.inc_by(tally.found.into());
        self.repaired.inc_by(tally.repaired.into());
    }
}
