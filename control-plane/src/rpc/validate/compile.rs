//! Finds the rules of every message that a public request can hold, and every problem with them.

use std::collections::HashMap;

use callplane_proto::options::v1::Audience;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor,
    ReflectMessage,
};

use super::{
    check::Rules,
    options::{Shape, field_rules, map_fields},
    update_mask::Update,
};
use crate::rpc::gate::{Policies, method_name};

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
