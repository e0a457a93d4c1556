//! A number, who answers it, and the work of making Twilio agree: find it, write its webhooks, read them back.

use serde::{Deserialize, Serialize};

use super::{
    agent::VoicemailBox,
    e164::E164,
    effect::Effect,
    fallback::NumberFallback,
    id::{AccountId, AgentId, PhoneNumberId, RoutePlanId, WorkspaceId},
    machine::{Machine, Refusal, Step, back_off},
    outcome::{Outcome, Refused},
    sid::PhoneNumberSid,
    telephony::{Capabilities, NumberSeen, Webhooks},
    time::Timestamp,
    word::words,
};

/// How often a value is written before we believe that somebody else keeps changing it back.
const MAX_WRITES: u32 = 3;

words! {
    /// Whether Twilio confirmed the owner.
    State, "number state" {
        /// Twilio is being asked.
        Pending = "pending",
        /// It takes calls.
        Active = "active",
        /// The account does not own it.
        Refused = "refused",
        /// Registered by hand.
        VerifyOnly = "verify-only",
    }
}

words! {
    /// Who owns the voice URL.
    IntegrationMode, "integration mode" {
        /// We do.
        Edge = "edge",
        /// ElevenLabs does.
        Native = "native",
    }
}

words! {
    /// How the webhooks at Twilio stand.
    WebhooksState, "webhooks state" {
        /// Never configured by us.
        Unmanaged = "unmanaged",
        /// Being read, written or read back.
        Pending = "pending",
        /// As desired, by Twilio's own word.
        InSync = "in-sync",
        /// Changed by somebody else.
        Drifted = "drifted",
        /// Twilio refused.
        Failed = "failed",
    }
}

/// Who answers a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// Always this agent.
    Agent(AgentId),
    /// Whoever the plan picks.
    RoutePlan(RoutePlanId),
}

/// Where the work at Twilio stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Work {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Twilio is asked about the number; `writes` tells how often it was written so far.
    Reading { round: u32, attempt: u32, writes: u32 },
    /// Twilio is told the webhooks.
    Writing { round: u32, attempt: u32, writes: u32 },
    /// Twilio could not be asked; asked again at `until`.
    Waiting { round: u32, attempt: u32, writes: u32, until: Timestamp },
}

impl Work {
    fn round(&self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Reading { round, .. } | Self::Writing { round, .. } | Self::Waiting { round, .. } => *round,
        }
    }
}

/// A number, owned by one account of one workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct PhoneNumber {
    /// Ours.
    pub id: PhoneNumberId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Its owner.
    pub account_id: AccountId,
    /// What people call it.
    pub display_name: String,
    /// The number.
    pub e164: E164,
    /// Twilio's name for it, once known.
    pub phone_number_sid: Option<PhoneNumberSid>,
    /// Whether Twilio confirmed the owner.
    pub state: State,
    /// Why it was refused.
    pub state_reason: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Who owns its voice URL.
    pub integration_mode: IntegrationMode,
    /// Who answers it.
    pub assignment: Option<Assignment>,
    /// What callers get from an edge alone.
    pub fallback: Option<NumberFallback>,
    /// Its own voicemail.
    pub voicemail: Option<VoicemailBox>,
    /// How its webhooks stand.
    pub webhooks_state: WebhooksState,
    /// What went wrong with them.
    pub webhooks_error: String,
    /// What they shall be.
    pub desired_webhooks: Option<Webhooks>,
    /// What they were when last seen.
    pub observed_webhooks: Option<Webhooks>,
    /// When that was.
    pub observe_time: Option<Timestamp>,
    /// Where the work at Twilio stands.
    pub work: Work,
    /// How often the row changed; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// New values of what an operator may change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// What people call it.
    pub display_name: Option<String>,
    /// What it can do.
    pub capabilities: Option<Capabilities>,
    /// Who owns its voice URL.
    pub integration_mode: Option<IntegrationMode>,
    /// What callers get from an edge alone.
    pub fallback: Option<Option<NumberFallback>>,
    /// Its own voicemail.
    pub voicemail: Option<Option<VoicemailBox>>,
}

/// What can happen to a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An operator registered it; nothing is asked.
    Registered,
    /// An operator imported it; Twilio is asked.
    Imported,
    /// An operator changed it.
    Changed(Patch),
    /// An operator says who answers it.
    Assigned(Assignment),
    /// Nobody answers it.
    Unassigned,
    /// An operator wants its webhooks so.
    ConfigureRequested(Webhooks),
    /// Twilio showed the number, or did not.
    Found { round: u32, outcome: Outcome<Option<NumberSeen>> },
    /// Twilio took the webhooks, or did not.
    Written { round: u32, outcome: Outcome<NumberSeen> },
    /// The time it asked for has come.
    Tick,
}

impl Machine for PhoneNumber {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Registered => Ok(Step::to(self.clone()).news("number.registered")),
            Event::Imported => Ok(self.read(self.next_round(), 0, 0).news("number.import-requested")),
            Event::Changed(patch) => Ok(Step::to(self.patched(patch)).news("number.updated")),
            Event::Assigned(assignment) => self.assign(assignment),
            Event::Unassigned => Ok(Step::to(Self { assignment: None, ..self.clone() }).news("number.unassigned")),
            Event::ConfigureRequested(webhooks) => self.configure(webhooks),
            Event::Found { round, outcome } => match self.work {
                Work::Reading { round: asked, attempt, writes } if asked == round => {
                    Ok(self.found(round, attempt, writes, outcome, now))
                }
                Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. } => Err(LATE),
            },
            Event::Written { round, outcome } => match self.work {
                Work::Writing { round: asked, attempt, writes } if asked == round => {
                    Ok(self.written(round, attempt, writes, outcome, now))
                }
                Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. } => Err(LATE),
            },
            Event::Tick => match self.work {
                Work::Waiting { round, attempt, writes, until } if now >= until => {
                    Ok(self.read(round, attempt, writes))
                }
                Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. } => {
                    Err(Refusal::stale("too early"))
                }
            },
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        match self.work {
            Work::Waiting { until, .. } => Some(until),
            Work::Idle | Work::Reading { .. } | Work::Writing { .. } => None,
        }
    }
}

const LATE: Refusal = Refusal::stale("the answer belongs to work that is over");

impl PhoneNumber {
    /// The version differs in every state ever stored, so a round made from it is never used twice.
    fn next_round(&self) -> u32 {
        self.work.round().max(u32::try_from(self.version).unwrap_or(u32::MAX - 1)) + 1
    }

    fn patched(&self, patch: Patch) -> Self {
        Self {
            display_name: patch.display_name.unwrap_or_else(|| self.display_name.clone()),
            capabilities: patch.capabilities.unwrap_or(self.capabilities),
            integration_mode: patch.integration_mode.unwrap_or(self.integration_mode),
            fallback: patch.fallback.unwrap_or_else(|| self.fallback.clone()),
            voicemail: patch.voicemail.unwrap_or_else(|| self.voicemail.clone()),
            ..self.clone()
        }
    }

    fn assign(&self, assignment: Assignment) -> Result<Step<Self>, Refusal> {
        let settled = matches!(self.state, State::Active | State::VerifyOnly);
        if self.state == State::Refused {
            return Err(Refusal::new(
                "NUMBER_REFUSED",
                "Twilio refused this number; import it again from its own account",
            ));
        }
        if settled && !self.capabilities.voice {
            return Err(Refusal::new(
                "NUMBER_WITHOUT_VOICE",
                "the number cannot take calls: it has no voice capability",
            ));
        }
        Ok(Step::to(Self { assignment: Some(assignment), ..self.clone() }).news("number.assigned"))
    }

    fn configure(&self, webhooks: Webhooks) -> Result<Step<Self>, Refusal> {
        match (self.state, self.integration_mode) {
            (State::Refused, _) => {
                Err(Refusal::new("NUMBER_REFUSED", "Twilio refused this number; import it again from its own account"))
            }
            (State::VerifyOnly, _) => Err(Refusal::new(
                "NUMBER_VERIFY_ONLY",
                "we hold no credentials for it; ask for the webhook instructions and enter them in the Twilio console",
            )),
            (_, IntegrationMode::Native) => {
                Err(Refusal::new("NUMBER_NATIVE", "ElevenLabs owns its voice URL; change its integration mode first"))
            }
            (State::Pending | State::Active, IntegrationMode::Edge) => {
                let next = Self {
                    desired_webhooks: Some(webhooks),
                    webhooks_state: WebhooksState::Pending,
                    webhooks_error: String::new(),
                    ..self.clone()
                };
                Ok(next.read(self.next_round(), 0, 0).news("number.configure-requested"))
            }
        }
    }

    fn read(&self, round: u32, attempt: u32, writes: u32) -> Step<Self> {
        Step::to(Self { work: Work::Reading { round, attempt, writes }, ..self.clone() }).effect(Effect::FindNumber {
            account_id: self.account_id,
            phone_number_id: self.id,
            e164: self.e164.clone(),
            round,
        })
    }

    fn found(
        &self,
        round: u32,
        attempt: u32,
        writes: u32,
        outcome: Outcome<Option<NumberSeen>>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(Some(seen)) => self.compare(round, writes, &seen, now),
            Outcome::Done(None) => self.refused("the account does not own this number"),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                self.wait(round, attempt, writes, &refused.message, now)
            }
            Outcome::Refused(refused) => self.failed(&refused),
            Outcome::Unknown(why) => self.wait(round, attempt, writes, &why, now),
        }
    }

    fn compare(&self, round: u32, writes: u32, seen: &NumberSeen, now: Timestamp) -> Step<Self> {
        let known = self.seen(seen, now);
        match &self.desired_webhooks {
            None => Step::to(Self { work: Work::Idle, ..known }).news("number.verified"),
            Some(desired) if seen.is_configured_as(desired) => {
                let webhooks_state = WebhooksState::InSync;
                let next = Self { webhooks_state, webhooks_error: String::new(), work: Work::Idle, ..known };
                Step::to(next).news("number.webhooks-in-sync")
            }
            Some(_) if writes >= MAX_WRITES => {
                let webhooks_error = format!("written {writes} times, and Twilio still shows other values");
                let next = Self { webhooks_state: WebhooksState::Failed, webhooks_error, work: Work::Idle, ..known };
                Step::to(next).news("number.webhooks-failed")
            }
            Some(desired) => {
                let effect = Effect::WriteWebhooks {
                    account_id: self.account_id,
                    phone_number_id: self.id,
                    seen: seen.clone(),
                    wanted: desired.clone(),
                    round,
                };
                Step::to(Self { work: Work::Writing { round, attempt: 0, writes: writes + 1 }, ..known }).effect(effect)
            }
        }
    }

    /// Writing the same value twice does no harm, yet an unknown outcome is looked at first: that is what tells us
    /// whether somebody else is writing too.
    fn written(
        &self,
        round: u32,
        attempt: u32,
        writes: u32,
        outcome: Outcome<NumberSeen>,
        now: Timestamp,
    ) -> Step<Self> {
        match outcome {
            Outcome::Done(_) => self.read(round, attempt, writes),
            Outcome::Unknown(why) => self.wait(round, attempt, writes, &why, now),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                // Nothing was written, so the attempt does not count as a write.
                self.wait(round, attempt, writes.saturating_sub(1), &refused.message, now)
            }
            Outcome::Refused(refused) => self.failed(&refused),
        }
    }

    fn seen(&self, seen: &NumberSeen, now: Timestamp) -> Self {
        Self {
            phone_number_sid: Some(seen.sid.clone()),
            state: State::Active,
            state_reason: String::new(),
            capabilities: Capabilities { ..seen.capabilities },
            observed_webhooks: Some(seen.webhooks.clone()),
            observe_time: Some(now),
            ..self.clone()
        }
    }

    fn refused(&self, why: &str) -> Step<Self> {
        let next = Self { state: State::Refused, state_reason: why.to_owned(), work: Work::Idle, ..self.clone() };
        match self.webhooks_state {
            WebhooksState::Pending => Step::to(next.with_webhooks_error(why)).news("number.webhooks-failed"),
            _ => Step::to(next).news("number.refused"),
        }
    }

    fn failed(&self, refused: &Refused) -> Step<Self> {
        let next = Self { work: Work::Idle, ..self.clone() };
        match self.state {
            State::Pending => next.refused(&refused.message),
            _ => Step::to(next.with_webhooks_error(&refused.message)).news("number.webhooks-failed"),
        }
    }

    fn with_webhooks_error(self, why: &str) -> Self {
        Self { webhooks_state: WebhooksState::Failed, webhooks_error: why.to_owned(), ..self }
    }

    fn wait(&self, round: u32, attempt: u32, writes: u32, why: &str, now: Timestamp) -> Step<Self> {
        let work = Work::Waiting { round, attempt: attempt + 1, writes, until: now + back_off(attempt) };
        let next = Self { work, ..self.clone() };
        match next.state {
            State::Pending => Step::to(Self { state_reason: format!("not confirmed yet: {why}"), ..next }),
            _ => Step::to(Self { webhooks_error: format!("not confirmed yet: {why}"), ..next }),
        }
    }
}
