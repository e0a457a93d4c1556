//! Fetches calendar feeds: one conditional request, a bounded answer, no redirect, and outside `dev` no address that is not
//! on the public network. What a feed says is read by `domain::calendar`. Addresses of feeds are secrets and never logged.

use std::{fmt, io, sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{HeaderMap, header};
use reqwest::{
    RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
};

use super::{
    breaker::Circuit,
    line::{Answer, Limits, Line, refused},
};
use crate::domain::{
    calendar::{FeedUrl, Reach, decode, is_public},
    error::Error,
    outcome::{Cause, Outcome, Refused, why},
    time::Clock,
};

/// Bytes of a feed that are read.
const LARGEST: usize = 8 << 20;

/// A longer validator is not worth its row.
const LONGEST_VALIDATOR: usize = 512;

/// Whoever fetches calendar feeds.
#[async_trait]
pub trait CalendarFeeds: Send + Sync {
    /// The feed, unless it is still what the validators of the last answer stand for.
    async fn fetch(
        &self,
        url: &FeedUrl,
        etag: Option<&str>,
        last_modified: Option<&str>,
        deadline: Duration,
    ) -> Outcome<Fetched>;
}

/// What came of asking for a feed.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is what it was.
    NotModified,
    /// It is this.
    Body {
        /// What `domain::calendar::read` reads.
        text: String,
        /// To be sent next time.
        etag: Option<String>,
        /// To be sent next time.
        last_modified: Option<String>,
    },
}

/// Leaves out what people's calendars say.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotModified => f.write_str("NotModified"),
            Self::Body { text, etag, last_modified } => f
                .debug_struct("Body")
                .field("bytes", &text.len())
                .field("etag", etag)
                .field("last_modified", last_modified)
                .finish(),
        }
    }
}

/// Feeds over HTTP.
pub struct HttpFeeds {
    line: Line,
    reach: Reach,
}

impl HttpFeeds {
    /// A client that connects when first used, to what lies within `reach`.
    pub fn new(reach: Reach, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let limits = Limits { deadline: Duration::from_secs(20), body: LARGEST, ..Limits::default() };
        let line = Line::with("calendar", limits, clock, |client| match reach {
            Reach::Public => client.dns_resolver(PublicOnly),
            Reach::Anywhere => client,
        })?;
        Ok(Self { line, reach })
    }

    fn request(&self, url: &FeedUrl, etag: Option<&str>, last_modified: Option<&str>) -> RequestBuilder {
        let mut request = self.line.client().get(url.as_str()).header(header::ACCEPT, "text/calendar, */*;q=0.1");
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, date);
        }
        request
    }
}

#[async_trait]
impl CalendarFeeds for HttpFeeds {
    async fn fetch(
        &self,
        url: &FeedUrl,
        etag: Option<&str>,
        last_modified: Option<&str>,
        deadline: Duration,
    ) -> Outcome<Fetched> {
        // The address may have been kept in another profile; and no name is looked up for one that is a number.
        if let Err(error) = FeedUrl::read("the calendar's address", url.as_str(), self.reach) {
            return Outcome::Refused(refused(Cause::Invalid, error.message));
        }
        let is_conditional = etag.is_some() || last_modified.is_some();
        let circuit = Circuit { account: url.origin(), origin: url.origin() };
        let request = self.request(url, etag, last_modified);
        let read = |answer: &Answer, headers: &HeaderMap| meaning(url, answer, headers, is_conditional);
        match self.line.exchange_whole(&circuit, "fetch feed", deadline, request, read).await {
            Outcome::Refused(Refused { cause: cause @ Cause::NoAddress, .. }) => {
                Outcome::Refused(refused(cause, "the calendar's host has no address that may be asked"))
            }
            outcome => outcome,
        }
    }
}

fn meaning(url: &FeedUrl, answer: &Answer, headers: &HeaderMap, is_conditional: bool) -> Outcome<Fetched> {
    let (cause, message) = match answer.status {
        200 => return body(answer, headers),
        304 if is_conditional => return Outcome::Done(Fetched::NotModified),
        300..304 | 307 | 308 => (Cause::Invalid, moved(url, headers)),
        401 | 403 => (Cause::Permission, "the calendar may not be read with this address".to_owned()),
        404 | 410 => (Cause::NotFound, "there is no calendar at this address any more".to_owned()),
        429 => (Cause::RateLimited, "the calendar's host asks to wait".to_owned()),
        201..500 => (Cause::Invalid, format!("the calendar's host answered {}", answer.status)),
        status => return Outcome::Unknown(format!("the calendar's host answered {status}")),
    };
    Outcome::Refused(Refused { cause, code: 0, http_status: answer.status, message })
}

/// Following would let a feed lead us anywhere; and the path may be a secret.
fn moved(url: &FeedUrl, headers: &HeaderMap) -> String {
    let host = text(headers, header::LOCATION).and_then(|location| url.host_of(&location));
    let place = host.map(|host| format!(" at {host}")).unwrap_or_default();
    format!("the calendar is at another address{place}: give the one that a browser ends up at")
}

fn body(answer: &Answer, headers: &HeaderMap) -> Outcome<Fetched> {
    let unusable = |message: &str| {
        let message = message.to_owned();
        Outcome::Refused(Refused { cause: Cause::Invalid, code: 0, http_status: answer.status, message })
    };
    match &answer.body {
        Err(why) if [why::LATE_BODY, why::BROKEN_BODY].contains(why) => Outcome::Unknown((*why).to_owned()),
        Err(_) => unusable("the calendar is larger than 8 MiB"),
        Ok(bytes) => match decode(bytes) {
            None => unusable("the calendar is not text in UTF-8"),
            Some(text) => Outcome::Done(Fetched::Body {
                text,
                etag: self::text(headers, header::ETAG),
                last_modified: self::text(headers, header::LAST_MODIFIED),
            }),
        },
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= LONGEST_VALIDATOR).then(|| text.to_owned())
}

/// Names lead to public addresses only. Asked for each connection, so that a name cannot change its mind after a check.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::other("no public address").into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let found = PublicOnly.resolve("localhost".parse().expect("a name")).await;
        assert_eq!(found.map(Iterator::count).map_err(|error| error.to_string()), Err("no public address".to_owned()));
    }
}
