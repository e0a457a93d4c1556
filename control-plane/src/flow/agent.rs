//! What changes an agent, its key and what other rows may say of it, in one transaction. The lock on the workspace keeps
//! two changes from closing a circle of fallbacks, or a deletion from passing a new reference.

use secrecy::SecretString;

use super::{
    Journal,
    seen::unchanged,
    vault::{self, agent_api_key},
};
use crate::{
    domain::{
        agent::{Agent, AgentState, Endpoint, OwnNumber},
        error::{Error, Kind, Result},
        id::AgentId,
    },
    store::{agent as store, phone_number, secret, workspace},
};

/// How a call reaches an agent, and the key of its own if that is an ElevenLabs agent with one.
#[derive(Debug)]
pub struct Reach {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Sealed at once; none for the server's own.
    pub api_key: Option<SecretString>,
}

/// A new agent.
#[derive(Debug)]
pub struct New {
    /// What people call it.
    pub display_name: String,
    /// How a call reaches it.
    pub reach: Reach,
    /// Who answers when it does not.
    pub fallback_agent_id: Option<AgentId>,
}

/// New values of what an operator may change. What is none stays.
#[derive(Debug, Default)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// How a call reaches it.
    pub reach: Option<Reach>,
    /// Who answers when it does not.
    pub fallback_agent_id: Option<Option<AgentId>>,
}

/// Adds an agent. It takes calls at once.
pub async fn create(journal: &mut Journal<'_>, new: New) -> Result<Agent> {
    let New { display_name, reach: Reach { endpoint, api_key }, fallback_agent_id } = new;
    workspace::lock(journal.txn(), journal.workspace).await?;
    let agent = Agent {
        id: AgentId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        display_name,
        state: AgentState::Active,
        endpoint,
        fallback_agent_id,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
        own_number: None,
    };
    check_endpoint(journal, &agent.endpoint).await?;
    check_fallback(journal, &agent).await?;
    store::insert(journal.txn(), &agent).await?;
    if let Some(key) = api_key {
        vault::seal(journal, agent_api_key(agent.id), &key).await?;
    }
    tell(journal, "agent.created", &agent);
    Ok(agent)
}

/// Changes an agent.
pub async fn update(journal: &mut Journal<'_>, id: AgentId, etag: &str, patch: Patch) -> Result<Agent> {
    let Patch { display_name, reach, fallback_agent_id } = patch;
    let mut agent = locked(journal, id, etag).await?;
    if let Some(name) = display_name {
        agent.display_name = name;
    }
    if let Some(fallback) = fallback_agent_id {
        agent.fallback_agent_id = fallback;
        check_fallback(journal, &agent).await?;
    }
    if let Some(Reach { endpoint, api_key }) = reach {
        check_endpoint(journal, &endpoint).await?;
        agent.endpoint = endpoint;
        match (api_key, &agent.endpoint) {
            (Some(key), _) => vault::seal(journal, agent_api_key(id), &key).await?,
            // Whoever changes a variable does not have the key at hand; losing it would silence the agent.
            (None, Endpoint::ElevenLabs(_)) => {}
            (None, _) => secret::forget(journal.txn(), id.uuid(), agent_api_key(id).column).await?,
        }
    }
    save(journal, agent, "agent.updated").await
}

/// Takes an agent out of service or puts it back. Asking again for what is so already changes nothing, whatever was read.
pub async fn set_state(journal: &mut Journal<'_>, id: AgentId, etag: &str, state: AgentState) -> Result<Agent> {
    let agent = locked(journal, id, "").await?;
    if agent.state == state {
        return Ok(agent);
    }
    unchanged("agent", etag, agent.version)?;
    let kind = match state {
        AgentState::Active => "agent.resumed",
        AgentState::Paused => "agent.paused",
    };
    save(journal, Agent { state, ..agent }, kind).await
}

/// Deletes an agent that nothing refers to.
pub async fn delete(journal: &mut Journal<'_>, id: AgentId, etag: &str) -> Result<()> {
    let agent = locked(journal, id, etag).await?;
    let references = store::references(journal.txn(), id).await?;
    if !references.is_none() {
        let store::References { numbers, route_plans, agents, pins } = references;
        let message = format!(
            "still in use: {numbers} phone numbers are assigned to the agent, {route_plans} route plans name it, \
             it is the fallback of {agents} agents, and {pins} backup numbers are pinned to it; change those first"
        );
        return Err(Error::new(Kind::FailedPrecondition, "AGENT_IN_USE", message));
    }
    secret::forget_all(journal.txn(), id.uuid()).await?;
    store::delete(journal.txn(), id).await?;
    tell(journal, "agent.deleted", &agent);
    Ok(())
}

/// Says which number is an agent's own: where it is reached and what it calls from. For moves, after the numbers they change:
/// everybody locks numbers first and agents then.
pub async fn set_line(journal: &mut Journal<'_>, id: AgentId, own_number: Option<OwnNumber>) -> Result<Agent> {
    let agent = store::for_change(&journal.scope(), id).await?.ok_or_else(|| Error::not_found("agent"))?;
    if agent.own_number == own_number {
        return Ok(agent);
    }
    save(journal, Agent { own_number, ..agent }, "agent.number-changed").await
}

/// Keeps an agent's own number true after numbers were assigned or taken away: it stays while it leads to the agent, and is the
/// oldest that does otherwise.
pub async fn settle_line(journal: &mut Journal<'_>, id: AgentId) -> Result<()> {
    let Some(agent) = store::for_change(&journal.scope(), id).await? else { return Ok(()) };
    let leading = phone_number::leading_to(&journal.scope(), id).await?;
    let stays = leading.iter().any(|number| agent.own_number == Some(*number));
    if stays || (leading.is_empty() && agent.own_number.is_none()) {
        return Ok(());
    }
    save(journal, Agent { own_number: leading.first().copied(), ..agent }, "agent.number-changed").await?;
    Ok(())
}

async fn locked(journal: &Journal<'_>, id: AgentId, etag: &str) -> Result<Agent> {
    workspace::lock(journal.txn(), journal.workspace).await?;
    let agent = store::for_change(&journal.scope(), id).await?.ok_or_else(|| Error::not_found("agent"))?;
    unchanged("agent", etag, agent.version)?;
    Ok(agent)
}

async fn save(journal: &mut Journal<'_>, agent: Agent, kind: &'static str) -> Result<Agent> {
    let seen = agent.version;
    let agent = Agent { version: seen + 1, update_time: journal.now, ..agent };
    if !store::save(journal.txn(), &agent, seen).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "the agent was changed meanwhile; try again"));
    }
    tell(journal, kind, &agent);
    Ok(agent)
}

fn tell(journal: &mut Journal<'_>, kind: &'static str, agent: &Agent) {
    let data = serde_json::json!({ "display_name": agent.display_name, "state": agent.state });
    journal.tell(kind, &agent.id, data);
}

/// What an endpoint must be beyond its own form.
async fn check_endpoint(journal: &Journal<'_>, endpoint: &Endpoint) -> Result<()> {
    endpoint.check(journal.ctx().facts.dev)?;
    let Endpoint::Human(human) = endpoint else { return Ok(()) };
    let Some(caller_id) = &human.caller_id else { return Ok(()) };
    // Twilio refuses to show a number that the account does not own, and the call would fail.
    match phone_number::by_e164(&journal.scope(), caller_id).await? {
        Some(_) => Ok(()),
        None => {
            Err(Error::invalid("human.caller_id", "expected one of the workspace's own numbers; register it first"))
        }
    }
}

async fn check_fallback(journal: &Journal<'_>, agent: &Agent) -> Result<()> {
    let refuse = |description: &str| Err(Error::invalid("fallback_agent_id", description));
    let Some(fallback) = agent.fallback_agent_id else { return Ok(()) };
    if fallback == agent.id {
        return refuse("an agent cannot be its own fallback");
    }
    if store::by_id(&journal.scope(), fallback).await?.is_none() {
        return refuse("there is no such agent");
    }
    let chain = store::with_fallbacks(journal.txn(), vec![fallback]).await?;
    match chain.iter().any(|next| next.id == agent.id) {
        true => refuse("its own chain of fallbacks leads back to this agent; callers would go round in a circle"),
        false => Ok(()),
    }
}
