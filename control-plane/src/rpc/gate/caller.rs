//! Who calls: what the gate found out, for handlers.

use http::HeaderMap;

use super::policy::Policy;
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::{TokenId, WorkspaceId},
    },
    token::{Audience, Claims, Scopes},
};
use callplane_proto::options::v1::Audience as Accepted;

/// The metadata in which an operator names a workspace.
pub const WORKSPACE_METADATA: &str = "callplane-workspace";

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's id, for the audit.
    pub token_id: TokenId,
    /// The kind of token.
    pub audience: Audience,
    /// What it may do; a token it makes may do no more.
    pub scopes: Scopes,
    /// The workspace the request is about.
    pub workspace: Option<WorkspaceId>,
}

impl Caller {
    /// Who sent this request. The gate has put it there.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| Error::internal("the request did not pass the gate"))
    }

    /// The workspace the request is about.
    pub fn workspace(&self) -> Result<WorkspaceId> {
        self.workspace.ok_or_else(workspace_required)
    }

    /// Admits the bearer of valid claims to a method, or says why not.
    pub(super) fn admit(claims: Claims, policy: &Policy, headers: &HeaderMap) -> Result<Self> {
        let Claims { token_id, audience, workspace: bound, scopes, .. } = claims;
        if !accepts(policy.audience, audience) {
            return Err(Error::new(Kind::PermissionDenied, "AUDIENCE", wanted(policy.audience)));
        }
        if !scopes.allow(&policy.scope) {
            let message = format!("the token does not hold the scope `{}`", policy.scope);
            return Err(Error::new(Kind::PermissionDenied, "SCOPE_MISSING", message));
        }
        let workspace = select(bound, named(headers)?)?;
        if policy.audience == Accepted::Workspace && workspace.is_none() {
            return Err(workspace_required());
        }
        Ok(Self { token_id, audience, scopes, workspace })
    }
}

fn accepts(accepted: Accepted, held: Audience) -> bool {
    match accepted {
        Accepted::Workspace => matches!(held, Audience::Workspace | Audience::Operator),
        Accepted::Operator => held == Audience::Operator,
        Accepted::Edge => held == Audience::Edge,
        Accepted::AnyToken | Accepted::Public => true,
        Accepted::Unspecified => false,
    }
}

fn wanted(accepted: Accepted) -> &'static str {
    match accepted {
        Accepted::Operator => "this method takes operator tokens only",
        Accepted::Edge => "this method takes edge tokens only",
        _ => "this method takes workspace and operator tokens only",
    }
}

fn named(headers: &HeaderMap) -> Result<Option<WorkspaceId>> {
    let mut values = headers.get_all(WORKSPACE_METADATA).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::invalid(WORKSPACE_METADATA, "given more than once"));
    }
    let text = value.to_str().unwrap_or_default();
    text.parse().map(Some).map_err(|error: Error| error.within(WORKSPACE_METADATA))
}

/// A bound token may name its own workspace, but acting on another one than asked for would be worse than refusing.
fn select(bound: Option<WorkspaceId>, named: Option<WorkspaceId>) -> Result<Option<WorkspaceId>> {
    match (bound, named) {
        (Some(bound), Some(named)) if bound != named => {
            let message =
                format!("the token is bound to another workspace than `{WORKSPACE_METADATA}` names; leave it out");
            Err(Error::new(Kind::PermissionDenied, "WORKSPACE_BOUND", message))
        }
        (bound, named) => Ok(bound.or(named)),
    }
}

fn workspace_required() -> Error {
    let message = format!("an operator token must name a workspace: send its id as metadata `{WORKSPACE_METADATA}`");
    Error::new(Kind::InvalidArgument, "WORKSPACE_REQUIRED", message)
}
