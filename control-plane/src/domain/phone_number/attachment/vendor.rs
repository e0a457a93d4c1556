//! A Twilio and an ElevenLabs for tests, as far as one number is concerned. They do what they are told and lose answers as
//! they are told, and they keep count: never may there be two imports.

use chrono::Duration;

use super::{Answer, Attachment, AttachmentState, Deed, ImportId, ImportSeen};
use crate::domain::{
    effect::Effect,
    id::AgentId,
    machine::{Machine, Refusal},
    outcome::{Cause, Outcome, Refused},
    phone_number::{Event, PhoneNumber, Repair, Sighting, State, WebhooksState, tests},
    telephony::{NumberSeen, Webhooks},
    time::Timestamp,
};

pub(super) const VOICE: &str = "https://api.elevenlabs.io/twilio/inbound_call";

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is done and answered.
    Fine,
    /// It is done, and the answer is lost.
    LostAfter,
    /// It is not done, and nobody knows.
    LostBefore,
    /// It is not done now, nobody knows, and it is done a little later.
    Late,
    /// Too many requests.
    Later,
    /// No.
    Never,
}

/// One number and its vendors.
pub(super) struct World {
    pub number: PhoneNumber,
    pub twilio: Webhooks,
    pub imports: Vec<ImportSeen>,
    /// The most imports there ever were at a time.
    pub most: usize,
    /// How often an import was really made.
    pub made: usize,
    pub now: Timestamp,
    late: Vec<Effect>,
}

impl World {
    pub fn new() -> Self {
        let number = PhoneNumber { webhooks_state: WebhooksState::InSync, ..tests::number(State::Active) };
        let twilio = tests::wanted();
        let number =
            PhoneNumber { desired_webhooks: Some(twilio.clone()), observed_webhooks: Some(twilio.clone()), ..number };
        let now = number.create_time;
        Self { number, twilio, imports: Vec::new(), most: 0, made: 0, now, late: Vec::new() }
    }

    pub fn state(&self) -> Option<AttachmentState> {
        self.number.attachment.as_ref().map(|place| place.state)
    }

    pub fn error(&self) -> &str {
        self.number.attachment.as_ref().map_or("", |place| place.error.as_str())
    }

    /// Steps the number; what came too late or does not fit changes nothing.
    pub fn step(&mut self, event: Event) -> Result<Vec<Effect>, Refusal> {
        let step = self.number.step(event, self.now)?;
        self.number = PhoneNumber { version: self.number.version + 1, ..step.next };
        Ok(step.effects)
    }

    pub fn seen(&self) -> NumberSeen {
        tests::seen(self.twilio.clone())
    }

    /// What happens at the vendor; the answer that would be sent.
    fn happen(&mut self, effect: &Effect) -> Event {
        let event = match effect {
            Effect::FindNumber { round, .. } => {
                Event::Found { round: *round, outcome: Outcome::Done(Some(self.seen())) }
            }
            Effect::WriteWebhooks { round, wanted, .. } => {
                self.twilio = wanted.clone();
                Event::Written { round: *round, outcome: Outcome::Done(self.seen()) }
            }
            Effect::ManageImport { round, deed, .. } => Event::Managed { round: *round, answer: self.manage(deed) },
            other => panic!("a number wants {other:?}"),
        };
        self.most = self.most.max(self.imports.len());
        event
    }

    fn manage(&mut self, deed: &Deed) -> Answer {
        match deed {
            Deed::Look { import, .. } => {
                let found = self.imports.iter().filter(|seen| import.as_ref().is_none_or(|id| *id == seen.id));
                Answer::Looked(Outcome::Done(found.cloned().collect()))
            }
            Deed::Import { order } => {
                self.made += 1;
                let id = ImportId(format!("phnum_{}", self.made));
                self.imports.push(ImportSeen {
                    id: id.clone(),
                    e164: order.e164.clone(),
                    label: order.label.clone(),
                    vendor_agent_id: Some(order.vendor_agent_id.clone()),
                    is_twilio: true,
                });
                self.twilio.voice_url = Some(VOICE.to_owned());
                Answer::Imported(Outcome::Done(id))
            }
            Deed::Assign { import, vendor_agent_id } => match self.imports.iter_mut().find(|seen| seen.id == *import) {
                Some(seen) => {
                    seen.vendor_agent_id.clone_from(vendor_agent_id);
                    Answer::Assigned(Outcome::Done(seen.clone()))
                }
                None => Answer::Assigned(refused(Cause::NotFound)),
            },
            Deed::Delete { import } => {
                let there = self.imports.iter().any(|seen| seen.id == *import);
                self.imports.retain(|seen| seen.id != *import);
                Answer::Deleted(if there { Outcome::Done(()) } else { refused(Cause::NotFound) })
            }
        }
    }

    /// Performs an effect and tells the number.
    pub fn perform(&mut self, effect: &Effect, fate: Fate) -> Vec<Effect> {
        let event = match fate {
            Fate::Fine => self.happen(effect),
            Fate::LostAfter => {
                self.happen(effect);
                unanswered(effect, None)
            }
            Fate::LostBefore => unanswered(effect, None),
            Fate::Late => {
                self.late.push(effect.clone());
                unanswered(effect, None)
            }
            Fate::Later => unanswered(effect, Some(Cause::RateLimited)),
            Fate::Never => unanswered(effect, Some(Cause::Invalid)),
        };
        self.step(event).unwrap_or_default()
    }

    /// Time passes until the number wants to be woken; what was late has happened by then.
    pub fn wait(&mut self) -> Vec<Effect> {
        for effect in std::mem::take(&mut self.late) {
            self.happen(&effect);
        }
        let Some(deadline) = self.number.deadline() else { return Vec::new() };
        self.now = self.now.max(deadline);
        self.step(Event::Tick).unwrap_or_default()
    }

    /// Everything goes well from here.
    pub fn settle(&mut self, mut effects: Vec<Effect>) {
        for _ in 0..500 {
            while let Some(effect) = effects.pop() {
                effects.extend(self.perform(&effect, Fate::Fine));
            }
            effects = self.wait();
            if effects.is_empty() && self.number.deadline().is_none() {
                return;
            }
        }
        panic!("it never ends: {:?}", self.number);
    }

    /// A wish, and everything goes well.
    pub fn want(&mut self, event: Event) {
        let effects = self.step(event).expect("it fits");
        self.settle(effects);
    }

    /// Somebody looks at everything.
    pub fn look(&mut self, repair: Repair) {
        self.now += Duration::seconds(30);
        for sighting in [Sighting::Twilio(Some(Box::new(self.seen()))), Sighting::ElevenLabs(self.imports.clone())] {
            let effects = self.step(Event::Observed { sighting, repair }).unwrap_or_default();
            self.settle(effects);
        }
    }
}

fn refused<T>(cause: Cause) -> Outcome<T> {
    Outcome::Refused(Refused { cause, code: 0, http_status: 0, message: "no".to_owned() })
}

/// Without an answer, or with a refusal.
fn unanswered(effect: &Effect, cause: Option<Cause>) -> Event {
    fn of<T>(cause: Option<Cause>) -> Outcome<T> {
        cause.map_or_else(|| Outcome::Unknown("lost".to_owned()), refused)
    }
    match effect {
        Effect::FindNumber { round, .. } => Event::Found { round: *round, outcome: of(cause) },
        Effect::WriteWebhooks { round, .. } => Event::Written { round: *round, outcome: of(cause) },
        Effect::ManageImport { round, deed, .. } => {
            let answer = match deed {
                Deed::Look { .. } => Answer::Looked(of(cause)),
                Deed::Import { .. } => Answer::Imported(of(cause)),
                Deed::Assign { .. } => Answer::Assigned(of(cause)),
                Deed::Delete { .. } => Answer::Deleted(of(cause)),
            };
            Event::Managed { round: *round, answer }
        }
        other => panic!("a number wants {other:?}"),
    }
}

/// An agent, and what it is at ElevenLabs.
pub(super) fn agent(which: u128) -> Attachment {
    let agent_id = AgentId::from_uuid(uuid::Uuid::from_u128(which));
    Attachment { agent_id, vendor_agent_id: format!("agent_{which}"), label: "Callplane num_1".to_owned() }
}
