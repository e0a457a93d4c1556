//! What a batch needs to know before it can decide: the accounts that signed, the calls, recordings and messages that the
//! webhooks are about, and for those that want an answer the numbers, plans and agents.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        agent::Agent,
        call::Call,
        e164::E164,
        error::Result,
        id::{AccountId, AgentId, CallId, RoutePlanId, WorkspaceId},
        message::Message,
        phone_number::{Assignment, PhoneNumber},
        recording::Recording,
        route::RoutePlan,
        voicemail::Voicemail,
        webhook::{Event, Webhook},
        workspace::Workspace,
    },
    flow::Journal,
    store,
};

/// Who signed.
#[derive(Clone, Copy, Debug)]
pub struct Signer {
    /// The account.
    pub account: AccountId,
    /// Its tenant.
    pub workspace: WorkspaceId,
}

/// What is known, and changes while the batch is applied.
#[derive(Default)]
pub struct Known {
    pub signers: HashMap<String, Signer>,
    pub calls: HashMap<String, Call>,
    pub recordings: HashMap<String, Recording>,
    pub voicemails: HashMap<String, Voicemail>,
    pub messages: HashMap<String, Message>,
    pub numbers: HashMap<String, PhoneNumber>,
    pub plans: HashMap<RoutePlanId, RoutePlan>,
    pub agents: HashMap<AgentId, Agent>,
    pub workspaces: HashMap<WorkspaceId, Workspace>,
    /// Deliveries that were stored before.
    pub delivered: HashSet<(CallId, String)>,
}

impl Known {
    /// Reads everything with a few statements, however many webhooks there are.
    pub async fn read(journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<Self> {
        let mut known = Self::default();
        known.read_signers(journal, webhooks).await?;
        known.read_calls(journal, webhooks).await?;
        known.read_recordings(journal, webhooks).await?;
        known.read_messages(journal, webhooks).await?;
        known.read_numbers(journal, webhooks).await?;
        known.read_routes(journal, webhooks).await?;
        Ok(known)
    }

    async fn read_signers(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        let sids = distinct(webhooks.iter().map(|webhook| webhook.account_sid.to_string()));
        for (sid, account, workspace) in store::account::signers(journal.txn(), sids).await? {
            self.signers.insert(sid, Signer { account, workspace });
        }
        Ok(())
    }

    async fn read_calls(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        let sids = distinct(webhooks.iter().filter_map(|webhook| webhook.event.call_sid()).map(ToString::to_string));
        if !sids.is_empty() {
            let calls = store::call::among(journal.txn(), sids).await?;
            self.calls = calls.into_iter().map(|call| (call.call_sid.to_string(), call)).collect();
        }
        // Only a webhook that hands the call on does harm when it is applied twice.
        let keys: Vec<String> = webhooks.iter().filter(|webhook| hands_on(&webhook.event)).map(key).collect();
        let calls = self.calls.values().map(|call| call.id).collect();
        self.delivered = store::call_event::delivered(journal.txn(), calls, keys).await?;
        Ok(())
    }

    async fn read_recordings(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        let sids = distinct(webhooks.iter().filter_map(|webhook| match &webhook.event {
            Event::RecordingProgressed { recording, .. } => Some(recording.recording_sid.to_string()),
            Event::VoicemailLeft { recording, .. } => recording.as_ref().map(|fact| fact.recording_sid.to_string()),
            _ => None,
        }));
        if sids.is_empty() {
            return Ok(());
        }
        let recordings = store::recording::among(journal.txn(), sids.clone()).await?;
        self.recordings = recordings.into_iter().map(|row| (row.recording_sid.to_string(), row)).collect();
        let voicemails = store::voicemail::among(journal.txn(), sids).await?;
        self.voicemails = voicemails.into_iter().map(|row| (row.recording_sid.to_string(), row)).collect();
        Ok(())
    }

    async fn read_messages(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        let sids = distinct(webhooks.iter().filter_map(|webhook| match &webhook.event {
            Event::Message { fact, .. } => Some(fact.message_sid.to_string()),
            _ => None,
        }));
        if !sids.is_empty() {
            let messages = store::message::among(journal.txn(), sids).await?;
            self.messages = messages.into_iter().map(|row| (row.message_sid.to_string(), row)).collect();
        }
        Ok(())
    }

    /// Numbers matter where a row is new or an answer is wanted; the status of a known call needs none.
    async fn read_numbers(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        let mut parties = Vec::new();
        for webhook in webhooks {
            let new_call = |fact: &crate::domain::call::Fact| !self.calls.contains_key(fact.call_sid.as_str());
            match &webhook.event {
                Event::CallReceived { fact, .. } | Event::DialEnded { fact, .. } | Event::AnswerFailed { fact, .. } => {
                    parties.extend([fact.to.e164(), fact.from.e164()]);
                }
                Event::CallAnswered { fact }
                | Event::DigitsGathered { fact, .. }
                | Event::CallProgressed { fact }
                | Event::VoicemailLeft { fact, .. }
                    if new_call(fact) =>
                {
                    parties.extend([fact.to.e164(), fact.from.e164()]);
                }
                Event::Message { fact, .. } => parties.extend([fact.to.e164(), fact.from.e164()]),
                _ => {}
            }
        }
        let numbers = distinct(parties.into_iter().flatten().map(String::from));
        for number in store::phone_number::among(journal.txn(), numbers).await? {
            self.numbers.insert(number.e164.as_str().to_owned(), number);
        }
        Ok(())
    }

    async fn read_routes(&mut self, journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<()> {
        if !webhooks.iter().any(|webhook| wants_agent(&webhook.event)) {
            return Ok(());
        }
        let mut wanted = Vec::new();
        let mut plans = Vec::new();
        for number in self.numbers.values() {
            match number.assignment {
                Some(Assignment::Agent(agent)) => wanted.push(agent),
                Some(Assignment::RoutePlan(plan)) => plans.push(plan),
                None => {}
            }
        }
        for plan in store::route_plan::among(journal.txn(), plans).await? {
            wanted.extend(plan.agent_ids());
            if !self.workspaces.contains_key(&plan.workspace_id)
                && let Some(workspace) = store::workspace::by_id(journal.txn(), plan.workspace_id).await?
            {
                self.workspaces.insert(workspace.id, workspace);
            }
            self.plans.insert(plan.id, plan);
        }
        wanted.extend(self.calls.values().filter_map(|call| call.agent_id));
        self.read_agents(journal, wanted).await
    }

    /// Agents and, generation by generation, who answers for them.
    async fn read_agents(&mut self, journal: &Journal<'_>, mut wanted: Vec<AgentId>) -> Result<()> {
        loop {
            wanted.retain(|id| !self.agents.contains_key(id));
            wanted.sort_unstable();
            wanted.dedup();
            if wanted.is_empty() {
                return Ok(());
            }
            let found = store::agent::among(journal.txn(), std::mem::take(&mut wanted)).await?;
            for agent in found {
                wanted.extend(agent.fallback_agent_id);
                self.agents.insert(agent.id, agent);
            }
        }
    }

    /// Our number in a call or message, if the signer's workspace has it.
    pub fn number(&self, workspace: WorkspaceId, party: Option<E164>) -> Option<&PhoneNumber> {
        self.numbers.get(party?.as_str()).filter(|number| number.workspace_id == workspace)
    }
}

fn wants_agent(event: &Event) -> bool {
    matches!(event, Event::CallReceived { .. } | Event::DialEnded { .. } | Event::AnswerFailed { .. })
}

fn hands_on(event: &Event) -> bool {
    matches!(event, Event::DialEnded { .. } | Event::HandedOver { .. })
}

fn key(webhook: &Webhook) -> String {
    webhook.delivery_key.clone()
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}
