//! One value as a short text. Control characters are replaced: what a caller typed must not steer a terminal.

use base64::{Engine, prelude::BASE64_STANDARD};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind as Type, MapKey, MessageDescriptor, ReflectMessage, Value};

use crate::{request::json, time, tree::naming};

/// What stands for nothing, so that columns keep their places.
pub const NOTHING: &str = "-";

/// Whether a path leads to a field of the message.
pub fn exists(message: &MessageDescriptor, path: &str) -> bool {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match message.get_field_by_name(name) {
        Some(_) if rest.is_empty() => true,
        Some(field) => matches!(field.kind(), Type::Message(inner) if exists(&inner, rest)),
        None => false,
    }
}

/// The text at a path.
pub fn at(message: &DynamicMessage, path: &str) -> String {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(field) = message.descriptor().get_field_by_name(name) else { return NOTHING.to_owned() };
    if field.supports_presence() && !message.has_field(&field) {
        return NOTHING.to_owned();
    }
    let value = message.get_field(&field);
    match value.as_message() {
        Some(inner) if !rest.is_empty() => at(inner, rest),
        _ => of_field(&field, &value),
    }
}

/// A field's value, lists and maps in one line.
pub fn of_field(field: &FieldDescriptor, value: &Value) -> String {
    let text = match value {
        Value::List(items) => items.iter().map(|item| one(&field.kind(), item)).collect::<Vec<_>>().join(","),
        Value::Map(entries) => {
            let mut pairs: Vec<String> = entries.iter().map(|(key, value)| pair(field, key, value)).collect();
            pairs.sort();
            pairs.join(",")
        }
        value => one(&field.kind(), value),
    };
    if text.is_empty() { NOTHING.to_owned() } else { text }
}

fn pair(field: &FieldDescriptor, key: &MapKey, value: &Value) -> String {
    let kind = match field.kind() {
        Type::Message(entry) => entry.map_entry_value_field().kind(),
        other => other,
    };
    let key = Value::from(key.clone());
    format!("{}={}", one(&Type::String, &key), one(&kind, value))
}

fn one(kind: &Type, value: &Value) -> String {
    match (kind, value) {
        (_, Value::Bool(on)) => (if *on { "yes" } else { "no" }).to_owned(),
        (_, Value::I32(number)) => number.to_string(),
        (_, Value::I64(number)) => number.to_string(),
        (_, Value::U32(number)) => number.to_string(),
        (_, Value::U64(number)) => number.to_string(),
        (_, Value::F32(number)) => number.to_string(),
        (_, Value::F64(number)) => number.to_string(),
        (_, Value::String(text)) => printable(text),
        (_, Value::Bytes(bytes)) => BASE64_STANDARD.encode(bytes),
        (Type::Enum(choices), Value::EnumNumber(0)) => {
            let zero = choices.get_value(0);
            let word = zero.map(|value| naming::enum_word(choices.name(), value.name())).unwrap_or_default();
            if word == "unspecified" { String::new() } else { word }
        }
        (Type::Enum(choices), Value::EnumNumber(number)) => match choices.get_value(*number) {
            Some(value) => naming::enum_word(choices.name(), value.name()),
            None => number.to_string(),
        },
        (_, Value::Message(message)) => of_message(message),
        (_, Value::EnumNumber(number)) => number.to_string(),
        (_, Value::List(_) | Value::Map(_)) => String::new(),
    }
}

fn of_message(message: &DynamicMessage) -> String {
    let number = |name: &str| message.get_field_by_name(name).map(std::borrow::Cow::into_owned);
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => match (number("seconds"), number("nanos")) {
            (Some(Value::I64(seconds)), Some(Value::I32(nanos))) => instant(seconds, nanos),
            _ => String::new(),
        },
        "google.protobuf.Duration" => match (number("seconds"), number("nanos")) {
            (Some(Value::I64(seconds)), Some(Value::I32(nanos))) => time::in_words(seconds, nanos),
            _ => String::new(),
        },
        _ => match json::of_message(message, true) {
            serde_json::Value::String(text) => printable(&text),
            json => json.to_string(),
        },
    }
}

/// To the second: enough for people, and the JSON has the rest.
fn instant(seconds: i64, nanos: i32) -> String {
    let time = chrono::DateTime::from_timestamp(seconds, nanos.unsigned_abs());
    time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
}

fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// `display_name` as JSON calls it: `displayName`.
pub fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' {
            raise = true;
        } else {
            out.push(if raise { letter.to_ascii_uppercase() } else { letter });
            raise = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
    }

    #[test]
    fn names_become_the_ones_of_json() {
        assert_eq!(camel("fallback_agent_id"), "fallbackAgentId");
    }
}
