//! Sends the requests of a leg and notes them: TwiML requests at once, reports by the delivery rules.

use super::Ask;
use super::leg::Leg;
use super::transcript::Exchange;
use crate::state::is_terminal;
use crate::webhook::courier::Reply;
use crate::webhook::delivery::Delivery;
use crate::webhook::form::{self, Form, Progress};
use crate::webhook::{Kind, Webhook};

impl Leg {
    /// Asks for TwiML. The answer is the last one when a rule says to ask twice.
    pub async fn request(&mut self, ask: &Ask) -> (usize, Reply) {
        let mut parameters = ask.extra.clone();
        let status = if self.status.is_empty() { "ringing" } else { self.status.as_str() };
        parameters.extend(form::call(&self.facts, status));
        let webhook = self.webhook(ask.kind, &ask.url, &ask.method, parameters);
        let delivery = self.delivery(&webhook);
        if delivery == Delivery::Twice {
            let first = self.world.send(&webhook, delivery).await;
            self.noted(&webhook, delivery, Some(&first));
        }
        let reply = self.world.send(&webhook, delivery).await;
        let place = self.noted(&webhook, delivery, Some(&reply));
        (place, reply)
    }

    /// A status callback, if its event is subscribed.
    pub async fn report_progress(&mut self, event: &str, status: &str, sip_code: Option<u16>) {
        let Some(url) = self.reports.url.clone() else { return };
        if !self.reports.events.iter().any(|wanted| wanted == event) {
            return;
        }
        let progress = Progress {
            status,
            sequence: self.reports.sequence,
            at: self.now,
            duration: is_terminal(status).then(|| self.talked_seconds()),
            sip_code,
            answered_by: self.answered_by.as_deref(),
        };
        let parameters = form::progress(&self.facts, &progress);
        self.reports.sequence += 1;
        let method = self.reports.method.clone();
        self.report(Kind::Status, &url, &method, parameters).await;
    }

    /// Any request whose answer does not matter.
    pub async fn report(&mut self, kind: Kind, url: &str, method: &str, parameters: Form) {
        let webhook = self.webhook(kind, url, method, parameters);
        let overtaken = std::mem::take(&mut self.reports.swapped);
        match self.delivery(&webhook) {
            Delivery::OnTime => self.deliver(&webhook, Delivery::OnTime).await,
            Delivery::Twice => {
                self.deliver(&webhook, Delivery::Twice).await;
                self.deliver(&webhook, Delivery::Twice).await;
            }
            Delivery::Late => self.reports.late.push(webhook),
            Delivery::OutOfOrder => self.reports.swapped.push(webhook),
            Delivery::Held => {
                self.noted(&webhook, Delivery::Held, None);
                self.world.hold(webhook);
            }
            Delivery::Dropped => {
                self.noted(&webhook, Delivery::Dropped, None);
            }
        }
        for webhook in overtaken {
            self.deliver(&webhook, Delivery::OutOfOrder).await;
        }
    }

    /// What was kept back until the end of the call.
    pub async fn deliver_rest(&mut self) {
        for webhook in std::mem::take(&mut self.reports.swapped) {
            self.deliver(&webhook, Delivery::OutOfOrder).await;
        }
        for webhook in std::mem::take(&mut self.reports.late) {
            self.deliver(&webhook, Delivery::Late).await;
        }
    }

    async fn deliver(&mut self, webhook: &Webhook, delivery: Delivery) {
        let reply = self.world.send(webhook, delivery).await;
        self.noted(webhook, delivery, Some(&reply));
    }

    fn delivery(&self, webhook: &Webhook) -> Delivery {
        let own = self.reports.rules.decide(webhook);
        own.or_else(|| self.world.deliveries.decide(webhook)).unwrap_or_default()
    }

    fn webhook(&self, kind: Kind, url: &str, method: &str, parameters: Form) -> Webhook {
        Webhook {
            kind,
            account_sid: self.facts.account_sid.clone(),
            sid: self.facts.sid.clone(),
            method: method.to_owned(),
            url: url.to_owned(),
            parameters,
            // Seen on reports, missing on captured TwiML requests of calls.
            idempotency_token: (!kind.wants_twiml()).then(|| self.world.ids.uuid()),
        }
    }

    fn noted(&mut self, webhook: &Webhook, delivery: Delivery, reply: Option<&Reply>) -> usize {
        let answer = reply.filter(|_| webhook.kind.wants_twiml()).map(|reply| reply.body.clone());
        self.transcript.requests.push(Exchange {
            kind: webhook.kind,
            method: webhook.method.clone(),
            url: webhook.url.clone(),
            parameters: webhook.parameters.clone(),
            status: reply.and_then(|reply| reply.status),
            error_code: reply.and_then(|reply| reply.error_code),
            at_ms: self.at_ms(),
            verbs: Vec::new(),
            answer: answer.filter(|body| !body.is_empty()),
            delivery: delivery.name().to_owned(),
        });
        self.transcript.requests.len() - 1
    }
}
