//! One thing, field by field: `path  value`, what is not set left out.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind as Type, ReflectMessage, Value};

use super::cell;

/// All that is set, or what lies under the paths asked for.
pub fn render(lines: &[(String, String)], wanted: &[String]) -> String {
    let asked = |path: &str| {
        wanted.is_empty()
            || wanted.iter().any(|want| {
                path == want || path.strip_prefix(want.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
            })
    };
    let shown: Vec<_> = lines.iter().filter(|(path, _)| asked(path)).collect();
    let width = shown.iter().map(|(path, _)| path.chars().count()).max().unwrap_or_default();
    shown.iter().map(|(path, value)| format!("{path:width$}  {value}\n")).collect()
}

/// The lines of a reply; the one message that a reply wraps needs no prefix.
pub fn without_wrapper(reply: &DynamicMessage) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let first = reply.descriptor().fields().next().filter(|field| is_plain_message(field) && reply.has_field(field));
    for (field, value) in reply.fields() {
        match value.as_message() {
            Some(inner) if Some(&field) == first.as_ref() => message(inner, "", &mut lines),
            _ => put(&field, value, field.name(), &mut lines),
        }
    }
    lines
}

fn message(message: &DynamicMessage, prefix: &str, lines: &mut Vec<(String, String)>) {
    for (field, value) in message.fields() {
        let path = if prefix.is_empty() { field.name().to_owned() } else { format!("{prefix}.{}", field.name()) };
        put(&field, value, &path, lines);
    }
}

fn put(field: &FieldDescriptor, value: &Value, path: &str, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Message(inner) if is_plain_message(field) && inner.fields().next().is_some() => {
            message(inner, path, lines)
        }
        Value::List(items) if matches!(field.kind(), Type::Message(_)) => {
            for (index, item) in items.iter().enumerate() {
                match item {
                    Value::Message(inner) => message(inner, &format!("{path}[{index}]"), lines),
                    item => lines.push((format!("{path}[{index}]"), cell::of_field(field, item))),
                }
            }
        }
        value => lines.push((path.to_owned(), cell::of_field(field, value))),
    }
}

/// Times, durations and free JSON are one value to people.
fn is_plain_message(field: &FieldDescriptor) -> bool {
    !field.is_list()
        && !field.is_map()
        && matches!(field.kind(), Type::Message(message) if !message.full_name().starts_with("google.protobuf."))
}
