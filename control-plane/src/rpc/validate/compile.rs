//! Reads the `buf.validate` options of descriptors into rules. A rule that it does not know is a problem, so that the
//! protos and this engine cannot drift apart.

use std::collections::HashMap;

use callplane_proto::options::v1::Audience;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor,
    ReflectMessage, Value,
};
use regex::Regex;

use super::{
    check::{Check, Choice, Entries, Ignore, Integer, List, Rules, Text, nanoseconds},
    range::Range,
    update_mask::Update,
};
use crate::rpc::gate::{Policies, method_name};

type Parsed<T> = Result<T, String>;

/// The rules of every message that a request can hold, by full name.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    messages: HashMap<String, MessageRules>,
    updates: HashMap<String, Update>,
}

/// The rules of one message.
#[derive(Debug, Default)]
pub(super) struct MessageRules {
    pub(super) fields: Vec<(FieldDescriptor, Rules)>,
    pub(super) required_oneofs: Vec<OneofDescriptor>,
}

impl Compiled {
    /// Of all messages reachable from the requests of public methods.
    pub(super) fn of_requests(pool: &DescriptorPool, policies: &Policies) -> Result<Self, Vec<String>> {
        let mut compiling = Compiling { options: Options::of(pool), compiled: Self::default(), problems: Vec::new() };
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let name = method_name(&method);
            let is_public = policies.get(&format!("/{name}")).is_some_and(|policy| policy.audience != Audience::Edge);
            if !is_public {
                continue;
            }
            if method.is_client_streaming() {
                compiling.problems.push(format!("{name}: a stream of requests is not checked"));
            }
            compiling.request(&method.input());
        }
        if compiling.problems.is_empty() { Ok(compiling.compiled) } else { Err(compiling.problems) }
    }

    pub(super) fn rules(&self, message: &MessageDescriptor) -> Option<&MessageRules> {
        self.messages.get(message.full_name())
    }

    /// How the request updates a resource, if it does.
    pub(super) fn update(&self, request: &DynamicMessage) -> Option<&Update> {
        self.updates.get(request.descriptor().full_name())
    }
}

struct Options {
    field: Option<ExtensionDescriptor>,
    oneof: Option<ExtensionDescriptor>,
    message: Option<ExtensionDescriptor>,
}

impl Options {
    fn of(pool: &DescriptorPool) -> Self {
        let named = |name| pool.get_extension_by_name(name);
        Self {
            field: named("buf.validate.field"),
            oneof: named("buf.validate.oneof"),
            message: named("buf.validate.message"),
        }
    }
}

/// The value of an extension, if it is set.
fn extension(options: &DynamicMessage, extension: Option<&ExtensionDescriptor>) -> Option<DynamicMessage> {
    let extension = extension.filter(|extension| options.has_extension(extension))?;
    options.get_extension(extension).as_message().cloned()
}

struct Compiling {
    options: Options,
    compiled: Compiled,
    problems: Vec<String>,
}

impl Compiling {
    fn request(&mut self, request: &MessageDescriptor) {
        self.message(request);
        match Update::of(request) {
            Ok(Some(update)) => drop(self.compiled.updates.insert(request.full_name().to_owned(), update)),
            Ok(None) => {}
            Err(problem) => self.problems.push(format!("{}: {problem}", request.full_name())),
        }
    }

    fn message(&mut self, message: &MessageDescriptor) {
        let name = message.full_name();
        if name.starts_with("google.protobuf.") || self.compiled.messages.contains_key(name) {
            return;
        }
        // Before the fields, because a message may hold itself.
        self.compiled.messages.insert(name.to_owned(), MessageRules::default());
        if extension(&message.options(), self.options.message.as_ref()).is_some() {
            self.problems.push(format!("{name}: rules of whole messages are not known"));
        }
        let rules = MessageRules {
            fields: message.fields().filter_map(|field| self.field(field)).collect(),
            required_oneofs: message.oneofs().filter(|oneof| self.is_required(oneof)).collect(),
        };
        self.compiled.messages.insert(name.to_owned(), rules);
        for field in message.fields() {
            let kind = if field.is_map() { map_fields(&field).1.kind() } else { field.kind() };
            if let Kind::Message(inner) = kind {
                self.message(&inner);
            }
        }
    }

    fn field(&mut self, field: FieldDescriptor) -> Option<(FieldDescriptor, Rules)> {
        let options = extension(&field.options(), self.options.field.as_ref())?;
        match field_rules(&options, Shape::of(&field)) {
            Ok(rules) => Some((field, rules)),
            Err(problem) => {
                self.problems.push(format!("{}: {problem}", field.full_name()));
                None
            }
        }
    }

    fn is_required(&self, oneof: &OneofDescriptor) -> bool {
        let options = extension(&oneof.options(), self.options.oneof.as_ref());
        let required = options.and_then(|options| options.get_field_by_name("required")?.as_bool());
        required.unwrap_or_default()
    }
}

/// What kind of value the rules are for.
#[derive(Clone)]
enum Shape {
    Single(Kind),
    List(Kind),
    Map(Kind, Kind),
}

impl Shape {
    fn of(field: &FieldDescriptor) -> Self {
        if field.is_map() {
            let (key, value) = map_fields(field);
            return Self::Map(key.kind(), value.kind());
        }
        if field.is_list() { Self::List(field.kind()) } else { Self::Single(field.kind()) }
    }
}

fn map_fields(field: &FieldDescriptor) -> (FieldDescriptor, FieldDescriptor) {
    let kind = field.kind();
    let entry = kind.as_message().expect("a map field is a list of entry messages");
    (entry.map_entry_key_field(), entry.map_entry_value_field())
}

fn field_rules(options: &DynamicMessage, shape: Shape) -> Parsed<Rules> {
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
