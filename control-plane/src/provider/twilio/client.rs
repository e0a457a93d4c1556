//! One request to Twilio: address, credentials, form or query, and what the answer's status says.
//! Paths end in `.json`, because without it this API answers XML.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};

use super::refusal::{self, Intent};
use crate::{
    domain::{
        api_base::{ApiBase, PlainHttp},
        error::Error,
        outcome::{Cause, Outcome, Refused},
        sid::AccountSid,
        time::Clock,
    },
    provider::{
        access::{Access, Credential},
        breaker::Circuit,
        line::{Answer, Limits, Line, refused},
    },
};

/// How Twilio is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What one exchange may cost.
    pub limits: Limits,
    /// Whether credentials may leave this machine without TLS.
    pub plain_http: PlainHttp,
    /// Where an account without an address of its own is; for a fake that stands in for all of Twilio.
    pub api_base_url: Option<String>,
    /// Where the default region is asked whether it knows credentials that another region refused. None asks Twilio,
    /// but only for accounts that have no address of their own: credentials meant for a fake stay with the fake.
    pub home_base_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            plain_http: PlainHttp::ThisMachineOnly,
            api_base_url: None,
            home_base_url: None,
        }
    }
}

/// The client of Twilio's REST API 2010-04-01.
pub struct Twilio {
    line: Line,
    settings: Settings,
}

/// The fields of a form or a query.
pub(super) type Fields = Vec<(&'static str, String)>;

/// One request.
pub(super) struct Ask {
    /// For the log: never the path.
    pub what: &'static str,
    /// Below the base URL.
    pub path: String,
    /// A query for a read, a form for a write.
    pub fields: Fields,
    /// Whether it changes something.
    pub intent: Intent,
}

impl Ask {
    pub fn read(what: &'static str, path: String, fields: Fields) -> Self {
        Self { what, path, fields, intent: Intent::Read }
    }

    pub fn write(what: &'static str, path: String, fields: Fields) -> Self {
        Self { what, path, fields, intent: Intent::Write }
    }
}

/// Why a 2xx answer is of no use.
pub(super) type Unreadable = &'static str;

impl Twilio {
    /// A client that connects when first used.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self { line: Line::new("twilio", settings.limits, clock)?, settings })
    }

    /// Where this account's API is.
    pub(super) fn base(&self, access: &Access) -> Result<ApiBase, Refused> {
        let own = access.api_base_url.as_deref().or(self.settings.api_base_url.as_deref());
        ApiBase::twilio(access.region.as_deref(), access.edge_location.as_deref(), own, self.settings.plain_http)
            .map_err(|error| refused(Cause::Invalid, error.message))
    }

    /// Where credentials that another region refused can be shown to the default region; see `Settings`.
    pub(super) fn home(&self, access: &Access) -> Option<String> {
        let is_real = access.api_base_url.is_none() && self.settings.api_base_url.is_none();
        self.settings.home_base_url.clone().or_else(|| is_real.then(|| "https://api.twilio.com".to_owned()))
    }

    /// Asks, and reads a 2xx answer with `read`.
    pub(super) async fn ask<T>(
        &self,
        access: &Access,
        ask: Ask,
        read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
    ) -> Outcome<T> {
        match self.base(access) {
            Ok(base) => self.ask_at((base.as_str(), base.origin()), access, ask, read).await,
            Err(refused) => Outcome::Refused(refused),
        }
    }

    /// Asks the API of alerts, which is another product: `monitor` stands where `api` does.
    pub(super) async fn ask_monitor<T>(
        &self,
        access: &Access,
        ask: Ask,
        read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
    ) -> Outcome<T> {
        let base = match self.base(access) {
            Ok(base) => base,
            Err(refused) => return Outcome::Refused(refused),
        };
        let is_real = access.api_base_url.is_none() && self.settings.api_base_url.is_none();
        let product = |text: &str| match is_real {
            true => text.replacen("://api.", "://monitor.", 1),
            false => text.to_owned(),
        };
        self.ask_at((&product(base.as_str()), &product(base.origin())), access, ask, read).await
    }

    async fn ask_at<T>(
        &self,
        (base, origin): (&str, &str),
        access: &Access,
        ask: Ask,
        read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
    ) -> Outcome<T> {
        let circuit = Circuit { account: access.account_sid.as_str().to_owned(), origin: origin.to_owned() };
        let url = format!("{base}{}", ask.path);
        let request = match ask.intent {
            Intent::Read => self.signed(Method::GET, &url, access).query(&ask.fields),
            Intent::Write => self.signed(Method::POST, &url, access).form(&ask.fields),
        };
        let judge = |answer: &Answer| meaning(answer, ask.intent, read);
        self.line.exchange(&circuit, ask.what, self.settings.limits.deadline, request, judge).await
    }

    fn signed(&self, method: Method, url: &str, access: &Access) -> RequestBuilder {
        let (user, password): (&str, &SecretString) = match &access.credential {
            Credential::AuthToken(token) => (access.account_sid.as_str(), token),
            Credential::ApiKey { sid, secret } => (sid.as_str(), secret),
            Credential::ParentAuthToken { account_sid, token } => (account_sid.as_str(), token),
        };
        let request = self.line.client().request(method, url).header("accept", "application/json");
        request.basic_auth(user, Some(password.expose_secret()))
    }
}

fn meaning<T>(answer: &Answer, intent: Intent, read: impl FnOnce(&[u8]) -> Result<T, Unreadable>) -> Outcome<T> {
    if !(200..300).contains(&answer.status) {
        return refusal::meaning(answer, intent);
    }
    let read = answer.body.as_ref().map_err(|why| *why).and_then(|bytes| read(bytes));
    match read {
        Ok(value) => Outcome::Done(value),
        Err(why) => Outcome::Unknown(format!("Twilio answered {}, but {why}", answer.status)),
    }
}

/// The path of something in an account.
pub(super) fn in_account(account: &AccountSid, rest: &str) -> String {
    format!("/2010-04-01/Accounts/{account}{rest}")
}
