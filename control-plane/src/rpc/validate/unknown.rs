//! Refuses fields that this server does not know. Ignoring them, as protobuf does, would turn the `validate_only` of a
//! newer client into the real change.

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use crate::domain::error::{Error, Result, Violation};

const ENOUGH: usize = 20;

/// Names every unknown field of a request.
pub(super) fn refuse(request: &DynamicMessage) -> Result<()> {
    let mut found = Vec::new();
    message("", request, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let mut error = Error::violations(found);
    error.reason = "UNKNOWN_FIELD";
    Err(error)
}

fn message(path: &str, inner: &DynamicMessage, found: &mut Vec<Violation>) {
    for field in inner.unknown_fields().take(ENOUGH) {
        let description = format!(
            "field {} of `{}` is not known to this server; use a client of its version or upgrade the server",
            field.number(),
            inner.descriptor().full_name(),
        );
        found.push(Violation { field: path.to_owned(), description });
    }
    for (field, value) in inner.fields() {
        if found.len() >= ENOUGH {
            return;
        }
        let path = if path.is_empty() { field.name().to_owned() } else { format!("{path}.{}", field.name()) };
        values(&path, value, found);
    }
}

fn values(path: &str, value: &Value, found: &mut Vec<Violation>) {
    match value {
        Value::Message(inner) => message(path, inner, found),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                values(&format!("{path}[{index}]"), item, found);
            }
        }
        Value::Map(entries) => {
            for value in entries.values() {
                values(&format!("{path}[…]"), value, found);
            }
        }
        _ => {}
    }
}
