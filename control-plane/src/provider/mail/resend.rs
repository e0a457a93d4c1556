//! Resend: `POST /emails`. Our id is its idempotency key, which it remembers for 24 hours.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Mail, Mailer, line, verdict};
use crate::{
    domain::{error::Error, mail::Sender, notification::Taken, outcome::Outcome, time::Clock},
    provider::{
        breaker::Circuit,
        line::{Answer, Line},
    },
};

/// Where it is.
pub const BASE_URL: &str = "https://api.resend.com";

/// The client of Resend.
pub struct Resend {
    line: Line,
    base_url: String,
    api_key: SecretString,
    from: Sender,
}

impl Resend {
    /// A client that connects when first used.
    pub fn new(base_url: String, api_key: SecretString, from: Sender, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self { line: line("resend", clock)?, base_url, api_key, from })
    }
}

fn body(from: &Sender, mail: &Mail) -> Value {
    let to: Vec<&str> = mail.to.iter().map(|address| address.as_str()).collect();
    let from = match from.name.as_str() {
        "" => from.address.as_str().to_owned(),
        name => format!("{name} <{}>", from.address.as_str()),
    };
    json!({ "from": from, "to": to, "subject": mail.subject, "text": mail.text })
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default)]
    id: String,
}

/// It took the mail, whether or not it says under which name.
fn taken(answer: &Answer) -> Taken {
    let accepted = answer.body.as_ref().ok().and_then(|bytes| serde_json::from_slice::<Accepted>(bytes).ok());
    Taken { message_id: accepted.map(|accepted| accepted.id).unwrap_or_default(), simulated: false }
}

#[async_trait]
impl Mailer for Resend {
    async fn send(&self, mail: &Mail) -> Outcome<Taken> {
        let circuit = Circuit { account: "mail".to_owned(), origin: self.base_url.clone() };
        let request = self.line.client().post(format!("{}/emails", self.base_url));
        let request = request.header("idempotency-key", mail.id.clone());
        let request = request.bearer_auth(self.api_key.expose_secret()).json(&body(&self.from, mail));
        let deadline = self.line.limits().deadline;
        self.line
            .exchange(&circuit, "send mail", deadline, request, |answer| match answer.status {
                200..300 => Outcome::Done(taken(answer)),
                _ => verdict::meaning("Resend", answer),
            })
            .await
    }
}
