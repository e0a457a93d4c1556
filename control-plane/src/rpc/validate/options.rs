//! Reads `buf.validate` options into rules. A rule that it does not know is a problem, so that the protos and this engine
//! cannot drift apart.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use regex::Regex;

use super::{
    check::{Check, Choice, Entries, Ignore, Integer, List, Rules, Text, nanoseconds},
    range::Range,
};

type Parsed<T> = Result<T, String>;

/// What kind of value the rules are for.
#[derive(Clone)]
pub(super) enum Shape {
    Single(Kind),
    List(Kind),
    Map(Kind, Kind),
}

impl Shape {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        if field.is_map() {
            let (key, value) = map_fields(field);
            return Self::Map(key.kind(), value.kind());
        }
        if field.is_list() { Self::List(field.kind()) } else { Self::Single(field.kind()) }
    }
}

pub(super) fn map_fields(field: &FieldDescriptor) -> (FieldDescriptor, FieldDescriptor) {
    let kind = field.kind();
    let entry = kind.as_message().expect("a map field is a list of entry messages");
    (entry.map_entry_key_field(), entry.map_entry_value_field())
}

/// The rules in a field's options.
pub(super) fn field_rules(options: &DynamicMessage, shape: Shape) -> Parsed<Rules> {
    let mut rules = Rules::default();
    for (option, value) in options.fields() {
        let name = option.name();
        match (name, value) {
            ("required", value) => rules.required = value.as_bool().unwrap_or_default(),
            ("ignore", value) => rules.ignore = ignore(value)?,
            (_, Value::Message(options)) => rules.check = check(name, options, &shape)?,
            _ => return Err(unknown(name)),
        }
    }
    Ok(rules)
}

fn unknown(rule: &str) -> String {
    format!("the rule `{rule}` is not known")
}

fn ignore(value: &Value) -> Parsed<Ignore> {
    match value.as_enum_number() {
        Some(0) => Ok(Ignore::Never),
        Some(1) => Ok(Ignore::IfZero),
        Some(3) => Ok(Ignore::Always),
        _ => Err(unknown("ignore")),
    }
}

fn check(name: &str, options: &DynamicMessage, shape: &Shape) -> Parsed<Check> {
    match (name, shape) {
        ("string", Shape::Single(Kind::String)) => text(options).map(Check::Text),
        ("enum", Shape::Single(Kind::Enum(known))) => {
            let mut choice = Choice { known: known.clone(), defined_only: false, one_of: vec![], none_of: vec![] };
            for (option, value) in options.fields() {
                match option.name() {
                    "defined_only" => choice.defined_only = value.as_bool().unwrap_or_default(),
                    "in" => choice.one_of = numbers(value),
                    "not_in" => choice.none_of = numbers(value),
                    other => return Err(unknown(&format!("enum.{other}"))),
                }
            }
            Ok(Check::Choice(choice))
        }
        ("duration", Shape::Single(Kind::Message(message))) if message.full_name() == "google.protobuf.Duration" => {
            duration(options).map(Check::Duration)
        }
        ("repeated", Shape::List(item)) => list(options, item).map(Box::new).map(Check::List),
        ("map", Shape::Map(key, value)) => entries(options, key, value).map(Box::new).map(Check::Map),
        (name, Shape::Single(kind)) if integer_rule(kind) == Some(name) => integer(name, options).map(Check::Integer),
        _ => Err(format!("the rule `{name}` is not known for this field")),
    }
}

fn integer_rule(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Int32 => Some("int32"),
        Kind::Int64 => Some("int64"),
        Kind::Uint32 => Some("uint32"),
        Kind::Uint64 => Some("uint64"),
        _ => None,
    }
}

fn text(options: &DynamicMessage) -> Parsed<Text> {
    let mut text = Text::default();
    for (option, value) in options.fields() {
        match option.name() {
            "min_len" => text.length.least = number(value),
            "max_len" => text.length.most = number(value),
            "pattern" => text.patterns.push(regex(value.as_str().unwrap_or_default())?),
            "in" => {
                text.one_of =
                    value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            "const" => text.one_of = value.as_str().map(str::to_owned).into_iter().collect(),
            other => return Err(unknown(&format!("string.{other}"))),
        }
    }
    possible(text.length.clone()).map(|_| text)
}

fn regex(pattern: &str) -> Parsed<Regex> {
    Regex::new(pattern).map_err(|_| format!("the pattern `{pattern}` is not valid"))
}

fn integer(name: &str, options: &DynamicMessage) -> Parsed<Integer> {
    let mut integer = Integer::default();
    for (option, value) in options.fields() {
        match option.name() {
            "gte" => integer.range.least = number(value),
            "gt" => integer.range.least = number(value).map(|n| n + 1),
            "lte" => integer.range.most = number(value),
            "lt" => integer.range.most = number(value).map(|n| n - 1),
            "in" => integer.one_of = numbers(value),
            "not_in" => integer.none_of = numbers(value),
            other => return Err(unknown(&format!("{name}.{other}"))),
        }
    }
    possible(integer.range.clone()).map(|_| integer)
}

fn duration(options: &DynamicMessage) -> Parsed<Range> {
    let mut range = Range::default();
    for (option, value) in options.fields() {
        let nanos = value.as_message().map(nanoseconds);
        match option.name() {
            "gte" => range.least = nanos,
            "lte" => range.most = nanos,
            other => return Err(unknown(&format!("duration.{other}"))),
        }
    }
    possible(range)
}

fn list(options: &DynamicMessage, item: &Kind) -> Parsed<List> {
    let mut list = List::default();
    for (option, value) in options.fields() {
        match (option.name(), value) {
            ("min_items", value) => list.count.least = number(value),
            ("max_items", value) => list.count.most = number(value),
            ("unique", _) if matches!(item, Kind::Message(_)) => return Err(unknown("repeated.unique of messages")),
            ("unique", value) => list.unique = value.as_bool().unwrap_or_default(),
            ("items", Value::Message(options)) => list.items = field_rules(options, Shape::Single(item.clone()))?,
            (other, _) => return Err(unknown(&format!("repeated.{other}"))),
        }
    }
    possible(list.count.clone()).map(|_| list)
}

fn entries(options: &DynamicMessage, key: &Kind, value_kind: &Kind) -> Parsed<Entries> {
    let mut entries = Entries::default();
    for (option, value) in options.fields() {
        match (option.name(), value) {
            ("max_pairs", value) => entries.count.most = number(value),
            ("keys", Value::Message(options)) => entries.keys = field_rules(options, Shape::Single(key.clone()))?,
            ("values", Value::Message(options)) => {
                entries.values = field_rules(options, Shape::Single(value_kind.clone()))?;
            }
            (other, _) => return Err(unknown(&format!("map.{other}"))),
        }
    }
    Ok(entries)
}

/// protovalidate reads an empty range as its complement, which nobody wants to meet by accident.
fn possible(range: Range) -> Parsed<Range> {
    if range.is_empty() { Err("nothing fits the bounds".to_owned()) } else { Ok(range) }
}

fn number(value: &Value) -> Option<i128> {
    match value {
        Value::I32(n) => Some((*n).into()),
        Value::I64(n) => Some((*n).into()),
        Value::U32(n) => Some((*n).into()),
        Value::U64(n) => Some((*n).into()),
        _ => None,
    }
}

fn numbers<T: TryFrom<i128>>(value: &Value) -> Vec<T> {
    value.as_list().unwrap_or_default().iter().filter_map(number).filter_map(|n| n.try_into().ok()).collect()
}
