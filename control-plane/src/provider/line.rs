//! One HTTP exchange with a vendor: deadline, bounded body, no redirect, the account's lane and its circuit.
//! Knows no vendor: what an answer means is decided by who asked. URLs carry phone numbers, so no URL is ever logged.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use callplane_telemetry::{Kind, Span, child};
use http::HeaderMap;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect, retry};
use tokio::time::Instant;

use super::{
    breaker::{Breaker, Circuit},
    lanes::{Held, Lanes},
};
use crate::domain::{
    error::Error,
    outcome::{Cause, Outcome, Refused, why},
    time::Clock,
};

/// The longest a vendor may hold an account back; a longer wish is a mistake of theirs or of a proxy.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// What one exchange may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For waiting, connecting, sending and receiving together.
    pub deadline: Duration,
    /// For connecting.
    pub connect: Duration,
    /// Requests of one account at a time.
    pub concurrent: usize,
    /// Bytes of an answer that are read.
    pub body: usize,
    /// Stops asking for a while when nobody answers.
    pub breaker: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            connect: Duration::from_secs(3),
            concurrent: 4,
            body: 1 << 20,
            breaker: true,
        }
    }
}

/// The way to one vendor, for all accounts.
pub struct Line {
    vendor: &'static str,
    client: Client,
    lanes: Lanes,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

/// What came back, whatever it means.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; an error says in our words why it could not be read.
    pub body: Result<Bytes, &'static str>,
    /// How long we are asked to wait.
    pub retry_after: Option<Duration>,
}

impl Line {
    /// A line that connects when first used.
    pub fn new(vendor: &'static str, limits: Limits, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::with(vendor, limits, clock, |client| client)
    }

    /// The same over a client that `more` says more about, such as which addresses it may reach.
    pub fn with(
        vendor: &'static str,
        limits: Limits,
        clock: Arc<dyn Clock>,
        more: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, Error> {
        // HTTP/1.1: on a shared HTTP/2 connection one stalled account would stall them all. No proxy from the
        // environment: an address to go through is a base URL somebody chose.
        let client = Client::builder()
            .user_agent(concat!("callplane/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .http1_only()
            .no_proxy()
            .connect_timeout(limits.connect)
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(64);
        let client = more(client).build().map_err(Error::internal)?;
        Ok(Self { vendor, client, lanes: Lanes::new(limits.concurrent), breaker: Breaker::default(), clock, limits })
    }

    /// For building requests.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What one exchange may cost.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends the request and lets `read` say what the answer means. `what` names the request in the log.
    pub async fn exchange<T>(
        &self,
        circuit: &Circuit,
        what: &'static str,
        deadline: Duration,
        request: RequestBuilder,
        read: impl FnOnce(&Answer) -> Outcome<T>,
    ) -> Outcome<T> {
        self.exchange_whole(circuit, what, deadline, request, |answer, _| read(answer)).await
    }

    /// The same for who reads the headers of the answer too.
    pub async fn exchange_whole<T>(
        &self,
        circuit: &Circuit,
        what: &'static str,
        deadline: Duration,
        request: RequestBuilder,
        read: impl FnOnce(&Answer, &HeaderMap) -> Outcome<T>,
    ) -> Outcome<T> {
        let started = Instant::now();
        let _place = match self.lanes.enter(&circuit.account, self.clock.now(), deadline).await {
            Ok(place) => place,
            Err(held) => return Outcome::Refused(not_tried(held)),
        };
        if self.limits.breaker && !self.breaker.admits(circuit, self.clock.now()) {
            return Outcome::Refused(refused(
                Cause::NotTried,
                "the vendor did not answer lately; it is tried again soon",
            ));
        }
        let left = deadline.saturating_sub(started.elapsed());
        let mut span = self.span(what);
        let (status, outcome) = match self.send(request.timeout(left)).await {
            Ok((answer, headers)) => (answer.status, self.judge(circuit, &answer, |answer| read(answer, &headers))),
            Err(lost) => (0, lost.into_outcome()),
        };
        self.tally(circuit, &outcome);
        span.set("http.response.status_code", i64::from(status));
        span.set("callplane.outcome", outcome.word());
        if matches!(outcome, Outcome::Unknown(_)) {
            span.fail();
        }
        drop(span);
        tracing::debug!(
            vendor = self.vendor,
            what,
            status,
            ending = outcome.word(),
            milliseconds = started.elapsed().as_millis() as u64,
            "vendor exchange"
        );
        outcome
    }

    /// Says which vendor was asked for what in our words; the URL holds SIDs and numbers.
    fn span(&self, what: &'static str) -> Span {
        let mut span = child((self.vendor, what), Kind::Client);
        span.set("callplane.vendor", self.vendor);
        span
    }

    fn judge<T>(&self, circuit: &Circuit, answer: &Answer, read: impl FnOnce(&Answer) -> Outcome<T>) -> Outcome<T> {
        let outcome = read(answer);
        if let (Outcome::Refused(Refused { cause: Cause::RateLimited, .. }), Some(wait)) =
            (&outcome, answer.retry_after)
        {
            let wait = chrono::Duration::from_std(wait.min(LONGEST_HOLD)).unwrap_or_default();
            self.lanes.hold(&circuit.account, self.clock.now() + wait);
        }
        outcome
    }

    fn tally<T>(&self, circuit: &Circuit, outcome: &Outcome<T>) {
        match outcome {
            Outcome::Unknown(_) => self.breaker.failed(circuit, self.clock.now()),
            Outcome::Refused(Refused { cause, .. }) if cause.is_unconnected() => {
                self.breaker.failed(circuit, self.clock.now());
            }
            // A request that could not be built says nothing about the vendor.
            Outcome::Refused(Refused { http_status: 0, .. }) => {}
            Outcome::Done(_) | Outcome::Refused(_) => self.breaker.worked(circuit),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<(Answer, HeaderMap), Lost> {
        let mut response = request.send().await.map_err(|error| Lost::from_error(&error))?;
        let status = response.status().as_u16();
        let retry_after = self.retry_after(&response);
        let headers = std::mem::take(response.headers_mut());
        Ok((Answer { status, body: self.body(response).await, retry_after }, headers))
    }

    async fn body(&self, mut response: Response) -> Result<Bytes, &'static str> {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.limits.body => {
                    return Err("the answer is too large");
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body.freeze()),
                Err(error) if error.is_timeout() => return Err(why::LATE_BODY),
                Err(_) => return Err(why::BROKEN_BODY),
            }
        }
    }

    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let text = |name: &str| response.headers().get(name)?.to_str().ok();
        if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.trim().parse().ok()) {
            return Some(Duration::from_millis(milliseconds));
        }
        let text = text("retry-after")?.trim();
        let date =
            || chrono::DateTime::parse_from_rfc2822(text).ok()?.signed_duration_since(self.clock.now()).to_std().ok();
        text.parse().ok().map(Duration::from_secs).or_else(date)
    }
}

/// No answer came.
enum Lost {
    NotBuilt,
    NotSent(Cause),
    NoAnswer(&'static str),
}

impl Lost {
    fn from_error(error: &reqwest::Error) -> Self {
        match error {
            error if error.is_builder() => Self::NotBuilt,
            error if error.is_connect() => Self::NotSent(unconnected(error)),
            error if error.is_timeout() => Self::NoAnswer(why::LATE),
            _ => Self::NoAnswer(why::BROKEN),
        }
    }

    fn into_outcome<T>(self) -> Outcome<T> {
        match self {
            Self::NotBuilt => Outcome::Refused(refused(Cause::Invalid, "the request could not be written")),
            Self::NotSent(cause @ Cause::NoAddress) => {
                Outcome::Refused(refused(cause, "the vendor's name has no address: is the name service reachable?"))
            }
            Self::NotSent(cause @ Cause::Insecure) => {
                Outcome::Refused(refused(cause, "no encrypted connection to the vendor came about"))
            }
            Self::NotSent(cause) => Outcome::Refused(refused(cause, "no connection to the vendor came about")),
            Self::NoAnswer(why) => Outcome::Unknown(why.to_owned()),
        }
    }
}

/// Why no connection came about. The name service has no error type of its own.
fn unconnected(error: &reqwest::Error) -> Cause {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if text.starts_with("dns error") || text.contains("failed to lookup address") {
            return Cause::NoAddress;
        }
        if is_of_tls(cause) || text.contains("certificate") {
            return Cause::Insecure;
        }
        source = cause.source();
    }
    Cause::Unreachable
}

/// What rustls says comes wrapped in I/O errors, and an I/O error names the source of what it wraps as its own: each is opened.
fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|wrapped| is_of_tls(wrapped))
}

/// A refusal of our own: no byte was sent.
pub fn refused(cause: Cause, message: impl Into<String>) -> Refused {
    Refused { cause, code: 0, http_status: 0, message: message.into() }
}

fn not_tried(held: Held) -> Refused {
    let message = match held {
        Held::Asked => "the vendor asked this account to wait",
        Held::Full => "too many requests of this account are under way",
    };
    refused(Cause::NotTried, message)
}
