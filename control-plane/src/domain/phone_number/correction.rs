//! What would put a number right, by what was last seen of it: the plan of a reconciliation of numbers. Pure; every
//! correction reads the vendors again before it writes.

use super::{
    Drift, DriftCause, Event, IntegrationMode, PhoneNumber, State, WebhooksState,
    attachment::{AttachmentState, Wanted},
};
use crate::domain::{
    telephony::Webhooks,
    webhooks::{Difference, differences},
};

/// One number that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// What drifted; none for what was never put right, or is to be otherwise now.
    pub cause: Option<DriftCause>,
    /// The settings that differ.
    pub differences: Vec<Difference>,
    /// What begins the work.
    pub event: Event,
}

/// What a number needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Work is under way.
    UnderWay,
    /// The account does not own it any more: nothing can be written.
    Released,
    /// This.
    Correction(Box<Correction>),
}

impl PhoneNumber {
    /// What it needs so that calls go where they should. `desired` are the webhooks of numbers that we answer, and
    /// `unmanaged` says whether those count whose webhooks were never ours.
    pub fn need(&self, desired: &Webhooks, unmanaged: bool) -> Need {
        let drift = self.open_drift();
        match self.state {
            State::Pending | State::Refused | State::VerifyOnly => Need::Nothing,
            State::Active if !self.is_at_rest() => Need::UnderWay,
            State::Active if drift.is_some_and(|drift| drift.cause == DriftCause::Released) => Need::Released,
            State::Active => match self.integration_mode {
                IntegrationMode::Edge => self.webhooks_need(desired, unmanaged, drift),
                IntegrationMode::Native => self.attachment_need(drift),
            },
        }
    }

    fn webhooks_need(&self, desired: &Webhooks, unmanaged: bool, drift: Option<&Drift>) -> Need {
        let is_ours = self.desired_webhooks.is_some() || unmanaged && self.assignment.is_some();
        let observed = self.observed_webhooks.clone().unwrap_or_default();
        let differences = differences(desired, &observed);
        // What differs in its method only does not show among the settings.
        let is_right = differences.is_empty() && drift.is_none() && self.webhooks_state == WebhooksState::InSync;
        if !is_ours || is_right {
            return Need::Nothing;
        }
        let event = Event::ConfigureRequested(desired.clone());
        Need::Correction(Box::new(Correction { cause: drift.map(|drift| drift.cause), differences, event }))
    }

    fn attachment_need(&self, drift: Option<&Drift>) -> Need {
        let Some(place) = &self.attachment else { return Need::Nothing };
        let Wanted::Attached(attachment) = &place.wanted else { return Need::Nothing };
        if place.state == AttachmentState::InSync && drift.is_none() {
            return Need::Nothing;
        }
        let observed = self.observed_webhooks.clone().unwrap_or_default();
        let voice = ["voice_url", "voice_application_sid", "trunk_sid"];
        let differences = place.left.iter().flat_map(|left| differences(left, &observed));
        let differences = differences.filter(|difference| voice.contains(&difference.field)).collect();
        let event = Event::AttachRequested(attachment.clone());
        Need::Correction(Box::new(Correction { cause: drift.map(|drift| drift.cause), differences, event }))
    }
}
