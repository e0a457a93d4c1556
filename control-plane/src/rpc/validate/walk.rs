//! Goes through a message and everything in it, and collects what is wrong, with paths such as `rules[0].targets[1].weight`.

use callplane_proto::{descriptors, options::v1::Sensitivity};
use prost_reflect::{DynamicMessage, FieldDescriptor, MapKey, ReflectMessage, Value};

use super::{
    check::{Check, Ignore, Rules},
    compile::Compiled,
    words,
};
use crate::domain::error::Violation;

/// Nobody reads more, and a hostile request could make millions.
const ENOUGH: usize = 200;
const KEY_SHOWN: usize = 40;

/// Something wrong with a request.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) path: String,
    description: String,
    /// The members of a oneof that is not set: naming one of them in an update mask is asking for it.
    pub(super) members: Vec<String>,
}

impl Finding {
    pub(super) fn into_violation(self) -> Violation {
        Violation { field: self.path, description: self.description }
    }
}

/// A walk over one request.
pub(super) struct Walk<'a> {
    rules: &'a Compiled,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    /// Everything wrong with a request.
    pub(super) fn over(rules: &'a Compiled, request: &DynamicMessage) -> Vec<Finding> {
        let mut walk = Self { rules, findings: Vec::new() };
        walk.message("", request);
        walk.findings
    }

    fn find(&mut self, path: &str, description: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), description: description.into(), members: Vec::new() });
    }

    fn message(&mut self, path: &str, message: &DynamicMessage) {
        let rules = self.rules.rules(&message.descriptor());
        for oneof in rules.iter().flat_map(|rules| &rules.required_oneofs) {
            let names: Vec<_> = oneof.fields().map(|field| field.name().to_owned()).collect();
            if !oneof.fields().any(|field| message.has_field(&field)) {
                let members = names.iter().map(|name| join(path, name)).collect();
                let description = format!("set one of {}", words::list(&names));
                self.findings.push(Finding { path: join(path, oneof.name()), description, members });
            }
        }
        for field in message.descriptor().fields() {
            if self.findings.len() >= ENOUGH {
                return;
            }
            let own = rules.and_then(|rules| rules.fields.iter().find(|(known, _)| *known == field));
            self.field(path, message, &field, own.map(|(_, rules)| rules));
        }
    }

    fn field(&mut self, path: &str, message: &DynamicMessage, field: &FieldDescriptor, rules: Option<&Rules>) {
        let plain = Rules::default();
        let rules = rules.unwrap_or(&plain);
        let path = join(path, field.name());
        let is_set = message.has_field(field);
        if rules.ignore == Ignore::Always {
            return;
        }
        if rules.required && !is_set {
            return self.find(&path, "required");
        }
        if !is_set && (field.supports_presence() || rules.ignore == Ignore::IfZero) {
            return;
        }
        let value = message.get_field(field);
        if rules.ignore == Ignore::IfZero && value.is_default_for_field(field) {
            return;
        }
        self.value(&path, &value, rules, field);
    }

    fn value(&mut self, path: &str, value: &Value, rules: &Rules, field: &FieldDescriptor) {
        for complaint in rules.check.complaints(value) {
            self.find(path, complaint);
        }
        let plain = Rules::default();
        match (value, &rules.check) {
            (Value::Message(inner), _) => self.message(path, inner),
            (Value::List(items), check) => {
                let rules = if let Check::List(list) = check { &list.items } else { &plain };
                for (index, item) in items.iter().enumerate() {
                    self.item(&format!("{path}[{index}]"), item, rules, field);
                }
            }
            (Value::Map(entries), check) => {
                let (keys, values) =
                    if let Check::Map(map) = check { (&map.keys, &map.values) } else { (&plain, &plain) };
                for (key, value) in entries {
                    let path = format!("{path}[{}]", shown_key(key, field));
                    self.item(&path, &Value::from(key.clone()), keys, field);
                    self.item(&path, value, values, field);
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, path: &str, item: &Value, rules: &Rules, field: &FieldDescriptor) {
        let is_zero = is_zero(item);
        if self.findings.len() >= ENOUGH
            || rules.ignore == Ignore::Always
            || (rules.ignore == Ignore::IfZero && is_zero)
        {
            return;
        }
        if rules.required && is_zero {
            return self.find(path, "required");
        }
        self.value(path, item, rules, field);
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::I32(value) | Value::EnumNumber(value) => *value == 0,
        Value::I64(value) => *value == 0,
        Value::U32(value) => *value == 0,
        Value::U64(value) => *value == 0,
        Value::String(value) => value.is_empty(),
        Value::Bytes(value) => value.is_empty(),
        _ => false,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Keys help to find the entry, unless the field is sensitive.
fn shown_key(key: &MapKey, field: &FieldDescriptor) -> String {
    if descriptors::sensitivity(field) != Sensitivity::Unspecified {
        return "…".to_owned();
    }
    match key {
        MapKey::String(text) => format!("{:?}", text.chars().take(KEY_SHOWN).collect::<String>()),
        MapKey::Bool(value) => value.to_string(),
        MapKey::I32(value) => value.to_string(),
        MapKey::I64(value) => value.to_string(),
        MapKey::U32(value) => value.to_string(),
        MapKey::U64(value) => value.to_string(),
    }
}
