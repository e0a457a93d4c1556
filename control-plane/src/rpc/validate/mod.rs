//! Validation: the `buf.validate` rules of the descriptors, checked by reflection before any handler. Rules that need
//! more than one field or the database are the handlers'.

mod check;
mod compile;
mod frame;
mod layer;
mod options;
mod range;
mod unknown;
mod update_mask;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use prost_reflect::{DescriptorPool, DynamicMessage};

pub use layer::{Validated, Validation};

use crate::{
    domain::error::{Error, Kind, Result},
    rpc::gate::Policies,
};
use compile::Compiled;
use walk::Walk;

/// Knows the rules of every message that a public request can hold.
#[derive(Debug)]
pub struct Validator(Compiled);

impl Validator {
    /// Compiles the rules reachable from every request. Names every rule it does not know.
    pub fn new(pool: &DescriptorPool, policies: &Policies) -> Result<Self> {
        let compiled = Compiled::of_requests(pool, policies);
        compiled.map(Self).map_err(|problems| Error::new(Kind::FailedPrecondition, "RULE_UNKNOWN", problems.join("; ")))
    }

    /// Names every bad field of a request.
    pub fn check(&self, request: &DynamicMessage) -> Result<()> {
        unknown::refuse(request)?;
        let findings = Walk::over(&self.0, request);
        let violations = match self.0.update(request) {
            Some(update) => update_mask::apply(update, request, findings),
            None => findings.into_iter().map(walk::Finding::into_violation).collect(),
        };
        if violations.is_empty() { Ok(()) } else { Err(Error::violations(violations)) }
    }
}
