//! Every way a webhook is turned away before a control plane hears of it: what the sender gets, what is counted, and what
//! the log says.

use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;

use crate::{
    translate::Malformed,
    verify::{Fault, explain},
};

/// Why a request went no further.
#[derive(Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No such path.
    NotFound,
    /// The path is known, the method is not for it.
    Method { get: bool },
    /// The body is too long.
    TooLong,
    /// The body came too slowly.
    TooSlow,
    /// The body broke off.
    Broken,
    /// The body is no form, or compressed.
    NotAForm,
    /// The form has too many fields.
    TooManyFields,
    /// The form was signed and makes no sense.
    Malformed(Malformed),
    /// Not from Twilio, or not for this account.
    Refused(Refusal),
    /// Nothing can be checked before the first snapshot.
    NotLoaded,
}

/// Why a webhook is not believed. All look the same from outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The form names no account.
    NoAccount,
    /// Nobody registered the account.
    UnknownAccount,
    /// The account has no auth token here.
    CannotVerify,
    /// The account is not in use.
    Inactive,
    /// No signature, or nothing that could be one.
    Unsigned(&'static Fault),
    /// The signature does not fit; the text explains.
    Signature(String),
    /// Signed with a shared key, which this edge does not have.
    SharedKey,
    /// The number belongs to another account.
    ForeignNumber,
}

impl Rejection {
    /// For metrics and for sampling.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Method { .. } => "method",
            Self::TooLong => "too_long",
            Self::TooSlow => "too_slow",
            Self::Broken => "broken",
            Self::NotAForm => "not_a_form",
            Self::TooManyFields => "too_many_fields",
            Self::Malformed(_) => "malformed",
            Self::NotLoaded => "not_loaded",
            Self::Refused(refusal) => refusal.label(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Broken | Self::TooManyFields | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::NotLoaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the sender gets: a status, and a line only where it tells a stranger nothing about accounts.
    pub fn response(&self) -> Response<Full<Bytes>> {
        let body = match self {
            Self::Refused(_) | Self::NotLoaded => Bytes::new(),
            other => format!("{other}\n").into(),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
        if let Self::Method { get } = self {
            let allow = if *get { "GET, POST" } else { "POST" };
            headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("no webhook has this path"),
            Self::Method { get: true } => formatter.write_str("use POST or GET"),
            Self::Method { get: false } => formatter.write_str("use POST"),
            Self::TooLong => formatter.write_str("the body is too long"),
            Self::TooSlow => formatter.write_str("the body came too slowly"),
            Self::Broken => formatter.write_str("the body broke off"),
            Self::NotAForm => formatter.write_str("send application/x-www-form-urlencoded, not compressed"),
            Self::TooManyFields => formatter.write_str("the form has too many fields"),
            Self::Malformed(fault) => write!(formatter, "{fault}"),
            Self::NotLoaded => formatter.write_str("no control plane has told this edge its accounts yet"),
            Self::Refused(refusal) => write!(formatter, "{refusal}"),
        }
    }
}

impl Refusal {
    fn label(&self) -> &'static str {
        match self {
            Self::NoAccount => "no_account",
            Self::UnknownAccount => "unknown_account",
            Self::CannotVerify => "cannot_verify",
            Self::Inactive => "inactive_account",
            Self::Unsigned(_) | Self::Signature(_) => "signature",
            Self::SharedKey => "shared_key",
            Self::ForeignNumber => "foreign_number",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoAccount => "no AccountSid in the request",
            Self::UnknownAccount => "unknown account: register it, or look who else sends here",
            Self::CannotVerify => {
                "this account cannot verify webhooks: it has no auth token here, and API keys sign none"
            }
            Self::Inactive => "the account is not in use",
            Self::Unsigned(fault) => explain::shape(fault),
            Self::Signature(explained) => explained,
            Self::SharedKey => "signed with a webhook shared key, and none is configured at this edge",
            Self::ForeignNumber => "the signature is right, but the number belongs to another account",
        })
    }
}
