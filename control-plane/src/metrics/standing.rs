//! How things stand at the moment somebody looks: what waits, what is overdue, what is open. Set at each scrape, so that
//! silence is seen as well: a worker that has died counts nothing any more, but what it should have done grows old.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::domain::monitor::Verdict;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Connections {
    pool: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Concluded {
    verdict: &'static str,
}

/// How things stand.
#[derive(Default)]
pub struct Standing {
    /// Webhooks in the inbox.
    pub queue: Gauge,
    /// The number of the last event.
    pub event_sequence: Gauge,
    /// Effects that wait or are under way.
    pub effects_open: Gauge,
    /// How late the most overdue effect is.
    pub effect_overdue: Gauge,
    /// How late the most overdue machine is.
    pub deadline_overdue: Gauge,
    /// The database has answered this scrape.
    pub database_up: Gauge,
    connections: Family<Connections, Gauge>,
    /// Accounts whose calls wait to be compared with Twilio's list.
    pub reconciliations_due: Gauge,
    /// How long the first of them has waited.
    pub reconciliation_overdue: Gauge,
    /// Accounts that no backup account could take over whole.
    pub pool_accounts_short: Gauge,
    /// Lines that would be left out in all.
    pub pool_lines_left_out: Gauge,
    /// Failovers that are not over.
    pub failovers_open: Gauge,
    /// Those of them that wait for a person.
    pub failovers_stuck: Gauge,
    /// How long ago the account that waits longest was last looked at.
    pub last_run_age: Gauge,
    /// Accounts that should have been looked at long ago.
    pub monitors_late: Gauge,
    verdicts: Family<Concluded, Gauge>,
}

impl Standing {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let standing = Self::default();
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("webhook_queue_depth", "Webhooks that wait to be stored", &standing.queue);
        gauge("event_sequence", "The number of the last event", &standing.event_sequence);
        gauge("effects_open", "Effects that wait for their time or are under way", &standing.effects_open);
        let help = "How late the most overdue effect is; 0 for none";
        gauge("effect_overdue_seconds", help, &standing.effect_overdue);
        let help = "How late the most overdue deadline is; 0 for none";
        gauge("deadline_overdue_seconds", help, &standing.deadline_overdue);
        gauge("database_up", "1 while the database answers", &standing.database_up);
        let help = "Accounts whose calls wait to be compared with Twilio's list";
        gauge("reconciliations_due", help, &standing.reconciliations_due);
        let help = "How long the first of them has waited; 0 for none";
        gauge("reconciliation_overdue_seconds", help, &standing.reconciliation_overdue);
        let help = "Accounts that no backup account could take over whole, as last looked at";
        gauge("pool_accounts_short", help, &standing.pool_accounts_short);
        let help = "Agents and plans that would be left without a backup number, as last looked at";
        gauge("pool_lines_left_out", help, &standing.pool_lines_left_out);
        gauge("failovers_open", "Failovers that are not over", &standing.failovers_open);
        let help = "Failovers with moved lines that cannot be verified: somebody must look";
        gauge("failovers_stuck", help, &standing.failovers_stuck);
        let help = "How long ago the account that waits longest was last probed; 0 when none is watched";
        gauge("monitor_last_run_age_seconds", help, &standing.last_run_age);
        let help = "Accounts that were not probed for more than three times their cadence";
        gauge("monitors_late", help, &standing.monitors_late);
        for verdict in Verdict::ALL {
            standing.verdict(*verdict, 0);
        }
        let help = "Watched accounts by what is concluded about them";
        registry.register("monitor_verdicts", help, standing.verdicts.clone());
        let help = "Connections to the database, in use, idle, and the most there may be";
        registry.register("database_connections", help, standing.connections.clone());
        standing
    }

    /// So many accounts have this verdict.
    pub fn verdict(&self, verdict: Verdict, accounts: i64) {
        self.verdicts.get_or_create(&Concluded { verdict: verdict.as_str() }).set(accounts);
    }

    /// One pool of connections to the database.
    pub fn pool(&self, pool: &'static str, (busy, idle, most): (u32, u32, u32)) {
        for (state, count) in [("busy", busy), ("idle", idle), ("most", most)] {
            self.connections.get_or_create(&Connections { pool, state }).set(i64::from(count));
        }
    }
}
