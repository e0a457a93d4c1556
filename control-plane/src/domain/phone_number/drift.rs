//! What is not at the vendors as it should be although we left it so: the cause, and the repair that fits it. Repairs end
//! when somebody keeps changing a number back; then people are told instead.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::{
    IntegrationMode, PhoneNumber, State, WebhooksState, Work,
    attachment::{self, AttachmentState, ImportSeen, Place, Wanted, voice},
};
use crate::domain::{
    machine::{Refusal, Step},
    telephony::NumberSeen,
    time::Timestamp,
    word::words,
};

words! {
    /// What is not as it should be.
    DriftCause, "drift cause" {
        /// The list of its account does not show it; it is looked up by itself.
        Missing = "missing",
        /// Its account does not own it any more: released, or moved to another account. Nothing can be written; it is taken
        /// back when it shows up again.
        Released = "released",
        /// Its webhooks are others; they are written again.
        UrlChanged = "url-changed",
        /// A SIP trunk or an application takes its calls; it is taken off.
        WrongTrunk = "wrong-trunk",
        /// ElevenLabs does not have it any more; it is imported again.
        ImportGone = "import-gone",
        /// Another agent answers it at ElevenLabs, or none; it is assigned again.
        WrongAgent = "wrong-agent",
    }
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// What.
    pub cause: DriftCause,
    /// When it was noticed; of several in a row within the hour, when the first was.
    pub since: Timestamp,
    /// How often it was repaired by itself since then.
    pub repairs: u32,
    /// When it was over; none while it lasts.
    #[serde(default)]
    pub over: Option<Timestamp>,
}

impl Drift {
    /// It lasts.
    pub fn is_open(&self) -> bool {
        self.over.is_none()
    }
}

/// Whether what drifted is repaired without anybody asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It is.
    Allowed,
    /// It is only told.
    Withheld,
}

/// What a look at a vendor showed of a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Sighting {
    /// The whole list of its Twilio account shows it so, or does not show it.
    Twilio(Option<Box<NumberSeen>>),
    /// The whole list of ElevenLabs shows it so, or does not show it.
    ElevenLabs(Vec<ImportSeen>),
}

/// After so many repairs within an hour, somebody keeps changing it back.
const MAX_REPAIRS: u32 = 3;
const WITHIN: Duration = Duration::hours(1);
const NOTHING_NEW: Refusal = Refusal::stale("nothing new was seen");

impl PhoneNumber {
    /// Nothing is under way at a vendor: how the number stands is how it will stay.
    pub fn is_at_rest(&self) -> bool {
        let attached = self.attachment.as_ref().is_none_or(|place| place.work == attachment::Work::Idle);
        self.work == Work::Idle && attached
    }

    /// Drift that lasts.
    pub fn open_drift(&self) -> Option<&Drift> {
        self.drift.as_ref().filter(|drift| drift.is_open())
    }

    /// Somebody looked. What is under way looks by itself, and later than this.
    pub(super) fn observed(&self, sighting: &Sighting, repair: Repair, now: Timestamp) -> Result<Step<Self>, Refusal> {
        if !self.is_at_rest() || !matches!(self.state, State::Active) {
            return Err(NOTHING_NEW);
        }
        let cause = self.cause(sighting);
        let known = match sighting {
            Sighting::Twilio(Some(seen)) => self.noted(seen, now),
            Sighting::Twilio(None) | Sighting::ElevenLabs(_) => self.clone(),
        };
        match (cause, self.open_drift()) {
            (None, Some(open)) if open.cause.is_seen_by(sighting) => Ok(known.healed(now)),
            (None, _) if known.is_as_desired_again() => Ok(known.healed(now)),
            (None, _) if known == *self => Err(NOTHING_NEW),
            (None, _) => Ok(Step::to(known)),
            (Some(DriftCause::Missing), Some(open)) if open.cause == DriftCause::Released => Err(NOTHING_NEW),
            (Some(cause), open) => known.drifted(cause, open.is_none_or(|open| open.cause != cause), repair, now),
        }
    }

    /// What was seen, if it is another than what is known. When is kept for the whole account.
    fn noted(&self, seen: &NumberSeen, now: Timestamp) -> Self {
        let is_known = self.observed_webhooks.as_ref() == Some(&seen.webhooks)
            && self.capabilities == seen.capabilities
            && self.phone_number_sid.as_ref() == Some(&seen.sid);
        if is_known { self.clone() } else { self.seen(seen, now) }
    }

    fn attached(&self) -> Option<&Place> {
        let was_released = self.open_drift().is_some_and(|drift| drift.cause == DriftCause::Released);
        let is_settled = |place: &&Place| match (&place.wanted, place.state) {
            (Wanted::Attached(_), AttachmentState::InSync | AttachmentState::Drifted) => true,
            (Wanted::Attached(_), AttachmentState::Failed) => was_released,
            (Wanted::Attached(_) | Wanted::Detached(_) | Wanted::Removed(_), _) => false,
        };
        self.attachment.as_ref().filter(is_settled)
    }

    /// What is not as it should be, by what was seen.
    fn cause(&self, sighting: &Sighting) -> Option<DriftCause> {
        match sighting {
            Sighting::Twilio(None) => Some(DriftCause::Missing),
            Sighting::Twilio(Some(seen)) => match self.integration_mode {
                IntegrationMode::Edge => self.webhooks_drift(seen),
                IntegrationMode::Native => self.voice_drift(seen),
            },
            Sighting::ElevenLabs(imports) => self.import_drift(imports),
        }
    }

    /// Webhooks that could not be written are no drift: that was told, and waits for somebody.
    fn webhooks_drift(&self, seen: &NumberSeen) -> Option<DriftCause> {
        let is_ours =
            matches!(self.webhooks_state, WebhooksState::InSync | WebhooksState::Drifted) || self.drift.is_some();
        let desired = self.desired_webhooks.as_ref().filter(|desired| is_ours && !seen.is_configured_as(desired))?;
        let now = &seen.webhooks;
        let takes_calls = |now: &Option<String>, desired: &Option<String>| now.is_some() && now != desired;
        let is_trunked = takes_calls(&now.trunk_sid, &desired.trunk_sid)
            || takes_calls(&now.voice_application_sid, &desired.voice_application_sid);
        Some(if is_trunked { DriftCause::WrongTrunk } else { DriftCause::UrlChanged })
    }

    fn voice_drift(&self, seen: &NumberSeen) -> Option<DriftCause> {
        let place = self.attached()?;
        let (now, left) = (&seen.webhooks, place.left.as_ref());
        if voice::is_theirs(now, left, None, None) {
            return None;
        }
        let is_trunked = now.trunk_sid.is_some() || now.voice_application_sid.is_some();
        Some(if is_trunked { DriftCause::WrongTrunk } else { DriftCause::UrlChanged })
    }

    fn import_drift(&self, imports: &[ImportSeen]) -> Option<DriftCause> {
        let place = self.attached()?;
        let wanted = place.wanted.attachment();
        let mut ours = imports.iter().filter(|import| import.e164 == self.e164);
        match ours.next() {
            None => Some(DriftCause::ImportGone),
            Some(import) if import.vendor_agent_id.as_ref() != Some(&wanted.vendor_agent_id) => {
                Some(DriftCause::WrongAgent)
            }
            Some(_) => None,
        }
    }

    fn is_as_desired_again(&self) -> bool {
        self.webhooks_state == WebhooksState::Failed
            && self.integration_mode == IntegrationMode::Edge
            && self.desired_webhooks.is_some()
            && self.desired_webhooks == self.observed_webhooks
            && self.open_drift().is_none()
    }

    /// Drifted: told once, and repaired if that is allowed and not in vain.
    fn drifted(&self, cause: DriftCause, is_new: bool, repair: Repair, now: Timestamp) -> Result<Step<Self>, Refusal> {
        let mut drift = match &self.drift {
            Some(drift) if drift.is_open() || now - drift.since < WITHIN => {
                Drift { cause, over: None, ..drift.clone() }
            }
            Some(_) | None => Drift { cause, since: now, repairs: 0, over: None },
        };
        // Looking is no change: it is done whatever the policy says.
        let looks_only = cause == DriftCause::Missing;
        let is_due = looks_only || repair == Repair::Allowed && drift.repairs < MAX_REPAIRS;
        if !is_new && !is_due {
            return Err(NOTHING_NEW);
        }
        drift.repairs += u32::from(is_due && !looks_only);
        let is_in_vain = !is_due && repair == Repair::Allowed;
        let next = self.shown_as_drifted(Drift { ..drift });
        let step = if is_due { next.repair(now) } else { Step::to(next) };
        let step = if is_new { step.news("number.drifted") } else { step };
        Ok(if is_in_vain { step.news("number.drift-contested") } else { step })
    }

    fn shown_as_drifted(&self, drift: Drift) -> Self {
        let mut next = self.clone();
        match self.integration_mode {
            IntegrationMode::Edge if self.desired_webhooks.is_some() => next.webhooks_state = WebhooksState::Drifted,
            IntegrationMode::Edge => {}
            IntegrationMode::Native => {
                if let Some(place) = next.attachment.as_mut().filter(|_| self.attached().is_some()) {
                    place.state = AttachmentState::Drifted;
                }
            }
        }
        Self { drift: Some(drift), ..next }
    }

    /// Begins the work that would put it right: whatever it is about, the vendors are read first.
    fn repair(&self, now: Timestamp) -> Step<Self> {
        match &self.attachment {
            Some(place) if self.attached().is_some() => {
                let known = place.known.afresh();
                self.advance(Place { known, ..place.clone() }, now)
            }
            Some(_) | None => self.read(self.next_round(), 0, 0),
        }
    }

    /// Somebody put it right, or it was not there only for a moment.
    fn healed(&self, now: Timestamp) -> Step<Self> {
        let mut next = self.clone();
        if self.integration_mode == IntegrationMode::Edge && self.desired_webhooks.is_some() {
            next.webhooks_state = WebhooksState::InSync;
            next.webhooks_error = String::new();
        }
        if let Some(place) = next.attachment.as_mut().filter(|_| self.attached().is_some()) {
            place.state = AttachmentState::InSync;
            place.error = String::new();
        }
        if let Some(drift) = &mut next.drift {
            drift.over = drift.over.or(Some(now));
        }
        Step::to(next).news("number.drift-over")
    }

    /// The account of an active number does not own it any more.
    pub(super) fn released(&self, now: Timestamp) -> Step<Self> {
        let since = self.open_drift().map_or(now, |drift| drift.since);
        let drift = Drift { cause: DriftCause::Released, since, repairs: 0, over: None };
        let webhooks_error =
            "the account does not own this number any more: it was released, or moved to another account";
        let webhooks_state = match self.desired_webhooks {
            Some(_) => WebhooksState::Failed,
            None => self.webhooks_state,
        };
        let webhooks_error = webhooks_error.to_owned();
        Step::to(Self { drift: Some(drift), webhooks_state, webhooks_error, work: Work::Idle, ..self.clone() })
            .news("number.released")
    }

    /// Work has ended: if it ended well, the drift is over with it.
    pub(super) fn drift_ended(step: Step<Self>, now: Timestamp) -> Step<Self> {
        let Some(open) = step.next.open_drift().cloned() else { return step };
        let next = &step.next;
        let attached = next.attachment.as_ref();
        let is_well = match next.integration_mode {
            IntegrationMode::Edge => match next.desired_webhooks {
                Some(_) => next.webhooks_state == WebhooksState::InSync,
                None => open.cause != DriftCause::Released,
            },
            IntegrationMode::Native => attached.is_none_or(|place| place.state == AttachmentState::InSync),
        };
        if !next.is_at_rest() || !is_well {
            return step;
        }
        let drift = Some(Drift { over: Some(now), ..open });
        let news = if step.news.contains(&"number.released") {
            step.news
        } else {
            [step.news, vec!["number.drift-over"]].concat()
        };
        Step { next: Self { drift, ..step.next }, effects: step.effects, news }
    }
}

impl DriftCause {
    /// Whether this kind of look would show it.
    fn is_seen_by(self, sighting: &Sighting) -> bool {
        let by_eleven_labs = matches!(self, Self::ImportGone | Self::WrongAgent);
        by_eleven_labs == matches!(sighting, Sighting::ElevenLabs(_))
    }
}
