//! What kind of text a field takes.

use callplane_proto::{descriptors, options::v1::Sensitivity};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind as Type};

use super::Flag;
use crate::tree::naming;

/// What kind of text a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Text,
    Integer,
    Decimal,
    Switch,
    Choice(EnumDescriptor),
    Time,
    Duration,
    Bytes,
    /// A message, or anything that has no shorter form.
    Json,
    /// Text that comes from a file, a prompt or the environment.
    Secret,
}

impl Kind {
    /// The kind of one value of the field.
    pub fn of(field: &FieldDescriptor) -> Self {
        if descriptors::sensitivity(field) == Sensitivity::Secret {
            return Kind::Secret;
        }
        Self::of_type(&field.kind())
    }

    fn of_type(kind: &Type) -> Self {
        match kind {
            Type::Double | Type::Float => Kind::Decimal,
            Type::Bool => Kind::Switch,
            Type::String => Kind::Text,
            Type::Bytes => Kind::Bytes,
            Type::Enum(choices) => Kind::Choice(choices.clone()),
            Type::Message(message) => match message.full_name() {
                "google.protobuf.Timestamp" => Kind::Time,
                "google.protobuf.Duration" => Kind::Duration,
                "google.protobuf.StringValue" | "google.protobuf.FieldMask" => Kind::Text,
                "google.protobuf.BoolValue" => Kind::Switch,
                "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => Kind::Decimal,
                "google.protobuf.Int32Value" | "google.protobuf.Int64Value" => Kind::Integer,
                "google.protobuf.UInt32Value" | "google.protobuf.UInt64Value" => Kind::Integer,
                _ => Kind::Json,
            },
            _ => Kind::Integer,
        }
    }

    /// What the map's values take.
    pub fn of_map_value(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Type::Message(entry) if entry.is_map_entry() => Self::of_type(&entry.map_entry_value_field().kind()),
            other => Self::of_type(&other),
        }
    }

    /// One word for the command tree's listing.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Switch => "switch",
            Kind::Choice(_) => "choice",
            Kind::Time => "time",
            Kind::Duration => "duration",
            Kind::Bytes => "bytes",
            Kind::Json => "json",
            Kind::Secret => "secret-file",
        }
    }

    /// The words an enum offers, its unspecified value left out.
    pub fn choices(&self) -> Vec<String> {
        let Kind::Choice(choices) = self else { return Vec::new() };
        let values = choices.values().filter(|value| value.number() != 0);
        values.map(|value| naming::enum_word(choices.name(), value.name())).collect()
    }
}

impl Flag {
    /// What stands for the value in the help.
    pub fn value_name(&self) -> String {
        let given = descriptors::field_cli(self.field()).value_name;
        if !given.is_empty() {
            return given;
        }
        if self.place.is_some() {
            let name = self.name.strip_suffix("-file").unwrap_or(&self.name);
            let name = if name == "id" { dotted_id(self) } else { name.to_owned() };
            return name.replace(['-', '.'], "_").to_uppercase();
        }
        if self.many == super::Many::Map {
            return "KEY=VALUE".to_owned();
        }
        let word = match self.kind {
            Kind::Text if ["-id", "-ids", "-sid"].iter().any(|end| self.name.ends_with(end)) => "ID",
            Kind::Text => "TEXT",
            Kind::Integer | Kind::Decimal => "N",
            Kind::Switch => "BOOL",
            Kind::Choice(_) => "CHOICE",
            Kind::Time => "TIME",
            Kind::Duration => "DURATION",
            Kind::Bytes => "BASE64|@FILE",
            Kind::Json => "JSON|@FILE|-",
            Kind::Secret => "FILE|-|env:NAME",
        };
        word.to_owned()
    }
}

/// `account.id` reads better as `account-id` where no flag explains it.
fn dotted_id(flag: &Flag) -> String {
    super::dotted(&flag.path).replace('_', "-")
}
