//! The text of a flag as JSON by the field's kind. Errors name what was expected, never the value: it may be personal.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use super::{Flag, Kind, Many, secret};
use crate::{clock, failure::Failure, request::source, time, tree::naming};

/// All texts of one flag as the JSON of its field.
pub fn json(flag: &Flag, texts: &[String]) -> Result<Value, Failure> {
    match flag.many {
        Many::One => one(flag, texts.last().map(String::as_str).unwrap_or_default()),
        Many::List => list(flag, texts),
        Many::Map => map(flag, texts),
    }
}

fn list(flag: &Flag, texts: &[String]) -> Result<Value, Failure> {
    let mut all = Vec::new();
    for text in texts {
        match one(flag, text)? {
            Value::Array(items) if flag.kind == Kind::Json => all.extend(items),
            item => all.push(item),
        }
    }
    Ok(Value::Array(all))
}

fn map(flag: &Flag, texts: &[String]) -> Result<Value, Failure> {
    let mut all = Map::new();
    for text in texts {
        let (key, value) = text.split_once('=').ok_or_else(|| expected(flag, "KEY=VALUE"))?;
        all.insert(key.to_owned(), one(flag, value)?);
    }
    Ok(Value::Object(all))
}

fn one(flag: &Flag, text: &str) -> Result<Value, Failure> {
    match &flag.kind {
        Kind::Text => Ok(json!(text)),
        Kind::Integer => integer(text).ok_or_else(|| expected(flag, "a whole number")),
        Kind::Decimal => text.parse::<f64>().map(|number| json!(number)).map_err(|_| expected(flag, "a number")),
        Kind::Switch => text.parse::<bool>().map(|on| json!(on)).map_err(|_| expected(flag, "true or false")),
        Kind::Choice(choices) => choices
            .values()
            .find(|value| naming::enum_word(choices.name(), value.name()) == naming::enum_word(choices.name(), text))
            .map(|value| json!(value.name()))
            .ok_or_else(|| expected(flag, &format!("one of {}", flag.kind.choices().join(", ")))),
        Kind::Time => time::instant(text, clock::now()).map(|text| json!(text)).map_err(|what| expected(flag, &what)),
        Kind::Duration => time::duration(text).map(|text| json!(text)).map_err(|what| expected(flag, &what)),
        Kind::Bytes => bytes(flag, text),
        Kind::Json => source::json(&flag.shown(), text),
        Kind::Secret => Ok(json!(secret::read(&flag.shown(), text)?.as_str())),
    }
}

fn integer(text: &str) -> Option<Value> {
    text.parse::<i64>().map(|number| json!(number)).or_else(|_| text.parse::<u64>().map(|number| json!(number))).ok()
}

fn bytes(flag: &Flag, text: &str) -> Result<Value, Failure> {
    if let Some(file) = text.strip_prefix('@') {
        let bytes =
            std::fs::read(file).map_err(|error| Failure::usage(format!("{}: {file}: {error}", flag.shown())))?;
        return Ok(json!(BASE64_STANDARD.encode(bytes)));
    }
    BASE64_STANDARD.decode(text).map_err(|_| expected(flag, "base64, or @FILE"))?;
    Ok(json!(text))
}

fn expected(flag: &Flag, what: &str) -> Failure {
    Failure::usage(format!("{}: expected {what}", flag.shown()))
}
