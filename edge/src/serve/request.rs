//! Reading a request within its bounds, cheapest check first: path, method, headers, then the body and its form.

use std::{pin::pin, task::Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::rejection::{Refusal, Rejection};
use crate::{
    form::Form,
    route::{Found, Table},
    settings::Limits,
    verify::{self, Content, Fault, shared_key},
};

static IDEMPOTENCY_TOKEN: HeaderName = HeaderName::from_static("i-twilio-idempotency-token");

/// A request whose form has been read.
pub struct Received<'r> {
    /// Everything but the body.
    pub parts: &'r Parts,
    /// All parameters: of the body, or of a GET's query.
    pub form: Form,
}

/// Finds what a request is about.
pub fn route<'t>(table: &Table, method: &Method, path: &'t str) -> Result<Found<'t>, Rejection> {
    let found = table.find(path).ok_or(Rejection::NotFound)?;
    if *method == Method::POST || (found.get && *method == Method::GET) {
        Ok(found)
    } else {
        Err(Rejection::Method { get: found.get })
    }
}

/// What can be refused before the body is there: most of what is not from Twilio ends here.
pub fn check_head(parts: &Parts, limits: &Limits) -> Result<(), Rejection> {
    let length = length(&parts.headers);
    if length.is_some_and(|length| length > limits.body_bytes) {
        return Err(Rejection::TooLong);
    }
    if parts.method != Method::GET {
        check_encoding(&parts.headers)?;
        check_type(&parts.headers, length.unwrap_or(0))?;
    }
    check_signature(&parts.headers).map_err(Rejection::Refused)
}

/// Reads the rest.
pub async fn receive<B>(parts: &Parts, body: B, limits: &Limits) -> Result<Form, Rejection>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if parts.method == Method::GET {
        let query = parts.uri.query().unwrap_or_default();
        return Form::parse(query.as_bytes(), limits.fields).map_err(|_| Rejection::TooManyFields);
    }
    let mut reading = pin!(read(body, limits.body_bytes));
    // The body is nearly always there with the head, and needs no timer then.
    let body = match futures::poll!(&mut reading) {
        Poll::Ready(body) => body?,
        Poll::Pending => timeout(limits.body_timeout, reading).await.map_err(|_| Rejection::TooSlow)??,
    };
    check_type(&parts.headers, body.len())?;
    Form::parse(&body, limits.fields).map_err(|_| Rejection::TooManyFields)
}

impl Received<'_> {
    /// Path and query, byte for byte.
    pub fn target(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// What was signed beside the URL.
    pub fn content(&self) -> Content<'_> {
        if self.parts.method == Method::GET { Content::Query } else { Content::Form(&self.form) }
    }

    /// The signature; its shape was checked with the head.
    pub fn signature(&self) -> Option<&str> {
        self.parts.headers.get(&verify::HEADER)?.to_str().ok()
    }

    /// Twilio's token for this delivery.
    pub fn idempotency_token(&self) -> Option<&str> {
        self.parts.headers.get(&IDEMPOTENCY_TOKEN)?.to_str().ok()
    }
}

/// One signature, and one that could be. Says nothing about accounts, so it may be quick.
fn check_signature(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(&shared_key::HEADER) {
        return Err(Refusal::SharedKey);
    }
    let mut values = headers.get_all(&verify::HEADER).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Unsigned(&Fault::NoSignature)),
        (Some(only), None) if only.is_empty() => Err(Refusal::Unsigned(&Fault::NoSignature)),
        (Some(only), None) if verify::may_be_signature(only.as_bytes()) => Ok(()),
        _ => Err(Refusal::Unsigned(&Fault::MalformedSignature)),
    }
}

/// The body as one piece; one that came as one is not copied.
async fn read<B>(body: B, most: usize) -> Result<Bytes, Rejection>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Rejection::TooLong),
        Err(_) => Err(Rejection::Broken),
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Twilio does not compress, and unpacking is how a small body becomes a large one.
fn check_encoding(headers: &HeaderMap) -> Result<(), Rejection> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
    if encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case(b"identity")) {
        Ok(())
    } else {
        Err(Rejection::NotAForm)
    }
}

/// The media type alone counts: Twilio sends it with and without a charset. Nothing needs no type.
fn check_type(headers: &HeaderMap, length: usize) -> Result<(), Rejection> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return if length == 0 { Ok(()) } else { Err(Rejection::NotAForm) };
    };
    if value.to_str().is_ok_and(is_form) { Ok(()) } else { Err(Rejection::NotAForm) }
}

/// `application/x-www-form-urlencoded`, whatever its parameters.
pub fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::is_form;

    #[test]
    fn a_form_is_recognised_by_its_media_type() {
        for form in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"] {
            assert!(is_form(form), "{form}");
        }
        for other in ["", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencodedx"] {
            assert!(!is_form(other), "{other}");
        }
    }
}
