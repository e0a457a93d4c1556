//! Nouns and their commands, as the descriptors list them. Nothing here knows flags or clap.

pub mod comments;
#[cfg(test)]
mod contract;
pub mod naming;
pub mod rules;

use callplane_proto::{descriptors, options::v1 as options};
use prost_reflect::{MethodDescriptor, ServiceDescriptor};

/// A service of the public API: the first word of a command.
pub struct Noun {
    pub name: String,
    pub about: String,
    pub service: ServiceDescriptor,
}

/// A method: the second word of a command.
pub struct Operation {
    pub name: String,
    pub method: MethodDescriptor,
    pub cli: options::Cli,
}

impl Noun {
    /// The noun's commands in the order of the proto.
    pub fn operations(&self) -> Vec<Operation> {
        let policy_is_for_people = |method: &MethodDescriptor| {
            descriptors::policy(method).is_none_or(|policy| policy.audience() != options::Audience::Edge)
        };
        self.service
            .methods()
            .filter(policy_is_for_people)
            .map(|method| Operation::of(&self.service, method))
            .filter(|operation| !operation.cli.hidden && !operation.method.is_client_streaming())
            .collect()
    }
}

impl Operation {
    fn of(service: &ServiceDescriptor, method: MethodDescriptor) -> Self {
        let cli = descriptors::cli(&method);
        let name = match cli.command.as_str() {
            "" => naming::command(service.name(), method.name()),
            given => given.to_owned(),
        };
        Operation { name, method, cli }
    }

    /// The comment of the method: what the command does.
    pub fn about(&self) -> String {
        comments::of_method(&self.method)
    }

    /// The method for error texts and the wire: `callplane.v1.CallService/ListCalls`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.method.parent_service().full_name(), self.method.name())
    }

    /// Whether the request has this top-level field.
    pub fn takes(&self, field: &str) -> bool {
        self.method.input().get_field_by_name(field).is_some()
    }

    /// A read may be repeated without a thought.
    pub fn is_read(&self) -> bool {
        use prost_reflect::prost_types::method_options::IdempotencyLevel::NoSideEffects;
        let options = self.method.method_descriptor_proto().options.clone().unwrap_or_default();
        options.idempotency_level() == NoSideEffects
    }
}

/// The public nouns, sorted by name.
pub fn nouns() -> Vec<Noun> {
    let mut nouns: Vec<Noun> = descriptors::pool()
        .services()
        .filter(|service| service.package_name() == "callplane.v1")
        .filter_map(|service| {
            let cli = descriptors::service_cli(&service);
            let name = if cli.noun.is_empty() { naming::noun(service.name()) } else { cli.noun };
            (!cli.hidden).then_some(Noun { name, about: cli.about, service })
        })
        .collect();
    nouns.sort_by(|a, b| a.name.cmp(&b.name));
    nouns
}

/// The method `package.Service/Method`, or `Service/Method` of the public API.
pub fn find_method(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.trim_start_matches('/').split_once('/')?;
    let pool = descriptors::pool();
    let service =
        pool.get_service_by_name(service).or_else(|| pool.get_service_by_name(&format!("callplane.v1.{service}")))?;
    service.methods().find(|candidate| candidate.name() == method)
}
