//! Fills an empty database: the workspace and two tokens through the library, as `token create` does; accounts, agents
//! and numbers over gRPC, as a customer does.

use std::{net::SocketAddr, path::Path};

use callplane_control_plane::{
    domain::{id::WorkspaceId, workspace::Workspace},
    flow::{
        Audited, Journal,
        token::{NewToken, issue_alone},
    },
    server::Plane,
    settings::Settings,
    store,
    token::{Audience, Scopes},
};
use callplane_proto::v1::{
    self as pb, account_service_client::AccountServiceClient, agent::Endpoint,
    agent_service_client::AgentServiceClient, assignment::Target,
    phone_number_service_client::PhoneNumberServiceClient,
};
use chrono::Duration;
use secrecy::ExposeSecret;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint as Address},
};

use super::{Failure, world};

/// Agents, each with as many numbers as the next.
const AGENTS: usize = 10;

/// The tokens of an installation.
pub struct Tokens {
    /// The workspace's own, for seeding.
    pub workspace: String,
    /// The edge's.
    pub edge: String,
}

/// Brings the schema up to date, adds the workspace, and makes the tokens.
pub async fn prepare(settings: &[(&str, String)]) -> Result<Tokens, Failure> {
    let variables = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let settings = Settings::read(variables, None::<&Path>).map_err(|problems| problems.join("; "))?;
    let plane = Plane::assemble(&settings).await?;
    let id = WorkspaceId::fresh(&*plane.ctx.ids);
    let journal = Journal::begin(&plane.ctx, id).await?;
    let workspace = Workspace {
        id,
        display_name: "Bench".to_owned(),
        time_zone: "UTC".to_owned(),
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    store::workspace::insert(journal.txn(), &workspace).await?;
    journal.commit().await?;
    let tokens = Tokens {
        workspace: token(&plane, Audience::Workspace, Some(id)).await?,
        edge: token(&plane, Audience::Edge, None).await?,
    };
    plane.ctx.store.clone().close().await?;
    Ok(tokens)
}

async fn token(plane: &Plane, audience: Audience, workspace: Option<WorkspaceId>) -> Result<String, Failure> {
    let audited =
        Audited { actor: "startup".to_owned(), method: "bench".to_owned(), request: serde_json::Value::default() };
    let scopes = Scopes::parse(["*"])?;
    let new = NewToken { display_name: "bench".to_owned(), audience, workspace, scopes, ttl: Duration::days(1) };
    let token = issue_alone(&plane.ctx, &plane.token_keys, new, &audited).await?;
    Ok(token.expose_secret().to_owned())
}

/// Creates accounts, agents and numbers.
pub async fn seed(address: SocketAddr, token: &str) -> Result<(), Failure> {
    let channel = Address::from_shared(format!("http://{address}"))?.connect().await?;
    let bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
    let signed_in = |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", bearer.clone());
        Ok(request)
    };
    let channel = InterceptedService::new(channel, signed_in);
    let accounts = create_accounts(channel.clone()).await?;
    let agents = create_agents(channel.clone()).await?;
    register_numbers(channel, &accounts, &agents).await
}

type SignedIn<I> = InterceptedService<Channel, I>;

async fn create_accounts<I>(channel: SignedIn<I>) -> Result<Vec<String>, Failure>
where
    I: FnMut(Request<()>) -> Result<Request<()>, Status> + Clone,
{
    let requests = (0..world::ACCOUNTS).map(|account| pb::CreateAccountRequest {
        account: Some(pb::Account {
            display_name: format!("Account {account}"),
            account_sid: world::account_sid(account),
            ..Default::default()
        }),
        credentials: Some(pb::Credentials { auth_token: world::auth_token(account), ..Default::default() }),
        ..Default::default()
    });
    let request = pb::BatchCreateAccountsRequest { requests: requests.collect(), ..Default::default() };
    let created = AccountServiceClient::new(channel).batch_create_accounts(request).await?.into_inner();
    Ok(created.accounts.into_iter().map(|account| account.id).collect())
}

async fn create_agents<I>(channel: SignedIn<I>) -> Result<Vec<String>, Failure>
where
    I: FnMut(Request<()>) -> Result<Request<()>, Status> + Clone,
{
    let mut client = AgentServiceClient::new(channel);
    let mut agents = Vec::with_capacity(AGENTS);
    for agent in 0..AGENTS {
        let stream = pb::MediaStream { url: world::VOICE_SERVER.to_owned(), ..Default::default() };
        let agent = pb::Agent {
            display_name: format!("Agent {agent}"),
            endpoint: Some(Endpoint::MediaStream(stream)),
            ..Default::default()
        };
        let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
        let created = client.create_agent(request).await?.into_inner();
        agents.extend(created.agent.map(|agent| agent.id));
    }
    Ok(agents)
}

async fn register_numbers<I>(channel: SignedIn<I>, accounts: &[String], agents: &[String]) -> Result<(), Failure>
where
    I: FnMut(Request<()>) -> Result<Request<()>, Status> + Clone,
{
    let mut client = PhoneNumberServiceClient::new(channel);
    for (turn, agent) in agents.iter().enumerate() {
        let numbers = (turn..world::NUMBERS).step_by(agents.len()).map(|number| pb::PhoneNumber {
            account_id: accounts[world::owner(number)].clone(),
            e164: world::e164(number),
            ..Default::default()
        });
        let request = pb::BatchRegisterPhoneNumbersRequest {
            phone_numbers: numbers.collect(),
            assignment: Some(pb::Assignment { target: Some(Target::AgentId(agent.clone())) }),
            ..Default::default()
        };
        client.batch_register_phone_numbers(request).await?;
    }
    Ok(())
}
