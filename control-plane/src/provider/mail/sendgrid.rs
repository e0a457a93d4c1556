//! SendGrid: `POST /v3/mail/send`. It has no idempotency key; our id travels as `callplane_id`.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Mail, Mailer, line, verdict};
use crate::{
    domain::{error::Error, mail::Sender, notification::Taken, outcome::Outcome, time::Clock},
    provider::{breaker::Circuit, line::Line},
};

/// Where it is.
pub const BASE_URL: &str = "https://api.sendgrid.com";

/// The client of SendGrid.
pub struct SendGrid {
    line: Line,
    base_url: String,
    api_key: SecretString,
    from: Sender,
}

impl SendGrid {
    /// A client that connects when first used.
    pub fn new(base_url: String, api_key: SecretString, from: Sender, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self { line: line("sendgrid", clock)?, base_url, api_key, from })
    }
}

fn body(from: &Sender, mail: &Mail) -> Value {
    let to: Vec<Value> = mail.to.iter().map(|address| json!({ "email": address.as_str() })).collect();
    json!({
        "personalizations": [{ "to": to, "custom_args": { "callplane_id": mail.id.clone() } }],
        "from": { "email": from.address.as_str(), "name": from.name },
        "subject": mail.subject,
        "content": [{ "type": "text/plain", "value": mail.text }],
    })
}

#[async_trait]
impl Mailer for SendGrid {
    async fn send(&self, mail: &Mail) -> Outcome<Taken> {
        let circuit = Circuit { account: "mail".to_owned(), origin: self.base_url.clone() };
        let request = self.line.client().post(format!("{}/v3/mail/send", self.base_url));
        let request = request.bearer_auth(self.api_key.expose_secret()).json(&body(&self.from, mail));
        let deadline = self.line.limits().deadline;
        self.line
            .exchange(&circuit, "send mail", deadline, request, |answer| match answer.status {
                200..300 => Outcome::Done(Taken::default()),
                _ => verdict::meaning("SendGrid", answer),
            })
            .await
    }
}
