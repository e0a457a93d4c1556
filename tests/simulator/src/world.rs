//! Everything one simulator shares: clock, ids, ledger, rules, rows, and the sending of webhooks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::SimClock;
use crate::fault::Faults;
use crate::ids::Ids;
use crate::ledger::{Happened, Ledger};
use crate::state::State;
use crate::webhook::Webhook;
use crate::webhook::courier::{Courier, Reply};
use crate::webhook::delivery::{Delivery, DeliveryRules, ReleaseOrder};

#[derive(Debug)]
pub struct World {
    pub clock: Arc<SimClock>,
    pub ids: Ids,
    pub ledger: Ledger,
    pub faults: Faults,
    pub deliveries: DeliveryRules,
    pub courier: Courier,
    /// Where clients reach this simulator; recording URLs start with it.
    pub base_url: String,
    held: Mutex<Vec<Webhook>>,
    state: Mutex<State>,
}

impl World {
    pub fn new(clock: SimClock, ids: Ids, base_url: String) -> Self {
        Self {
            clock: Arc::new(clock),
            ids,
            base_url,
            ledger: Ledger::default(),
            faults: Faults::default(),
            deliveries: DeliveryRules::default(),
            courier: Courier::default(),
            held: Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// The rows; never held over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note(&self, what: Happened) {
        self.ledger.write(self.clock.now(), what);
    }

    pub fn alarm(&self, code: u32, account_sid: &str, sid: &str, message: impl Into<String>) {
        let (account_sid, sid) = (account_sid.to_owned(), sid.to_owned());
        self.note(Happened::Alarm { code, account_sid, sid, message: message.into() });
    }

    /// Sends now, signed with the owner's primary token as it is now. None: the account is gone.
    pub async fn send(&self, webhook: &Webhook, delivery: Delivery) -> Reply {
        let token = self.state().accounts.get(&webhook.account_sid).map(|account| account.auth_token.clone());
        let Some(token) = token else { return Reply { error_code: Some(10001), ..Reply::default() } };
        let reply = self.courier.send(webhook, &token, |attempt, reply| {
            self.note(Happened::Webhook {
                webhook: webhook.kind.name().to_owned(),
                method: webhook.method.clone(),
                url: webhook.url.clone(),
                account_sid: webhook.account_sid.clone(),
                sid: webhook.sid.clone(),
                call_status: webhook.parameter("CallStatus").map(str::to_owned),
                attempt,
                status: reply.status,
                error_code: reply.error_code,
                delivery: delivery.name().to_owned(),
            });
        });
        let reply = reply.await;
        if let Some(code) = reply.error_code {
            self.alarm(code, &webhook.account_sid, &webhook.sid, format!("{} webhook failed", webhook.kind.name()));
        }
        reply
    }

    pub fn hold(&self, webhook: Webhook) {
        self.held_webhooks().push(webhook);
    }

    pub fn held_count(&self) -> usize {
        self.held_webhooks().len()
    }

    /// Sends what was held, and says how many there were.
    pub async fn release(&self, order: ReleaseOrder) -> usize {
        let mut held = std::mem::take(&mut *self.held_webhooks());
        order.arrange(&mut held);
        for webhook in &held {
            self.send(webhook, Delivery::Held).await;
        }
        held.len()
    }

    /// Back to an empty simulator; clock and ids go on, so nothing old can be mistaken for new.
    pub fn reset(&self) {
        self.ledger.clear();
        self.faults.clear();
        self.deliveries.clear();
        self.courier.clear_routes();
        self.held_webhooks().clear();
        *self.state() = State::default();
        self.clock.stir();
    }

    fn held_webhooks(&self) -> MutexGuard<'_, Vec<Webhook>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
