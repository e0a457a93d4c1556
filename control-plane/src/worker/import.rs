//! What is done about a number at ElevenLabs: with the key of its agent, and for an import with the account's auth token.

use super::{
    Crew, access,
    perform::{Closed, Way},
};
use crate::{
    domain::{
        e164::E164,
        error::Result,
        id::AgentId,
        outcome::{Cause, Outcome, Refused},
        phone_number::attachment::{Answer, Deed, ImportId, ImportOrder, ImportSeen},
    },
    provider::{AgentKey, VoiceAgents},
};

/// Does it. `account` is the way to the number's account; only an import needs it.
pub(super) async fn manage(crew: &Crew, account: Way, agent: AgentId, deed: &Deed) -> Result<Answer> {
    if let Way::Closed(Closed::Unknown(why)) = account {
        return Ok(unanswered(deed, Closed::Unknown(why)));
    }
    let Some(key) = access::agent_key(&crew.ctx, crew.eleven_labs_key.as_ref(), agent).await? else {
        return Ok(unanswered(deed, Closed::Refused(without_key())));
    };
    let agents = &*crew.agents;
    Ok(match deed {
        Deed::Look { e164, import } => Answer::Looked(look(agents, &key, e164, import.as_ref()).await),
        Deed::Import { order } => Answer::Imported(import(agents, &key, account, order).await),
        Deed::Assign { import, vendor_agent_id } => {
            Answer::Assigned(agents.assign_import(&key, import, vendor_agent_id.as_deref()).await)
        }
        Deed::Delete { import } => Answer::Deleted(agents.delete_import(&key, import).await),
    })
}

fn unanswered(deed: &Deed, closed: Closed) -> Answer {
    match deed {
        Deed::Look { .. } => Answer::Looked(closed.outcome()),
        Deed::Import { .. } => Answer::Imported(closed.outcome()),
        Deed::Assign { .. } => Answer::Assigned(closed.outcome()),
        Deed::Delete { .. } => Answer::Deleted(closed.outcome()),
    }
}

fn without_key() -> Refused {
    let message = "there is no ElevenLabs key: set CALLPLANE_ELEVENLABS_API_KEY or the agent's own".to_owned();
    Refused { cause: Cause::Credentials, code: 0, http_status: 0, message }
}

fn without_token() -> Refused {
    let message = "the account has no auth token, and ElevenLabs imports a number with nothing else".to_owned();
    Refused { cause: Cause::Credentials, code: 0, http_status: 0, message }
}

/// An import that ElevenLabs does not know is an answer like any other.
async fn look(
    agents: &dyn VoiceAgents,
    key: &AgentKey,
    e164: &E164,
    import: Option<&ImportId>,
) -> Outcome<Vec<ImportSeen>> {
    let found = match import {
        Some(id) => match agents.read_import(key, id).await {
            Outcome::Refused(refused) if refused.cause == Cause::NotFound => Outcome::Done(Vec::new()),
            found => found.map(|seen| vec![seen]),
        },
        None => agents.list_imports(key).await,
    };
    found.map(|found| found.into_iter().filter(|seen| seen.e164 == *e164).collect())
}

async fn import(agents: &dyn VoiceAgents, key: &AgentKey, account: Way, order: &ImportOrder) -> Outcome<ImportId> {
    match account {
        Way::Open(access) => agents.import_number(key, &access, order).await,
        Way::Closed(_) => Outcome::Refused(without_token()),
    }
}
