//! The descriptor set and typed access to our options.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor,
};

use crate::options::v1 as options;

/// The encoded `FileDescriptorSet`, options and comments included.
pub const ENCODED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/callplane.bin"));

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(ENCODED).expect("the build script wrote a valid descriptor set"));

/// Every message and service of the API that we serve.
pub fn pool() -> &'static DescriptorPool {
    &POOL
}

fn extension(name: &str) -> ExtensionDescriptor {
    pool().get_extension_by_name(name).expect("the options package defines the extension")
}

fn read<M: Message + Default>(options: &DynamicMessage, name: &str) -> Option<M> {
    let extension = extension(name);
    if !options.has_extension(&extension) {
        return None;
    }
    options
        .get_extension(&extension)
        .as_message()
        .map(|message| message.transcode_to().expect("generated from the same file"))
}

/// Who may call the method; `None` is a mistake that the server refuses to start with.
pub fn policy(method: &MethodDescriptor) -> Option<options::Policy> {
    read(&method.options(), "callplane.options.v1.policy")
}

/// How the method looks on the command line.
pub fn cli(method: &MethodDescriptor) -> options::Cli {
    read(&method.options(), "callplane.options.v1.cli").unwrap_or_default()
}

/// How the service looks on the command line.
pub fn service_cli(service: &ServiceDescriptor) -> options::ServiceCli {
    read(&service.options(), "callplane.options.v1.service_cli").unwrap_or_default()
}

/// How the field looks on the command line.
pub fn field_cli(field: &FieldDescriptor) -> options::FieldCli {
    read(&field.options(), "callplane.options.v1.field_cli").unwrap_or_default()
}

/// How careful everyone must be with the field.
pub fn sensitivity(field: &FieldDescriptor) -> options::Sensitivity {
    let extension = extension("callplane.options.v1.sensitivity");
    let value = field.options().get_extension(&extension).as_enum_number().unwrap_or_default();
    options::Sensitivity::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::pool;

    #[test]
    fn what_others_serve_is_not_offered_as_ours() {
        let packages: Vec<_> = pool().services().map(|service| service.package_name().to_owned()).collect();
        assert!(packages.iter().any(|package| package == "callplane.v1"));
        assert!(!packages.iter().any(|package| package.starts_with("callplane.checker")), "{packages:?}");
        assert!(pool().get_message_by_name("callplane.checker.v1.CheckNumberRequest").is_none());
    }
}
