//! The policy of every method, by path.

use std::{collections::HashMap, sync::Arc};

use callplane_proto::{
    descriptors,
    options::v1::{Audience, Audit},
};
use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::{
    domain::error::{Error, Kind, Result},
    token::Scope,
};

/// Who may call a method and what is kept of it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The full name, such as `callplane.v1.CallService/GetCall`.
    pub method: Arc<str>,
    /// The scope a token must hold.
    pub scope: Scope,
    /// The kind of token.
    pub audience: Audience,
    /// What the audit chain keeps.
    pub audit: Audit,
}

/// The policies of every method, by path such as `/callplane.v1.CallService/GetCall`.
#[derive(Debug)]
pub struct Policies(HashMap<String, Policy>);

impl Policies {
    /// Of all our services in the pool. Names every method whose policy is missing or incomplete.
    pub fn from_pool(pool: &DescriptorPool) -> Result<Self> {
        let mut policies = HashMap::new();
        let mut problems = Vec::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let name = method_name(&method);
            match read(&method, &name) {
                Ok(policy) => drop(policies.insert(format!("/{name}"), policy)),
                Err(problem) => problems.push(format!("{name}: {problem}")),
            }
        }
        if problems.is_empty() {
            return Ok(Self(policies));
        }
        Err(Error::new(Kind::FailedPrecondition, "POLICY_MISSING", problems.join("; ")))
    }

    /// The policy of the method at a path.
    pub fn get(&self, path: &str) -> Option<&Policy> {
        self.0.get(path)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.values()
    }
}

/// The full name, as gRPC paths have it.
pub(crate) fn method_name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

fn read(method: &MethodDescriptor, name: &str) -> std::result::Result<Policy, String> {
    let policy = descriptors::policy(method).ok_or("it has no policy")?;
    let (audience, audit) = (policy.audience(), policy.audit());
    if audience == Audience::Unspecified {
        return Err("its policy names no audience".to_owned());
    }
    if audit == Audit::Unspecified {
        return Err("its policy does not say what the audit keeps".to_owned());
    }
    let scope: Scope = policy.scope.parse().map_err(|_| format!("`{}` is not a scope", policy.scope))?;
    if policy.scope.contains('*') {
        return Err("its scope must name one noun and one verb".to_owned());
    }
    Ok(Policy { method: name.into(), scope, audience, audit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::testing;

    #[test]
    fn every_method_of_the_api_has_a_policy() {
        let policies = Policies::from_pool(descriptors::pool()).expect("complete");
        let reads_call = policies.get("/callplane.v1.CallService/GetCall").expect("known");
        assert_eq!((reads_call.scope.to_string().as_str(), reads_call.audience), ("calls:read", Audience::Workspace));
        assert!(policies.get("/callplane.v1.CallService/Nonsense").is_none());
    }

    #[test]
    fn every_method_without_a_whole_policy_is_named() {
        let pool = testing::pool(
            r#"
            service Open { rpc Read(M) returns (M); }
            service Half {
              rpc NoAudience(M) returns (M) { option (callplane.options.v1.policy) = {scope: "a:read" audit: AUDIT_NONE}; }
              rpc NoAudit(M) returns (M) { option (callplane.options.v1.policy) = {scope: "a:read" audience: AUDIENCE_EDGE}; }
              rpc NoScope(M) returns (M) { option (callplane.options.v1.policy) = {audience: AUDIENCE_EDGE audit: AUDIT_NONE}; }
              rpc AnyScope(M) returns (M) { option (callplane.options.v1.policy) = {scope: "*" audience: AUDIENCE_EDGE audit: AUDIT_NONE}; }
              rpc Whole(M) returns (M) { option (callplane.options.v1.policy) = {scope: "a:read" audience: AUDIENCE_EDGE audit: AUDIT_NONE}; }
            }
            message M {}
            "#,
        );
        let error = Policies::from_pool(&pool).expect_err("incomplete");
        for method in ["test.Open/Read", "Half/NoAudience", "Half/NoAudit", "Half/NoScope", "Half/AnyScope"] {
            assert!(error.message.contains(method), "{method} is missing in: {error}");
        }
        assert!(!error.message.contains("Whole"), "{error}");
    }
}
