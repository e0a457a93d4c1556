//! The gate: who may call which method. Built from the descriptors, so a method without a policy stops the server from
//! starting. It reads no request body; what a request says is `validate`'s.

mod caller;
mod layer;
mod policy;
mod revocation;
#[cfg(test)]
mod tests;

pub use caller::{Caller, WORKSPACE_METADATA};
pub use layer::{Gate, Gated};
pub(crate) use policy::method_name;
pub use policy::{Policies, Policy};
pub use revocation::Revocations;
