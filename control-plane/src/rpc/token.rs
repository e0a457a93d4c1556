//! The token service: who asks, what they ask, do it, show it.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, token_service_server::TokenService};
use chrono::Duration;
use secrecy::ExposeSecret;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{self, Reply},
    show,
};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::{TokenId, WorkspaceId},
        workspace::system,
    },
    flow::{
        Context, Journal, Once,
        token::{self as flow, NewToken},
    },
    store::{self, Store, entity::token::Model as Record, word},
    token::{Audience, Scopes, TokenKeys},
};

const LIFETIME: Duration = Duration::days(90);

/// Tokens over gRPC.
pub struct Tokens {
    ctx: Arc<Context>,
    keys: Arc<TokenKeys>,
}

impl Tokens {
    /// Over this store, signed with these keys.
    pub fn new(ctx: Arc<Context>, keys: Arc<TokenKeys>) -> Self {
        Self { ctx, keys }
    }
}

#[tonic::async_trait]
impl TokenService for Tokens {
    async fn create_token(&self, request: Request<pb::CreateTokenRequest>) -> Reply<pb::CreateTokenResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("CreateToken", &key, request.get_ref());
        let new = new_token(request.into_inner(), &caller)?;
        within(&caller, &new)?;

        let mut journal = Journal::begin(&self.ctx, new.workspace.unwrap_or_else(system)).await?;
        must_exist(&journal, new.workspace).await?;
        if let Some(pb::CreateTokenResponse { token, secret: _ }) = journal.replayed(&once).await? {
            return Err(shown_already(&token.unwrap_or_default().id).into());
        }
        let (record, secret) = flow::issue(&mut journal, &self.keys, new, &audited).await?;
        let token = Some(shown(record)?);
        // What is kept for a repeated request is the record alone: the secret is nowhere but in this answer.
        let kept = pb::CreateTokenResponse { token: token.clone(), secret: String::new() };
        journal.remember(&once, &kept).await?;
        journal.commit().await?;
        Ok(Response::new(pb::CreateTokenResponse { token, secret: secret.expose_secret().to_owned() }))
    }

    async fn get_token(&self, request: Request<pb::GetTokenRequest>) -> Reply<pb::GetTokenResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetTokenRequest { token_id } = request.into_inner();
        let id = read::parse("token_id", &token_id)?;

        let home = holder(&self.ctx.store, &caller, id).await?;
        let found = store::token::by_id(self.ctx.store.read(), flow::owner(home), id).await?;
        let record = found.ok_or_else(|| Error::not_found("token"))?;
        Ok(Response::new(pb::GetTokenResponse { token: Some(shown(record)?) }))
    }

    async fn list_tokens(&self, request: Request<pb::ListTokensRequest>) -> Reply<pb::ListTokensResponse> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, caller.workspace, "ListTokens", page, &request);

        let owner = flow::owner(caller.workspace()?);
        let page = store::token::list(self.ctx.store.read(), owner, &paging.ask()?).await?;
        let next_page_token = paging.next(page.next)?;
        let tokens = page.rows.into_iter().map(shown).collect::<Result<_>>()?;
        Ok(Response::new(pb::ListTokensResponse { tokens, next_page_token }))
    }

    async fn revoke_token(&self, request: Request<pb::RevokeTokenRequest>) -> Reply<pb::RevokeTokenResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::RevokeTokenRequest { token_id } = request.into_inner();
        let id = read::parse("token_id", &token_id)?;

        let home = holder(&self.ctx.store, &caller, id).await?;
        let mut journal = Journal::begin(&self.ctx, home).await?;
        let record = flow::revoke(&mut journal, id).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::RevokeTokenResponse { token: Some(shown(record)?) }))
    }
}

fn new_token(request: pb::CreateTokenRequest, caller: &Caller) -> Result<NewToken> {
    let pb::CreateTokenRequest { token, ttl, request_id: _ } = request;
    let token = read::required("token", token)?;
    let pb::Token {
        id: _,
        display_name,
        workspace_id: _,
        audience,
        scopes,
        expire_time: _,
        revoke_time: _,
        create_time: _,
    } = token;
    if scopes.is_empty() {
        return Err(Error::invalid("token.scopes", "name at least one, such as `calls:read`"));
    }
    let audience = read_audience(audience)?;
    Ok(NewToken {
        display_name,
        audience,
        workspace: match audience {
            Audience::Workspace => Some(caller.workspace()?),
            Audience::Operator | Audience::Edge => None,
        },
        scopes: Scopes::parse(scopes).map_err(|error| error.within("token"))?,
        ttl: ttl.map_or(Ok(LIFETIME), |ttl| read::seconds("ttl", ttl).map(|length| length.delta()))?,
    })
}

/// A token cannot grant more than its maker holds.
fn within(caller: &Caller, new: &NewToken) -> Result<()> {
    if new.audience != Audience::Workspace && caller.audience != Audience::Operator {
        let message = "only an operator token can make operator and edge tokens";
        return Err(Error::new(Kind::PermissionDenied, "AUDIENCE_EXCEEDED", message));
    }
    if !caller.scopes.covers(&new.scopes) {
        let message = "a token cannot grant more than its maker holds; name fewer scopes, or ask with another token";
        return Err(Error::new(Kind::PermissionDenied, "SCOPES_EXCEEDED", message));
    }
    Ok(())
}

/// An operator can name a workspace that is not there.
async fn must_exist(journal: &Journal<'_>, workspace: Option<WorkspaceId>) -> Result<()> {
    match workspace {
        Some(id) if store::workspace::by_id(journal.txn(), id).await?.is_none() => Err(Error::not_found("workspace")),
        _ => Ok(()),
    }
}

/// Where a token's record is: in the caller's workspace, or, for an operator, with those that belong to none.
async fn holder(known: &Store, caller: &Caller, id: TokenId) -> Result<WorkspaceId> {
    let workspace = caller.workspace()?;
    let is_operator = caller.audience == Audience::Operator;
    match is_operator && store::token::by_id(known.read(), None, id).await?.is_some() {
        true => Ok(system()),
        false => Ok(workspace),
    }
}

fn shown_already(id: &str) -> Error {
    let message = format!(
        "this request made the token {id} before, and its secret is shown once; if it is lost, revoke that token and \
         make another with a fresh request_id"
    );
    Error::new(Kind::AlreadyExists, "REQUEST_ID_REUSED", message)
}

fn read_audience(number: i32) -> Result<Audience> {
    match read::member::<pb::TokenAudience>("token.audience", number)? {
        pb::TokenAudience::Unspecified => Err(Error::invalid("token.audience", "is required")),
        pb::TokenAudience::Workspace => Ok(Audience::Workspace),
        pb::TokenAudience::Operator => Ok(Audience::Operator),
        pb::TokenAudience::Edge => Ok(Audience::Edge),
    }
}

fn shown(record: Record) -> Result<pb::Token> {
    let Record { id, workspace_id, display_name, audience, scopes, expire_time, revoke_time, create_time } = record;
    let audience = match word("token.audience", &audience)? {
        Audience::Workspace => pb::TokenAudience::Workspace,
        Audience::Operator => pb::TokenAudience::Operator,
        Audience::Edge => pb::TokenAudience::Edge,
    };
    Ok(pb::Token {
        id: id.to_string(),
        display_name,
        workspace_id: show::id_or_empty(workspace_id),
        audience: audience.into(),
        scopes: scopes.0,
        expire_time: Some(show::moment(expire_time)),
        revoke_time: revoke_time.map(show::moment),
        create_time: Some(show::moment(create_time)),
    })
}
