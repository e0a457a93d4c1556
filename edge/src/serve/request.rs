//! Reading a request within its bounds, cheapest check first: path, method, headers, then the body and its form.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::rejection::Rejection;
use crate::{
    form::Form,
    route::{Found, Table},
    settings::Limits,
    verify::{self, Content, shared_key},
};

/// A request with its form.
pub struct Received {
    /// Everything but the body.
    pub parts: Parts,
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

/// Reads the rest.
pub async fn receive<B>(request: Request<B>, limits: &Limits) -> Result<Received, Rejection>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET {
        let query = parts.uri.query().unwrap_or_default();
        let form = Form::parse(query.as_bytes(), limits.fields).map_err(|_| Rejection::TooManyFields)?;
        return Ok(Received { parts, form });
    }
    if length(&parts.headers).is_some_and(|length| length > limits.body_bytes) {
        return Err(Rejection::TooLong);
    }
    check_encoding(&parts.headers)?;
    let body = read(body, limits).await?;
    check_type(&parts.headers, &body)?;
    let form = Form::parse(&body, limits.fields).map_err(|_| Rejection::TooManyFields)?;
    Ok(Received { parts, form })
}

impl Received {
    /// Path and query, byte for byte.
    pub fn target(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// What was signed beside the URL.
    pub fn content(&self) -> Content<'_> {
        if self.parts.method == Method::GET { Content::Query } else { Content::Form(&self.form) }
    }

    /// The signature. Two of them, or one that is not text, fit nothing.
    pub fn signature(&self) -> Option<&str> {
        let mut values = self.parts.headers.get_all(verify::HEADER).iter();
        let first = values.next()?;
        Some(if values.next().is_some() { "two" } else { first.to_str().unwrap_or("not text") })
    }

    /// A shared key signed, or so it says.
    pub fn names_shared_key(&self) -> bool {
        self.parts.headers.contains_key(shared_key::HEADER)
    }

    /// Twilio's token for this delivery.
    pub fn idempotency_token(&self) -> Option<&str> {
        self.parts.headers.get("i-twilio-idempotency-token")?.to_str().ok()
    }
}

async fn read<B>(body: B, limits: &Limits) -> Result<Bytes, Rejection>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = timeout(limits.body_timeout, Limited::new(body, limits.body_bytes).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::TooLong),
        Ok(Err(_)) => Err(Rejection::Broken),
        Err(_) => Err(Rejection::TooSlow),
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
fn check_type(headers: &HeaderMap, body: &Bytes) -> Result<(), Rejection> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return if body.is_empty() { Ok(()) } else { Err(Rejection::NotAForm) };
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
