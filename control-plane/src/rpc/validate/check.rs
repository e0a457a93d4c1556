//! What one value must be, compiled, and what is said when it is not. No value is ever repeated in an answer.

use std::collections::HashSet;

use prost_reflect::{DynamicMessage, EnumDescriptor, Value};
use regex::Regex;

use super::{
    range::{self, Range},
    words,
};

/// The rules of a field, or of each item, key or value of one.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) required: bool,
    pub(super) ignore: Ignore,
    pub(super) check: Check,
}

/// When the rules do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Ignore {
    #[default]
    Never,
    IfZero,
    Always,
}

/// What a value must be.
#[derive(Debug, Default)]
pub(super) enum Check {
    #[default]
    Anything,
    Text(Text),
    Integer(Integer),
    Choice(Choice),
    Duration(Range),
    List(Box<List>),
    Map(Box<Entries>),
}

#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) length: Range,
    pub(super) patterns: Vec<Regex>,
    pub(super) one_of: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Integer {
    pub(super) range: Range,
    pub(super) one_of: Vec<i128>,
    pub(super) none_of: Vec<i128>,
}

#[derive(Debug)]
pub(super) struct Choice {
    pub(super) known: EnumDescriptor,
    pub(super) defined_only: bool,
    pub(super) one_of: Vec<i32>,
    pub(super) none_of: Vec<i32>,
}

#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) count: Range,
    pub(super) unique: bool,
    pub(super) items: Rules,
}

#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) count: Range,
    pub(super) keys: Rules,
    pub(super) values: Rules,
}

impl Check {
    /// Everything that is wrong with a single value or with the size of a collection.
    pub(super) fn complaints(&self, value: &Value) -> Vec<String> {
        match (self, value) {
            (Self::Text(text), Value::String(value)) => text.complaints(value),
            (Self::Integer(integer), value) => {
                integer_of(value).map(|value| integer.complaints(value)).unwrap_or_default()
            }
            (Self::Choice(choice), Value::EnumNumber(number)) => choice.complaints(*number),
            (Self::Duration(range), Value::Message(value)) if !range.holds(nanoseconds(value)) => {
                vec![range.words(range::seconds)]
            }
            (Self::List(list), Value::List(items)) => list.complaints(items),
            (Self::Map(entries), Value::Map(map)) if !entries.count.holds(map.len() as i128) => {
                vec![format!("{} entries", entries.count.words(range::plain))]
            }
            _ => Vec::new(),
        }
    }
}

impl Text {
    fn complaints(&self, value: &str) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.length.holds(value.chars().count() as i128) {
            complaints.push(format!("{} characters", self.length.words(range::plain)));
        }
        let broken = self.patterns.iter().filter(|pattern| !pattern.is_match(value));
        complaints.extend(broken.map(|pattern| words::pattern(pattern.as_str())));
        if !self.one_of.is_empty() && !self.one_of.iter().any(|known| known == value) {
            complaints.push(format!("expected {}", words::list(&self.one_of)));
        }
        complaints
    }
}

impl Integer {
    fn complaints(&self, value: i128) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.range.holds(value) {
            complaints.push(self.range.words(range::plain));
        }
        if !self.one_of.is_empty() && !self.one_of.contains(&value) {
            complaints.push(format!("expected {}", words::list(&self.one_of)));
        }
        if self.none_of.contains(&value) {
            complaints.push(format!("expected anything but {}", words::list(&self.none_of)));
        }
        complaints
    }
}

impl Choice {
    fn complaints(&self, number: i32) -> Vec<String> {
        let allowed =
            |number: i32| (self.one_of.is_empty() || self.one_of.contains(&number)) && !self.none_of.contains(&number);
        let undefined = self.defined_only && self.known.get_value(number).is_none();
        if allowed(number) && !undefined {
            return Vec::new();
        }
        let fits: Vec<_> = self.known.values().filter(|value| allowed(value.number())).collect();
        vec![format!("expected {}", words::list(fits.iter().map(|value| value.name())))]
    }
}

impl List {
    fn complaints(&self, items: &[Value]) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.count.holds(items.len() as i128) {
            complaints.push(format!("{} items", self.count.words(range::plain)));
        }
        let mut seen = HashSet::new();
        if self.unique && !items.iter().all(|item| seen.insert(format!("{item:?}"))) {
            complaints.push("expected no item twice".to_owned());
        }
        complaints
    }
}

fn integer_of(value: &Value) -> Option<i128> {
    match value {
        Value::I32(value) => Some((*value).into()),
        Value::I64(value) => Some((*value).into()),
        Value::U32(value) => Some((*value).into()),
        Value::U64(value) => Some((*value).into()),
        _ => None,
    }
}

/// A `google.protobuf.Duration` in nanoseconds.
pub(super) fn nanoseconds(duration: &DynamicMessage) -> i128 {
    let part = |name| duration.get_field_by_name(name).and_then(|value| integer_of(&value)).unwrap_or_default();
    part("seconds") * 1_000_000_000 + part("nanos")
}
