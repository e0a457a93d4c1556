//! What the vendors answered, as what is known now: each answer adds to it, and `plan` says what follows. Whatever was
//! written is looked at again.

use super::{Answer, Errand, Held, Import, ImportSeen, Known, Place, Wanted, known::DOUBTS, plan};
use crate::domain::{
    machine::Step,
    outcome::{Cause, Outcome},
    phone_number::PhoneNumber,
    telephony::NumberSeen,
    time::Timestamp,
};

impl PhoneNumber {
    /// ElevenLabs answered.
    pub(in crate::domain::phone_number) fn managed(
        &self,
        place: &Place,
        errand: Errand,
        answer: Answer,
        now: Timestamp,
    ) -> Step<Self> {
        let place = place.clone();
        match answer {
            Answer::Looked(Outcome::Done(found)) if errand == Errand::LookElsewhere => match found.is_empty() {
                true => self.advance(Place { held: None, ..place }, now),
                false => self.given_up(place, plan::ELSEWHERE),
            },
            Answer::Looked(Outcome::Done(found)) => self.advance(place.shown(found), now),
            Answer::Looked(outcome) => self.unread(place, outcome.map(drop), now),
            Answer::Imported(Outcome::Done(id)) => {
                let held = Some(Held { id, by: place.wanted.attachment().agent_id, ours: true });
                let known = Known { doubts: 0, ..place.known.clone().unseen() };
                self.advance(Place { held, known, ..place }, now)
            }
            Answer::Imported(Outcome::Unknown(why)) => {
                let known = Known { doubts: DOUBTS, ..place.known.clone().unseen() };
                self.pause(Place { known, ..place }, &why, now)
            }
            Answer::Imported(outcome) => self.changed(place, outcome.map(drop), now),
            Answer::Assigned(outcome) => self.changed(place, outcome.map(drop), now),
            Answer::Deleted(Outcome::Refused(refused)) if refused.cause == Cause::NotFound => {
                self.changed(place, Outcome::Done(()), now)
            }
            Answer::Deleted(outcome) => self.changed(place, outcome, now),
        }
    }

    /// A change at ElevenLabs ended. Whatever it says, what is there now is looked at.
    fn changed(&self, mut place: Place, outcome: Outcome<()>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(()) => {
                place.known = place.known.unseen();
                self.advance(place, now)
            }
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                // Nothing was done, so it does not count as a change.
                place.known.changes = place.known.changes.saturating_sub(1);
                place.known = place.known.unseen();
                self.pause(place, &refused.message, now)
            }
            Outcome::Refused(refused) => {
                place.known = place.known.refused(&refused.message);
                self.advance(place, now)
            }
            Outcome::Unknown(why) => {
                place.known = place.known.unseen();
                self.pause(place, &why, now)
            }
        }
    }

    /// Something could not be read.
    fn unread(&self, place: Place, outcome: Outcome<()>, now: Timestamp) -> Step<Self> {
        match outcome {
            Outcome::Done(()) => self.advance(place, now),
            Outcome::Refused(refused) if !refused.cause.is_transient() => self.given_up(place, &refused.message),
            Outcome::Refused(refused) => self.pause(place, &refused.message, now),
            Outcome::Unknown(why) => self.pause(place, &why, now),
        }
    }

    /// Twilio showed the number, or did not.
    pub(in crate::domain::phone_number) fn read_for(
        &self,
        place: &Place,
        outcome: Outcome<Option<NumberSeen>>,
        now: Timestamp,
    ) -> Step<Self> {
        let mut place = place.clone();
        match outcome {
            Outcome::Done(Some(seen)) => {
                if matches!(place.wanted, Wanted::Attached(_)) && place.known.import == Import::Absent {
                    place.before.webhooks.get_or_insert_with(|| seen.webhooks.clone());
                }
                place.known.number = Some(seen.clone());
                self.seen(&seen, now).advance(place, now)
            }
            Outcome::Done(None) => match place.wanted {
                // Nothing is left of what could be put back.
                Wanted::Removed(_) => self.settled(place),
                Wanted::Attached(_) | Wanted::Detached(_) => {
                    let Step { next, effects, news } = self.released(now);
                    let given_up = next.given_up(place, "the account does not own this number");
                    Step { next: given_up.next, effects, news: [news, given_up.news].concat() }
                }
            },
            outcome => self.unread(place, outcome.map(drop), now),
        }
    }

    /// Twilio took the webhooks, or did not.
    pub(in crate::domain::phone_number) fn written_for(
        &self,
        place: &Place,
        outcome: Outcome<NumberSeen>,
        now: Timestamp,
    ) -> Step<Self> {
        let mut place = place.clone();
        place.known.number = None;
        match outcome {
            Outcome::Done(_) => self.advance(place, now),
            Outcome::Unknown(why) => self.pause(place, &why, now),
            Outcome::Refused(refused) if refused.cause.is_transient() => {
                place.known.writes = place.known.writes.saturating_sub(1);
                self.pause(place, &refused.message, now)
            }
            Outcome::Refused(refused) => {
                place.known.refusal = refused.message;
                self.advance(place, now)
            }
        }
    }
}

impl Place {
    /// What ElevenLabs shows of the number.
    fn shown(mut self, found: Vec<ImportSeen>) -> Self {
        let by = self.wanted.attachment().agent_id;
        let was_named = self.held.as_ref().is_some_and(|held| held.by == by);
        let mut found = found.into_iter();
        self.known.import = match (found.next(), found.next()) {
            (None, _) if was_named => {
                // That import is gone; there may be another one.
                self.held = None;
                Import::Unasked
            }
            (None, _) => {
                self.known.doubts = self.known.doubts.saturating_sub(1);
                Import::Absent
            }
            (Some(_), Some(_)) => Import::Several,
            (Some(import), None) => {
                let ours = self.is_ours(&import);
                if !ours && matches!(self.wanted, Wanted::Attached(_)) {
                    self.before.vendor_agent_id.get_or_insert_with(|| import.vendor_agent_id.clone());
                }
                self.known.doubts = 0;
                self.held = Some(Held { id: import.id.clone(), by, ours });
                Import::There(import)
            }
        };
        self
    }
}
