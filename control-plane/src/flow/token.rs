//! Making and revoking tokens: the record is committed before the token leaves, so that a token without a record counts
//! as revoked. Who may ask for what is the caller's to check.

use chrono::{Duration, SubsecRound};
use secrecy::SecretString;

use super::{Audited, Context, Journal};
use crate::{
    domain::{
        error::{Error, Result},
        id::{TokenId, WorkspaceId},
        workspace,
    },
    store::{self, entity, value::Json},
    token::{Audience, Claims, Scopes, TokenKeys},
};

/// A token to be made.
pub struct NewToken {
    /// What it is for.
    pub display_name: String,
    /// The kind of token.
    pub audience: Audience,
    /// The workspace of a workspace token.
    pub workspace: Option<WorkspaceId>,
    /// What it may do.
    pub scopes: Scopes,
    /// How long it lives.
    pub ttl: Duration,
}

/// Makes a token in an open transaction; nothing counts before its commit.
pub async fn issue(
    journal: &mut Journal<'_>,
    keys: &TokenKeys,
    new: NewToken,
    audited: &Audited,
) -> Result<(entity::token::Model, SecretString)> {
    let NewToken { display_name, audience, workspace, scopes, ttl } = new;
    let token_id = TokenId::fresh(&*journal.ctx().ids);
    // To the second, as the token itself says it.
    let expires = (journal.now + ttl).trunc_subsecs(0);
    let record = entity::token::Model {
        id: token_id,
        workspace_id: workspace,
        display_name,
        audience: audience.as_str().to_owned(),
        scopes: Json(scopes.iter().map(ToString::to_string).collect()),
        expire_time: expires,
        revoke_time: None,
        create_time: journal.now,
    };
    let claims = Claims { token_id, audience, workspace, scopes, issued: journal.now, expires };
    let secret = keys.sign(&claims)?;
    store::token::insert(journal.txn(), record.clone()).await?;
    journal.audit(audited, &token_id);
    journal.tell("token.created", &token_id, serde_json::json!({ "audience": record.audience }));
    Ok((record, secret))
}

/// Makes a token in a transaction of its own.
pub async fn issue_alone(ctx: &Context, keys: &TokenKeys, new: NewToken, audited: &Audited) -> Result<SecretString> {
    if let Some(workspace) = new.workspace
        && store::workspace::by_id(ctx.store.read(), workspace).await?.is_none()
    {
        return Err(Error::not_found("workspace"));
    }
    let mut journal = Journal::begin(ctx, new.workspace.unwrap_or_else(workspace::system)).await?;
    let (_, secret) = issue(&mut journal, keys, new, audited).await?;
    journal.commit().await?;
    Ok(secret)
}

/// Revokes a token of the journal's workspace. Revoking twice changes nothing.
pub async fn revoke(journal: &mut Journal<'_>, id: TokenId) -> Result<entity::token::Model> {
    let owner = owner(journal.workspace);
    let found = store::token::by_id(journal.txn(), owner, id).await?;
    let mut record = found.ok_or_else(|| Error::not_found("token"))?;
    if store::token::revoke(journal.txn(), id, journal.now).await? {
        record.revoke_time = Some(journal.now);
        journal.tell("token.revoked", &id, serde_json::json!({}));
    }
    Ok(record)
}

/// Whose records are kept here: those of operators and edges belong to no workspace, and are kept under `system`.
pub fn owner(workspace: WorkspaceId) -> Option<WorkspaceId> {
    Some(workspace).filter(|id| *id != workspace::system())
}
