//! Opens what it takes to act on an account or an agent: only for the moment of one vendor call.

use secrecy::SecretString;

use crate::{
    domain::{
        account::Account,
        error::Result,
        id::{AccountId, AgentId, WorkspaceId},
    },
    flow::{
        Context,
        vault::{self, Opened, account as places},
    },
    provider::{Access, AgentKey, Credential},
    store::{self, Scope},
};

/// What the credentials are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To prove them: the auth token first, because it is what webhooks are verified with.
    Proof,
    /// To work with: the API key first, because it can be replaced without touching the webhooks.
    Work,
    /// To hand over to ElevenLabs, which imports a number with nothing but the auth token.
    HandOver,
}

/// Opens an account's credentials; `None` when the account is gone or has none.
pub async fn open(ctx: &Context, workspace: WorkspaceId, id: AccountId, purpose: Purpose) -> Result<Option<Access>> {
    let scope = Scope::new(ctx.store.read(), workspace);
    let Some(account) = store::account::by_id(&scope, id).await? else { return Ok(None) };
    let parent = match account.parent_id {
        Some(parent) => store::account::by_id(&scope, parent).await?,
        None => None,
    };
    let owners = [Some(id), parent.as_ref().map(|parent| parent.id)].into_iter().flatten().map(|id| id.uuid());
    let mut opened = vault::open(ctx, scope.db, owners.collect()).await?;
    let parent = parent.and_then(|parent| {
        let token = opened.take(&places::place(parent.id, places::AUTH_TOKEN))?;
        Some(Box::new(access(&parent, Credential::AuthToken(token))))
    });
    Ok(credential(&account, &mut opened, purpose).map(|credential| Access { parent, ..access(&account, credential) }))
}

/// Opens an agent's own key at ElevenLabs, or takes the server's; `None` when there is neither.
pub async fn agent_key(ctx: &Context, servers: Option<&SecretString>, id: AgentId) -> Result<Option<AgentKey>> {
    let place = vault::agent_api_key(id);
    let own = vault::open(ctx, ctx.store.read(), vec![place.row]).await?.take(&place);
    let key = own.or_else(|| servers.cloned());
    Ok(key.map(|api_key| AgentKey { api_key, api_base_url: None }))
}

fn credential(account: &Account, opened: &mut Opened, purpose: Purpose) -> Option<Credential> {
    let mut take = |column| -> Option<SecretString> { opened.take(&places::place(account.id, column)) };
    let token = take(places::AUTH_TOKEN).map(Credential::AuthToken);
    let secret = take(places::API_KEY_SECRET);
    let key =
        account.credentials.api_key_sid.clone().zip(secret).map(|(sid, secret)| Credential::ApiKey { sid, secret });
    match purpose {
        Purpose::Proof => token.or(key),
        Purpose::Work => key.or(token),
        Purpose::HandOver => token,
    }
}

fn access(account: &Account, credential: Credential) -> Access {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Access {
        region: given(&account.region),
        edge_location: given(&account.edge_location),
        api_base_url: given(&account.api_base_url),
        ..Access::new(account.account_sid.clone(), credential)
    }
}
