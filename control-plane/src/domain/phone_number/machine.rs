//! What can happen to a number: an operator's wishes here, what comes of them at Twilio in `work`, at ElevenLabs in
//! `attachment`, and what others change in `drift`.

use super::{
    Assignment, Event, IntegrationMode, Patch, PhoneNumber, State, WebhooksState, Work,
    attachment::{self, Errand, Place, Wanted},
};
use crate::domain::{
    machine::{Machine, Refusal, Step},
    outcome::Outcome,
    telephony::{NumberSeen, Webhooks},
    time::Timestamp,
};

impl Machine for PhoneNumber {
    type Event = Event;

    fn step(&self, event: Event, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match event {
            Event::Registered => Ok(Step::to(self.clone()).news("number.registered")),
            Event::Imported => Ok(self.read(self.next_round(), 0, 0).news("number.import-requested")),
            Event::Changed(patch) => self.change(patch),
            Event::Assigned(assignment) => self.assign(assignment),
            Event::Unassigned => self.unassign(),
            Event::Pool(event) => self.pool_step(event),
            Event::ConfigureRequested(webhooks) => self.configure(webhooks),
            Event::AttachRequested(to) => Ok(self.want(Wanted::Attached(to), now)?.news("number.attach-requested")),
            Event::DetachRequested(from) => self.detach(from, now),
            Event::RemoveImportRequested => self.remove_import(now),
            Event::Found { round, outcome } => self.answered_by_twilio(round, Read::Found(outcome), now),
            Event::Written { round, outcome } => self.answered_by_twilio(round, Read::Written(outcome), now),
            Event::Managed { round, answer } => match self.errand(round) {
                Some((place, errand)) => Ok(Self::drift_ended(self.managed(place, errand, answer, now), now)),
                None => Err(LATE),
            },
            Event::Observed { sighting, repair } => self.observed(&sighting, repair, now),
            Event::Tick => self.tick(now),
        }
    }

    fn deadline(&self) -> Option<Timestamp> {
        let webhooks = match self.work {
            Work::Waiting { until, .. } => Some(until),
            Work::Idle | Work::Reading { .. } | Work::Writing { .. } => None,
        };
        let attachment = match self.attachment.as_ref().map(|place| &place.work) {
            Some(attachment::Work::Waiting { until, .. }) => Some(*until),
            Some(attachment::Work::Idle | attachment::Work::Queued | attachment::Work::Asking { .. }) | None => None,
        };
        webhooks.into_iter().chain(attachment).min()
    }
}

/// What Twilio answered.
enum Read {
    Found(Outcome<Option<NumberSeen>>),
    Written(Outcome<NumberSeen>),
}

const LATE: Refusal = Refusal::stale("the answer belongs to work that is over");

impl PhoneNumber {
    /// The version differs in every state ever stored, so a round made from it is never used twice.
    pub(super) fn next_round(&self) -> u32 {
        let attachment = self.attachment.as_ref().map_or(0, |place| place.work.round());
        self.work.round().max(attachment).max(u32::try_from(self.version).unwrap_or(u32::MAX - 1)) + 1
    }

    /// The errand at a vendor that is under way under this round.
    fn errand(&self, round: u32) -> Option<(&Place, Errand)> {
        let place = self.attachment.as_ref()?;
        Some((place, place.asks(round)?))
    }

    /// Twilio is read and written for the webhooks and for the attachment; the round says for which.
    fn answered_by_twilio(&self, round: u32, read: Read, now: Timestamp) -> Result<Step<Self>, Refusal> {
        let step = match (self.errand(round), read) {
            (Some((place, Errand::ReadNumber)), Read::Found(outcome)) => self.read_for(place, outcome, now),
            (Some((place, Errand::WriteWebhooks)), Read::Written(outcome)) => self.written_for(place, outcome, now),
            (Some(_), Read::Found(_) | Read::Written(_)) => return Err(LATE),
            (None, Read::Found(outcome)) => self.webhooks_found(round, outcome, now)?,
            (None, Read::Written(outcome)) => self.webhooks_written(round, outcome, now)?,
        };
        Ok(Self::drift_ended(Self::begin_queued(step, now), now))
    }

    fn webhooks_found(
        &self,
        found: u32,
        outcome: Outcome<Option<NumberSeen>>,
        now: Timestamp,
    ) -> Result<Step<Self>, Refusal> {
        match (&self.work, outcome) {
            (Work::Reading { round, .. }, Outcome::Done(None)) if *round == found && self.state == State::Active => {
                Ok(self.released(now))
            }
            (Work::Reading { round, attempt, writes }, outcome) if *round == found => {
                Ok(self.found(*round, *attempt, *writes, outcome, now))
            }
            (Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. }, _) => Err(LATE),
        }
    }

    fn webhooks_written(
        &self,
        written: u32,
        outcome: Outcome<NumberSeen>,
        now: Timestamp,
    ) -> Result<Step<Self>, Refusal> {
        match self.work {
            Work::Writing { round, attempt, writes } if round == written => {
                Ok(self.written(round, attempt, writes, outcome, now))
            }
            Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. } => Err(LATE),
        }
    }

    fn tick(&self, now: Timestamp) -> Result<Step<Self>, Refusal> {
        match (&self.work, self.attachment.as_ref()) {
            (Work::Waiting { round, attempt, writes, until }, _) if now >= *until => {
                Ok(self.read(*round, *attempt, *writes))
            }
            (_, Some(place)) if matches!(&place.work, attachment::Work::Waiting { until, .. } if now >= *until) => {
                Ok(Self::drift_ended(self.advance(place.clone(), now), now))
            }
            (Work::Idle | Work::Reading { .. } | Work::Writing { .. } | Work::Waiting { .. }, _) => {
                Err(Refusal::stale("too early"))
            }
        }
    }

    /// ElevenLabs would go on answering a number whose mode is changed by hand.
    fn change(&self, patch: Patch) -> Result<Step<Self>, Refusal> {
        let mode = patch.integration_mode.unwrap_or(self.integration_mode);
        match mode != self.integration_mode && self.attachment.is_some() {
            true => Err(Refusal::new(
                "NUMBER_ATTACHED",
                "ElevenLabs has this number; remove its import with RemovePhoneNumberImport first",
            )),
            false => Ok(Step::to(self.patched(patch)).news("number.updated")),
        }
    }

    fn patched(&self, patch: Patch) -> Self {
        Self {
            display_name: patch.display_name.unwrap_or_else(|| self.display_name.clone()),
            capabilities: patch.capabilities.unwrap_or(self.capabilities),
            integration_mode: patch.integration_mode.unwrap_or(self.integration_mode),
            fallback: patch.fallback.unwrap_or_else(|| self.fallback.clone()),
            voicemail: patch.voicemail.unwrap_or_else(|| self.voicemail.clone()),
            whatsapp_sender: patch.whatsapp_sender.unwrap_or(self.whatsapp_sender),
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
