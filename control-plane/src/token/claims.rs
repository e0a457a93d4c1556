//! What a token says, as the domain's words and as JWT claims. Signatures are `keys`'s.

use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use crate::domain::{
    error::{Error, Kind, Result},
    id::{TokenId, WorkspaceId},
    time::Timestamp,
    word::words,
};

/// Issuer and audience of every token of ours.
const OURS: &str = "callplane";
/// How far the clocks of two replicas may be apart.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

words! {
    /// The kind of a token.
    Audience, "token audience" {
        /// Bound to one workspace.
        Workspace = "workspace",
        /// For operators: may name any workspace.
        Operator = "operator",
        /// For an edge: may only forward webhooks and watch state.
        Edge = "edge",
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The id it is revoked by.
    pub token_id: TokenId,
    /// Its kind.
    pub audience: Audience,
    /// The workspace it is bound to; set exactly for workspace tokens.
    pub workspace: Option<WorkspaceId>,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made; not valid before.
    pub issued: Timestamp,
    /// When it ends, to the second.
    pub expires: Timestamp,
}

impl Claims {
    /// Whether it is valid now.
    pub(super) fn check_time(&self, now: Timestamp) -> Result<()> {
        if now >= self.expires {
            return Err(Error::new(Kind::Unauthenticated, "TOKEN_EXPIRED", "the token has expired; make a new one"));
        }
        if now + LEEWAY < self.issued {
            return Err(invalid("the token is not valid yet; compare the clocks"));
        }
        Ok(())
    }
}

/// The claims on the wire. Unknown ones are ignored, repeated ones refused.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    iss: String,
    aud: String,
    sub: TokenId,
    jti: TokenId,
    kind: Audience,
    #[serde(rename = "wsp", default, skip_serializing_if = "Option::is_none")]
    workspace: Option<WorkspaceId>,
    scopes: Scopes,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl From<&Claims> for Wire {
    fn from(claims: &Claims) -> Self {
        let Claims { token_id, audience, workspace, scopes, issued, expires } = claims;
        Self {
            iss: OURS.to_owned(),
            aud: OURS.to_owned(),
            sub: *token_id,
            jti: *token_id,
            kind: *audience,
            workspace: *workspace,
            scopes: scopes.clone(),
            iat: issued.timestamp(),
            nbf: issued.timestamp(),
            exp: expires.timestamp(),
        }
    }
}

impl TryFrom<Wire> for Claims {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self> {
        let Wire { iss, aud, sub, jti, kind, workspace, scopes, iat, nbf, exp } = wire;
        let bound = kind == Audience::Workspace;
        if iss != OURS || aud != OURS || sub != jti || workspace.is_some() != bound || nbf < iat {
            return Err(invalid("the token is not for this service"));
        }
        let moment =
            |seconds| DateTime::from_timestamp_secs(seconds).ok_or_else(|| invalid("the token has no valid times"));
        let (issued, expires) = (moment(nbf)?, moment(exp)?);
        Ok(Self { token_id: jti, audience: kind, workspace, scopes, issued, expires })
    }
}

/// A token that nobody should have sent. Says why without repeating any of it.
pub(super) fn invalid(message: &str) -> Error {
    Error::new(Kind::Unauthenticated, "TOKEN_INVALID", message)
}
