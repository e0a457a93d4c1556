//! What somebody hears who answers a call of ours or presses a key. A key is stored in the transaction whose commit the
//! caller waits for, so that what is confirmed is true.

use super::{Held, lock, run, vendor_told};
use crate::{
    domain::{
        attempt::{Attempt, Content, Event, Heard, Talk},
        dnc::Source,
        error::{Error, Result},
        id::AttemptId,
        incident::{self, CheckIn, Incident},
        instruction::Instructions,
        talk::{self, Key, MOST_REPEATS},
    },
    flow::{Journal, consent, incident as incidents},
    store,
};

/// What somebody pressed, and in which call.
#[derive(Clone, Debug)]
pub struct Pressed {
    /// The call.
    pub sid: String,
    /// The keys.
    pub digits: String,
}

const PERSON: &str = "person";

/// Somebody, or something, answered.
pub fn answered(held: &Held) -> Instructions {
    let Held { incident, attempt } = held;
    match &attempt.content {
        Content::Instructions(instructions) => instructions.clone(),
        Content::Talk(talk) if attempt.heard.is_machine() => talk::message(talk),
        Content::Talk(talk) => match incident.as_ref().filter(|incident| !incident.is_alerting()) {
            Some(over) => talk::already(talk, &over.answered_by),
            None => talk::question(talk, attempt.id),
        },
        Content::Text(_) | Content::Mail { .. } => talk::goodbye(&Talk::default()),
    }
}

/// Somebody pressed keys: what they mean is stored, and comes back as what they hear.
pub async fn digits(journal: &mut Journal<'_>, tag: AttemptId, pressed: Pressed) -> Result<Option<Instructions>> {
    let Some(held) = lock(journal, tag).await? else { return Ok(None) };
    let Content::Talk(talk) = held.attempt.content.clone() else { return Ok(None) };
    let key = Key::of(&pressed.digits, &talk);
    if key == Key::Other {
        return not_understood(journal, held, &talk).await.map(Some);
    }
    if !held.attempt.heard.key.is_empty() {
        // Twilio repeats what it did not hear answered; what was stored is said again, and nothing else happens.
        return Ok(Some(again(&held, &talk)));
    }
    let heard = Heard { key: pressed.digits, ..Heard::default() };
    let Held { incident, attempt } = vendor_told(journal, held, (pressed.sid, heard)).await?;
    if key == Key::OptOut
        && let Some(number) = attempt.to.e164()
    {
        consent::opt_out(journal, &number, Source::Key).await?;
    }
    let Some(incident) = incident else { return Ok(Some(talk::confirmed(&talk, key))) };
    said(journal, incident, (&attempt, &talk), key).await.map(Some)
}

/// Tells the incident. Whoever presses the same key twice hears the same twice.
async fn said(
    journal: &mut Journal<'_>,
    incident: Incident,
    (attempt, talk): (&Attempt, &Talk),
    key: Key,
) -> Result<Instructions> {
    let by = name(journal, attempt).await?;
    let check_in = match key {
        Key::Joined => CheckIn::Joined,
        Key::Missed | Key::OptOut | Key::Other => CheckIn::Missed,
    };
    let was_answered_by = incident.answered_by.clone();
    let event = incident::Event::CheckedIn { check_in, by };
    match incidents::press(journal, incident, event, PERSON).await? {
        Ok(_) => Ok(talk::confirmed(talk, key)),
        Err(_) => Ok(talk::already(talk, &was_answered_by)),
    }
}

fn again(held: &Held, talk: &Talk) -> Instructions {
    talk::confirmed(talk, Key::of(&held.attempt.heard.key, talk))
}

async fn not_understood(journal: &mut Journal<'_>, held: Held, talk: &Talk) -> Result<Instructions> {
    let (tag, menus) = (held.attempt.id, held.attempt.menus);
    if menus >= MOST_REPEATS {
        return Ok(talk::goodbye(talk));
    }
    match run(journal, held, Event::MenuRepeated, PERSON).await? {
        Ok(_) => Ok(talk::menu_again(talk, tag)),
        Err(refusal) if refusal.reason == "STALE" => Ok(talk::goodbye(talk)),
        Err(refusal) => Err(Error::from(refusal)),
    }
}

async fn name(journal: &Journal<'_>, attempt: &Attempt) -> Result<String> {
    let Some(contact) = attempt.contact_id else { return Ok(String::new()) };
    let contact = store::contact::by_id(&journal.scope(), contact).await?;
    Ok(contact.map(|contact| contact.profile.display_name).unwrap_or_default())
}
