//! What can happen to a number: an operator's wishes here, what comes of them at Twilio in `work`.

use super::{Assignment, Event, IntegrationMode, Patch, PhoneNumber, State, WebhooksState, Work};
use crate::domain::{
    machine::{Machine, Refusal, Step},
    telephony::Webhooks,
    time::Timestamp,
};

impl Machine for PhoneNumber {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Registered => Ok(Step::to(self.clone()).news("number.registered")),
            Event::Imported => Ok(self.read(self.next_round(), 0, 0).news("number.import-requested")),
            Event::Changed(patch) => Ok(Step::to(self.patched(patch)).news("number.updated")),
            Event::Assigned(assignment) => self.assign(assignment),
            Event::Unassigned => self.unassign(),
            Event::Pool(event) => self.pool_step(event),
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
        self.refuse_waiting_backup()?;
        Ok(Step::to(Self { assignment: Some(assignment), ..self.clone() }).news("number.assigned"))
    }

    fn unassign(&self) -> Result<Step<Self>, Refusal> {
        self.refuse_held_by_a_move()?;
        Ok(Step::to(Self { assignment: None, ..self.clone() }).news("number.unassigned"))
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
}
