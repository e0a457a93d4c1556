//! Sends webhooks as Twilio does: signed at the moment of sending, with retries by connection
//! overrides, redirects followed. Knows HTTP; knows nothing of calls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, redirect};

use super::form::encode;
use super::target::{Overrides, Target};
use super::{Kind, Webhook};
use crate::signature::sign;

/// Twilio's limit for an answer.
const LARGEST_ANSWER: usize = 64 * 1024;
const MOST_REDIRECTS: u32 = 10;

/// What came back from one attempt, or why nothing did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub status: Option<u16>,
    pub content_type: String,
    pub body: String,
    /// Twilio's debugger code when the attempt failed.
    pub error_code: Option<u32>,
}

#[derive(Debug, Default)]
pub struct Courier {
    /// One client per connect timeout, because reqwest sets that per client.
    clients: Mutex<HashMap<Duration, Client>>,
    /// Public base URL → where it really is, so that a simulated Twilio can call an https address that is local.
    routes: Mutex<Vec<(String, String)>>,
}

impl Courier {
    /// In place of the one there was for the same public address.
    pub fn add_route(&self, public: &str, actual: &str) {
        let route = (public.trim_end_matches('/').to_owned(), actual.trim_end_matches('/').to_owned());
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.retain(|(known, _)| *known != route.0);
        routes.push(route);
    }

    pub fn clear_routes(&self) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sends until an attempt succeeds or the overrides allow no more; `attempted` sees each one.
    pub async fn send(&self, webhook: &Webhook, token: &str, mut attempted: impl FnMut(u32, &Reply)) -> Reply {
        let target = Target::of(&webhook.url, !webhook.kind.is_message());
        let allowed = target.overrides.retries + 1;
        let deadline = tokio::time::Instant::now() + target.overrides.total_time;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let one = self.follow(webhook, &target, token, left.min(target.overrides.read_timeout));
            let (reply, policy) = one.await;
            attempted(attempt, &reply);
            let again = policy.is_some_and(|policy| target.overrides.retries_on(policy));
            if !again || attempt >= allowed || tokio::time::Instant::now() >= deadline {
                return reply;
            }
        }
        Reply::default()
    }

    /// One attempt, redirects included, and the retry policy its failure falls under.
    async fn follow(
        &self,
        webhook: &Webhook,
        target: &Target,
        token: &str,
        timeout: Duration,
    ) -> (Reply, Option<&'static str>) {
        let mut target = target.clone();
        let mut method = webhook.method.clone();
        let mut parameters = webhook.parameters.clone();
        for _ in 0..=MOST_REDIRECTS {
            let sent = self.once(webhook, &target, token, &method, &parameters, timeout).await;
            let response = match sent {
                Ok(response) => response,
                Err(error) => return failure(&error),
            };
            let status = response.status().as_u16();
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.and_then(|location| super::target::resolve(Some(&target.requested), location));
            match (status, next) {
                (301..=303 | 307 | 308, Some(next)) => {
                    target = Target::of(&next, !webhook.kind.is_message());
                    if status < 307 {
                        "GET".clone_into(&mut method);
                        // After such a redirect the extra parameters (`Digits`, `RecordingUrl`) are gone.
                        parameters.clear();
                    }
                }
                _ => return received(webhook.kind, response).await,
            }
        }
        (Reply { error_code: Some(11215), ..Reply::default() }, None)
    }

    async fn once(
        &self,
        webhook: &Webhook,
        target: &Target,
        token: &str,
        method: &str,
        parameters: &[(String, String)],
        timeout: Duration,
    ) -> reqwest::Result<Response> {
        let client = self.client(&target.overrides)?;
        let form = encode(parameters, webhook.kind);
        let with_query = |url: &str| match (form.is_empty(), url.contains('?')) {
            (true, _) => url.to_owned(),
            (false, true) => format!("{url}&{form}"),
            (false, false) => format!("{url}?{form}"),
        };
        let request = if method.eq_ignore_ascii_case("GET") {
            let signature = sign(token, &with_query(&target.signed), &[]);
            client.get(self.routed(&with_query(&target.requested))).header("X-Twilio-Signature", signature)
        } else {
            let content_type = if webhook.kind.is_message() {
                "application/x-www-form-urlencoded"
            } else {
                "application/x-www-form-urlencoded; charset=UTF-8"
            };
            let signature = sign(token, &target.signed, parameters);
            let request = client.post(self.routed(&target.requested)).header("X-Twilio-Signature", signature);
            request.header(CONTENT_TYPE, content_type).body(form)
        };
        let request = match &webhook.idempotency_token {
            Some(token) => request.header("I-Twilio-Idempotency-Token", token),
            None => request,
        };
        let request = request.header("User-Agent", "TwilioProxy/1.1").header("Accept", "*/*");
        request.header("X-Home-Region", "us1").timeout(timeout).send().await
    }

    fn routed(&self, url: &str) -> String {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let found = routes.iter().find_map(|(public, actual)| {
            let rest = url.strip_prefix(public.as_str())?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| format!("{actual}{rest}"))
        });
        found.unwrap_or_else(|| url.to_owned())
    }

    fn client(&self, overrides: &Overrides) -> reqwest::Result<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&overrides.connect_timeout) {
            return Ok(client.clone());
        }
        let builder = Client::builder().redirect(redirect::Policy::none()).no_proxy();
        let client = builder.connect_timeout(overrides.connect_timeout).build()?;
        clients.insert(overrides.connect_timeout, client.clone());
        Ok(client)
    }
}

async fn received(kind: Kind, response: Response) -> (Reply, Option<&'static str>) {
    let status = response.status().as_u16();
    let header = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = header.unwrap_or_default().to_owned();
    let body = match bounded(response).await {
        Ok(body) => body,
        // A partial answer is never retried.
        Err(code) => {
            return (Reply { status: Some(status), content_type, error_code: Some(code), ..Reply::default() }, None);
        }
    };
    let policy = match status {
        400..=499 => Some("4xx"),
        500..=599 => Some("5xx"),
        _ => None,
    };
    let error_code = match (kind.wants_twiml(), status) {
        (true, 200..=299) => None,
        (true, _) => Some(11200),
        (false, 400..) => Some(15003),
        (false, _) => None,
    };
    (Reply { status: Some(status), content_type, body, error_code }, policy)
}

async fn bounded(mut response: Response) -> Result<String, u32> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| 11206_u32)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(11750);
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn failure(error: &reqwest::Error) -> (Reply, Option<&'static str>) {
    let chain = format!("{error:?}").to_ascii_lowercase();
    let (code, policy) = match () {
        () if error.is_builder() => (11100, None),
        () if error.is_timeout() && !error.is_connect() => (11205, Some("rt")),
        () if chain.contains("certificate") => (11237, Some("ct")),
        () if chain.contains("dns") => (11210, Some("ct")),
        () if error.is_connect() => (11205, Some("ct")),
        () => (11206, Some("rt")),
    };
    (Reply { error_code: Some(code), ..Reply::default() }, policy)
}
