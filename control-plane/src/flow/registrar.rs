//! The one vendor call that cannot wait for a worker: Twilio holds the line while ElevenLabs registers the call. The
//! answer path asks through this port, after the commit and outside any transaction.

use async_trait::async_trait;

use crate::domain::{answer::Registration, id::WorkspaceId};

/// Registers a call with ElevenLabs.
#[async_trait]
pub trait Registrar: Send + Sync {
    /// The TwiML to hand through; `None` when it did not come in time, whatever the reason.
    async fn register(&self, workspace: WorkspaceId, registration: &Registration) -> Option<String>;
}
