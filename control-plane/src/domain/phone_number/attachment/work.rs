//! How an attachment goes on: a wish begins it, `plan` says what follows, and what the vendors say to that is in `answered`.
//! A write that is under way is waited for, whatever is wanted meanwhile: what it did must be known first.

use super::{
    Attachment, AttachmentState, Deed, Errand, Held, Import, ImportOrder, Known, Place, Wanted, Work,
    plan::{self, Next},
    voice,
};
use crate::domain::{
    effect::Effect,
    machine::{Refusal, Step, back_off},
    phone_number::{self as number, IntegrationMode, PhoneNumber, State, WebhooksState},
    time::Timestamp,
};

const OTHER_AGENT: Refusal = Refusal::new(
    "ATTACHMENT_UNDER_WAY",
    "the number is being attached to another agent, or taken from one; wait until that has settled",
);
const CHANGED: Refusal = Refusal::new("ATTACHMENT_CHANGED", "another agent answers the number at ElevenLabs now");

impl PhoneNumber {
    /// Takes in what is wanted. Work on the webhooks comes to its end first.
    pub(in crate::domain::phone_number) fn want(&self, wanted: Wanted, now: Timestamp) -> Result<Step<Self>, Refusal> {
        self.refuse_unfit(&wanted)?;
        let agent = wanted.attachment().agent_id;
        let place = match &self.attachment {
            None => Place::new(wanted, self.integration_mode),
            Some(place) if place.work != Work::Idle && place.wanted.attachment().agent_id != agent => {
                return Err(OTHER_AGENT);
            }
            Some(place) => Place { wanted, state: AttachmentState::Pending, error: String::new(), ..place.clone() },
        };
        let is_busy = matches!(&place.work, Work::Asking { errand, .. } if errand.is_write());
        let place = Place { known: place.known.afresh(), ..place };
        let integration_mode = match place.wanted {
            Wanted::Attached(_) => IntegrationMode::Native,
            Wanted::Detached(_) | Wanted::Removed(_) => self.integration_mode,
        };
        let next = Self { integration_mode, ..self.clone() };
        Ok(match (is_busy, self.work == number::Work::Idle) {
            (true, _) => Step::to(next.placed(place)),
            (false, false) => Step::to(next.placed(Place { work: Work::Queued, ..place })),
            (false, true) => next.advance(Place { work: Work::Idle, ..place }, now),
        })
    }

    fn refuse_unfit(&self, wanted: &Wanted) -> Result<(), Refusal> {
        match (self.state, wanted) {
            (State::Refused, Wanted::Attached(_)) => {
                Err(Refusal::new("NUMBER_REFUSED", "Twilio refused this number; import it again from its own account"))
            }
            (State::VerifyOnly, _) => Err(Refusal::new(
                "NUMBER_VERIFY_ONLY",
                "we hold no credentials for its account, and ElevenLabs imports a number with its auth token",
            )),
            (State::Pending | State::Active | State::Refused, _) => Ok(()),
        }
    }

    /// The import is to be given up; without one there is nothing to do.
    pub(in crate::domain::phone_number) fn remove_import(&self, now: Timestamp) -> Result<Step<Self>, Refusal> {
        let Some(place) = &self.attachment else { return Ok(Step::to(self.clone())) };
        let mut attachment = place.wanted.attachment().clone();
        if let Some(held) = &place.held {
            attachment.agent_id = held.by;
        }
        Ok(self.want(Wanted::Removed(attachment), now)?.news("number.remove-import-requested"))
    }

    /// An agent is to stop answering it, unless another one does already.
    pub(in crate::domain::phone_number) fn detach(
        &self,
        from: Attachment,
        now: Timestamp,
    ) -> Result<Step<Self>, Refusal> {
        let is_other = |place: &Place| matches!(&place.wanted, Wanted::Attached(to) if to.agent_id != from.agent_id);
        match &self.attachment {
            Some(place) if is_other(place) => Err(CHANGED),
            Some(_) | None => Ok(self.want(Wanted::Detached(from), now)?.news("number.detach-requested")),
        }
    }

    /// The work on the webhooks has ended: what waited for it begins.
    pub(in crate::domain::phone_number) fn begin_queued(step: Step<Self>, now: Timestamp) -> Step<Self> {
        let Step { next, mut effects, mut news } = step;
        let begun = match next.attachment.clone() {
            Some(place) if place.work == Work::Queued && next.work == number::Work::Idle => match next.state {
                State::Refused => next.given_up(place, &next.state_reason),
                State::Pending | State::Active | State::VerifyOnly => next.advance(place, now),
            },
            Some(_) | None => return Step { next, effects, news },
        };
        effects.extend(begun.effects);
        news.extend(begun.news);
        Step { next: begun.next, effects, news }
    }

    fn placed(&self, place: Place) -> Self {
        Self { attachment: Some(place), ..self.clone() }
    }

    /// Goes on from what is known.
    pub(in crate::domain::phone_number) fn advance(&self, place: Place, now: Timestamp) -> Step<Self> {
        match plan::next(&place, self.desired_webhooks.as_ref()) {
            Next::Ask(errand) => self.ask(place, errand),
            Next::Wait(why) => {
                let known = match &place.known.import {
                    Import::Absent => Known { import: Import::Unasked, ..place.known.clone() },
                    Import::Unasked | Import::There(_) | Import::Several => {
                        Known { number: None, looks: place.known.looks + 1, ..place.known.clone() }
                    }
                };
                self.pause(Place { known, ..place }, why, now)
            }
            Next::Settled => self.settled(place),
            Next::Failed(why) => self.given_up(place, &why),
        }
    }

    fn ask(&self, mut place: Place, errand: Errand) -> Step<Self> {
        let (round, attempt) = (self.next_round(), place.work.attempt());
        match errand {
            Errand::Import | Errand::Assign | Errand::Delete => place.known.changes += 1,
            Errand::WriteWebhooks => place.known.writes += 1,
            Errand::ReadNumber | Errand::Look | Errand::LookElsewhere => {}
        }
        place.work = Work::Asking { round, attempt, errand };
        let effect = self.effect(&place, errand, round);
        Step::to(self.placed(place)).effect(effect)
    }

    /// The plan changes no import that was not seen; whoever asks for it all the same gets a look.
    fn effect(&self, place: &Place, errand: Errand, round: u32) -> Effect {
        let (account_id, phone_number_id) = (self.account_id, self.id);
        let wanted = place.wanted.attachment();
        let (agent_id, deed) = match (errand, &place.known.import) {
            (Errand::ReadNumber, _) => return self.find(round),
            (Errand::WriteWebhooks, _) => return self.lead_back(place, round),
            (Errand::LookElsewhere, _) => {
                let held = place.held.as_ref();
                (held.map_or(wanted.agent_id, |held| held.by), self.look(held))
            }
            (Errand::Import, _) => {
                let (label, vendor_agent_id) = (wanted.label.clone(), wanted.vendor_agent_id.clone());
                let order = ImportOrder { e164: self.e164.clone(), label, vendor_agent_id };
                (wanted.agent_id, Deed::Import { order })
            }
            (Errand::Assign, Import::There(import)) => {
                let (import, vendor_agent_id) = (import.id.clone(), place.answering());
                (wanted.agent_id, Deed::Assign { import, vendor_agent_id })
            }
            (Errand::Delete, Import::There(import)) => (wanted.agent_id, Deed::Delete { import: import.id.clone() }),
            (Errand::Look | Errand::Assign | Errand::Delete, _) => {
                let held = place.held.as_ref().filter(|held| held.by == wanted.agent_id);
                (wanted.agent_id, self.look(held))
            }
        };
        Effect::ManageImport { account_id, phone_number_id, agent_id, deed, round }
    }

    fn look(&self, held: Option<&Held>) -> Deed {
        Deed::Look { e164: self.e164.clone(), import: held.map(|held| held.id.clone()) }
    }

    fn lead_back(&self, place: &Place, round: u32) -> Effect {
        let Some(seen) = &place.known.number else { return self.find(round) };
        let ours = self.desired_webhooks.as_ref();
        let wanted = match (&place.wanted, &place.left, &place.before.webhooks) {
            (Wanted::Attached(_) | Wanted::Detached(_), Some(left), _) => voice::led(&seen.webhooks, left),
            (Wanted::Removed(_), left, Some(before)) => voice::restored(&seen.webhooks, left.as_ref(), before, ours),
            (Wanted::Attached(_) | Wanted::Detached(_), None, _) | (Wanted::Removed(_), _, None) => {
                seen.webhooks.clone()
            }
        };
        let (account_id, phone_number_id) = (self.account_id, self.id);
        Effect::WriteWebhooks { account_id, phone_number_id, seen: Box::new(seen.clone()), wanted, round }
    }

    /// A vendor could not be asked, or is not believed yet.
    pub(super) fn pause(&self, mut place: Place, why: &str, now: Timestamp) -> Step<Self> {
        let (round, attempt) = (place.work.round(), place.work.attempt());
        place.work = Work::Waiting { round, attempt: attempt + 1, until: now + back_off(attempt) };
        place.error = format!("not settled yet: {why}");
        Step::to(self.placed(place))
    }

    pub(super) fn settled(&self, place: Place) -> Step<Self> {
        let Place { wanted, held, before, left, known, .. } = place;
        let (work, error) = (Work::Idle, String::new());
        let place = |state, left, held| Place {
            wanted: wanted.clone(),
            state,
            error,
            held,
            before: before.clone(),
            left,
            known: Known::default(),
            work,
        };
        match &wanted {
            Wanted::Attached(_) => {
                let left = known.number.as_ref().map(|seen| seen.webhooks.clone()).or(left);
                let next =
                    Self { webhooks_state: WebhooksState::Unmanaged, webhooks_error: String::new(), ..self.clone() };
                Step::to(next.placed(place(AttachmentState::InSync, left, held))).news("number.attached")
            }
            Wanted::Detached(_) => {
                Step::to(self.placed(place(AttachmentState::Detached, left, held))).news("number.detached")
            }
            Wanted::Removed(_) => {
                let next = Self { attachment: None, integration_mode: before.mode, ..self.clone() };
                Step::to(next.with_webhooks_compared()).news("number.import-removed")
            }
        }
    }

    /// Its webhooks are our business again: they are as desired, or somebody should know that they are not.
    fn with_webhooks_compared(self) -> Self {
        let webhooks_state = match (&self.desired_webhooks, &self.observed_webhooks) {
            _ if self.integration_mode == IntegrationMode::Native => WebhooksState::Unmanaged,
            (Some(desired), Some(observed)) if desired == observed => WebhooksState::InSync,
            (Some(_), _) => WebhooksState::Drifted,
            (None, _) => WebhooksState::Unmanaged,
        };
        Self { webhooks_state, ..self }
    }

    pub(in crate::domain::phone_number) fn given_up(&self, place: Place, why: &str) -> Step<Self> {
        let known = place.known.afresh();
        let place = Place { state: AttachmentState::Failed, error: why.to_owned(), known, work: Work::Idle, ..place };
        Step::to(self.placed(place)).news("number.attachment-failed")
    }
}

impl Place {
    /// Who is to answer it.
    fn answering(&self) -> Option<String> {
        match &self.wanted {
            Wanted::Attached(to) => Some(to.vendor_agent_id.clone()),
            Wanted::Detached(_) => None,
            Wanted::Removed(_) => self.before.vendor_agent_id.clone().flatten(),
        }
    }
}
