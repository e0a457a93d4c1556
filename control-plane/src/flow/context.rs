//! What every change needs at hand: the store, the time, fresh ids, the keys, and whom to wake.

use std::sync::Arc;

use callplane_telemetry::Tracer;
use chrono::Duration;

use super::Wake;
use crate::{
    domain::{
        dnc::Unanswered,
        error::{Error, Kind, Result},
        time::{Clock, Ids},
    },
    metrics::Metrics,
    secret::{Cursors, MasterKeys, StreamTokens},
    store::Store,
};

/// What a running control plane knows of itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// What Twilio calls us by; none until it is set.
    pub public_url: Option<String>,
    /// The `dev` profile.
    pub dev: bool,
    /// Nothing reaches a telephone: `mock` telephony or test mode.
    pub simulated: bool,
    /// `twilio` or `mock`.
    pub telephony: &'static str,
    /// Vendor writes are left out.
    pub test_mode: bool,
    /// Who sends mail; none when nobody does.
    pub mail: Option<&'static str>,
    /// What becomes of whom the operator's do-not-call checker says nothing of; none when there is no checker.
    pub dnc_checker: Option<Unanswered>,
    /// ElevenLabs agents without a key of their own can be reached.
    pub eleven_labs_key: bool,
    /// How often calls are compared with Twilio's list although nobody asks; none for never.
    pub reconcile_every: Option<Duration>,
    /// Accounts are watched by themselves.
    pub monitor: bool,
    /// How long without any control plane is an outage, after which calls are looked for; none for never.
    pub outage_after: Option<Duration>,
}

/// What every change needs at hand.
pub struct Context {
    /// What is remembered.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Opens and seals data keys.
    pub keys: MasterKeys,
    /// Page and resume tokens.
    pub cursors: Cursors,
    /// Tokens of media streams.
    pub stream_tokens: StreamTokens,
    /// Whom to wake after a commit.
    pub wake: Wake,
    /// What we know of ourselves.
    pub facts: Facts,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Begins traces.
    pub tracer: Tracer,
}

impl Context {
    /// The public URL, or why nothing can be done without it.
    pub fn public_url(&self) -> Result<&str> {
        self.facts.public_url.as_deref().ok_or_else(|| {
            Error::new(
                Kind::FailedPrecondition,
                "PUBLIC_URL_MISSING",
                "the server does not know what Twilio calls it by; set CALLPLANE_PUBLIC_URL and start it again",
            )
        })
    }
}
