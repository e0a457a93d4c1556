//! The answer path's vendor call: registers a call with ElevenLabs while Twilio holds the line.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::Instant;

use super::access;
use crate::{
    domain::{answer::Registration, id::WorkspaceId, outcome::Outcome, telephony::Party},
    flow::{Context, Registrar},
    provider::{AgentCallDirection, AgentKey, RegisterCall, VoiceAgents},
};

/// Twilio waits 15 s and the edge answers within 4 s: what is left of it after the commit and the way back.
const DEADLINE: Duration = Duration::from_millis(2500);

/// Registers calls.
pub struct ElevenLabsRegistrar {
    ctx: Arc<Context>,
    agents: Arc<dyn VoiceAgents>,
    server_key: Option<SecretString>,
}

impl ElevenLabsRegistrar {
    /// With the server's own key for agents that have none.
    pub fn new(ctx: Arc<Context>, agents: Arc<dyn VoiceAgents>, server_key: Option<SecretString>) -> Self {
        Self { ctx, agents, server_key }
    }

    async fn key(&self, registration: &Registration) -> Option<AgentKey> {
        match access::agent_key(&self.ctx, self.server_key.as_ref(), registration.agent_id).await {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(agent = %registration.agent_id, "the agent's key cannot be opened: {error}");
                None
            }
        }
    }
}

#[async_trait]
impl Registrar for ElevenLabsRegistrar {
    async fn register(&self, _workspace: WorkspaceId, registration: &Registration) -> Option<String> {
        let started = Instant::now();
        let registered = tokio::time::timeout(DEADLINE, async {
            let key = self.key(registration).await?;
            let call = RegisterCall {
                agent_id: registration.eleven_labs_agent_id.clone(),
                from: Party(registration.from.as_str().to_owned()),
                to: Party(registration.to.as_str().to_owned()),
                direction: AgentCallDirection::Inbound,
                dynamic_variables: registration.dynamic_variables.clone(),
            };
            Some(self.agents.register_call(&key, &call, DEADLINE).await)
        });
        let registered = registered.await;
        let outcome = match &registered {
            Ok(Some(outcome)) => outcome.word(),
            Ok(None) => "no-key",
            Err(_) => "late",
        };
        self.ctx.metrics.work.registered(outcome, started.elapsed());
        match registered {
            Ok(Some(Outcome::Done(twiml))) => Some(twiml),
            Ok(Some(Outcome::Refused(refused))) => {
                tracing::warn!(agent = %registration.agent_id, code = refused.code, "ElevenLabs refused a call: {}", refused.message);
                None
            }
            Ok(Some(Outcome::Unknown(why))) => {
                tracing::warn!(agent = %registration.agent_id, "ElevenLabs did not take a call: {why}");
                None
            }
            Ok(None) => {
                tracing::warn!(agent = %registration.agent_id, "no ElevenLabs key: set CALLPLANE_ELEVENLABS_API_KEY or the agent's own");
                None
            }
            Err(_) => {
                tracing::warn!(agent = %registration.agent_id, "ElevenLabs did not answer in time");
                None
            }
        }
    }
}
