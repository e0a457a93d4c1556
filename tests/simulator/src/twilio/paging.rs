//! Twilio's pages: `next_page_uri` with an opaque token; page numbers alone lead nowhere.

use serde_json::{Map, Value, json};

use super::errors::TwilioError;
use super::{Context, Result};
use crate::exchange::Answer;

const DEFAULT_SIZE: usize = 50;
const LARGEST: usize = 1000;

/// Answers one page of `rows`, which are already filtered and in order. Only what is shown is rendered.
pub fn page<'a, T: 'a>(
    context: &Context<'_>,
    key: &str,
    rows: impl Iterator<Item = &'a T>,
    view: impl Fn(&'a T) -> Value,
) -> Result<Answer> {
    let size = size(context)?;
    let start = start(context)?;
    let rows: Vec<&T> = rows.collect();
    let total = rows.len();
    let shown: Vec<Value> = rows.into_iter().skip(start).take(size).map(view).collect();
    let end = start + shown.len();
    let number = start / size;
    let mut body = Map::new();
    body.insert("page".into(), number.into());
    body.insert("page_size".into(), size.into());
    body.insert("start".into(), start.into());
    body.insert("end".into(), end.saturating_sub(1).max(start).into());
    body.insert("uri".into(), uri(context, size, number, start).into());
    body.insert("first_page_uri".into(), uri(context, size, 0, 0).into());
    let previous = (start > 0).then(|| uri(context, size, number.saturating_sub(1), start.saturating_sub(size)));
    body.insert("previous_page_uri".into(), json!(previous));
    let next = (end < total).then(|| uri(context, size, number + 1, end));
    body.insert("next_page_uri".into(), json!(next));
    body.insert(key.into(), Value::Array(shown));
    Ok(Answer::json(200, &Value::Object(body)))
}

fn size(context: &Context<'_>) -> Result<usize> {
    let Some(text) = context.query("PageSize") else { return Ok(DEFAULT_SIZE) };
    match text.parse() {
        Ok(size @ 1..=LARGEST) => Ok(size),
        Ok(size) if size > LARGEST => Err(TwilioError::bad(20007, "Page size too large: PageSize is at most 1000")),
        _ => Err(TwilioError::bad(20001, "PageSize must be a number from 1 to 1000")),
    }
}

/// The token hides the position, and only a token moves on.
fn start(context: &Context<'_>) -> Result<usize> {
    let Some(token) = context.query("PageToken") else { return Ok(0) };
    let number = token.strip_prefix("PT").and_then(|hex| usize::from_str_radix(hex, 16).ok());
    number.map(|number| number ^ SCRAMBLE).ok_or_else(|| TwilioError::bad(21481, "Invalid page token"))
}

const SCRAMBLE: usize = 0x5EED_CA11;

fn uri(context: &Context<'_>, size: usize, number: usize, start: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &context.request.query {
        if !matches!(name.as_str(), "PageSize" | "Page" | "PageToken") {
            query.append_pair(name, value);
        }
    }
    query.append_pair("PageSize", &size.to_string()).append_pair("Page", &number.to_string());
    if start > 0 {
        query.append_pair("PageToken", &format!("PT{:x}", start ^ SCRAMBLE));
    }
    format!("{}?{}", context.request.path, query.finish())
}
