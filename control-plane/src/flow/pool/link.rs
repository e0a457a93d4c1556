//! Agents without a number of their own, linked by what ElevenLabs shows: the number that answers for an agent there is the
//! agent's own here. Two such numbers in two accounts are a question for a person.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::{Journal, agent as lines};
use crate::{
    domain::{
        agent::{Agent, Endpoint},
        error::Result,
        id::{AccountId, AgentId},
        machine::Machine,
        phone_number::{Assignment, Event, PhoneNumber, State, attachment::ImportSeen},
    },
    store::{Kept, agent, event, phone_number as store},
};

const AMBIGUOUS: &str = "agent.number-ambiguous";

/// Links those of these agents that have no number of their own, by a whole list of ElevenLabs' numbers.
pub async fn link(journal: &mut Journal<'_>, agents: &[AgentId], seen: &[ImportSeen]) -> Result<()> {
    let agents = agent::by_ids(&journal.scope(), agents.to_vec()).await?;
    for agent in agents.into_iter().filter(|agent| agent.own_number.is_none() && agent.takes_calls()) {
        let Endpoint::ElevenLabs(eleven_labs) = &agent.endpoint else { continue };
        let answers = |import: &&ImportSeen| import.vendor_agent_id.as_ref() == Some(&eleven_labs.agent_id);
        let held: Vec<String> = seen.iter().filter(answers).map(|import| import.e164.as_str().to_owned()).collect();
        link_one(journal, &agent, held).await?;
    }
    Ok(())
}

async fn link_one(journal: &mut Journal<'_>, agent: &Agent, held: Vec<String>) -> Result<()> {
    let mut found = store::among(journal.txn(), held).await?;
    found.retain(|number| number.workspace_id == journal.workspace && could_be_own(number, agent.id));
    found.sort_unstable_by_key(|number| number.id);
    let owners: BTreeSet<AccountId> = found.iter().map(|number| number.account_id).collect();
    match (found.first(), owners.len()) {
        (Some(number), 1) => adopt(journal, number, agent.id).await,
        (Some(_), _) => ask(journal, agent, owners).await,
        (None, _) => Ok(()),
    }
}

fn could_be_own(number: &PhoneNumber, agent: AgentId) -> bool {
    let settled = matches!(number.state, State::Active | State::VerifyOnly);
    let is_others = number.assignment.is_some_and(|assignment| assignment != Assignment::Agent(agent));
    settled && number.capabilities.voice && number.pool.is_none() && !is_others
}

async fn adopt(journal: &mut Journal<'_>, number: &PhoneNumber, agent: AgentId) -> Result<()> {
    let Some(number) = PhoneNumber::load(journal.txn(), journal.workspace, number.id).await? else { return Ok(()) };
    // Somebody may have been faster since it was read.
    if !could_be_own(&number, agent) {
        return Ok(());
    }
    if number.assignment.is_none() {
        let step = number.step(Event::Assigned(Assignment::Agent(agent)), journal.now)?;
        journal.take(number.version, number.id, step).await?;
    }
    lines::settle_line(journal, agent).await
}

/// Once, until somebody has changed the agent.
async fn ask(journal: &mut Journal<'_>, agent: &Agent, owners: BTreeSet<AccountId>) -> Result<()> {
    let filter = event::Filter {
        workspace: Some(journal.workspace),
        kinds: vec![AMBIGUOUS.to_owned()],
        resource: Some(agent.id.to_string()),
    };
    let told = event::after(journal.txn(), &filter, 0, 500).await?;
    if told.last().is_none_or(|last| last.create_time < agent.update_time) {
        let accounts: Vec<String> = owners.iter().map(ToString::to_string).collect();
        journal.tell(AMBIGUOUS, &agent.id, json!({ "accounts": accounts }));
    }
    Ok(())
}
