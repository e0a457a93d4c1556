//! What follows from what is wanted and what is known: pure, and the whole order of an attachment. Look, remember the
//! webhooks, import, look, read Twilio. Whatever was written is looked at again before anything else.

use serde::{Deserialize, Serialize};

use super::{Import, ImportSeen, Known, Place, Wanted, voice};
use crate::domain::telephony::Webhooks;

/// How often Twilio is asked for the voice URL of ElevenLabs before we believe that it will not come.
const MAX_LOOKS: u32 = 3;
/// How often something is changed at ElevenLabs before we believe that it is in vain.
const MAX_CHANGES: u32 = 5;
/// How often webhooks are written before we believe that somebody else keeps changing them back.
const MAX_WRITES: u32 = 3;

/// Something to ask a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Errand {
    /// Twilio for the number.
    ReadNumber,
    /// ElevenLabs for the number.
    Look,
    /// ElevenLabs for the import that another agent's key has shown.
    LookElsewhere,
    /// ElevenLabs to import it.
    Import,
    /// ElevenLabs to let the wanted agent answer it, or whoever answered before.
    Assign,
    /// ElevenLabs to forget it.
    Delete,
    /// Twilio to send calls the right way.
    WriteWebhooks,
}

impl Errand {
    /// Changes something at a vendor: its answer is waited for, whatever is wanted meanwhile.
    pub(in crate::domain::phone_number) fn is_write(self) -> bool {
        match self {
            Self::Import | Self::Assign | Self::Delete | Self::WriteWebhooks => true,
            Self::ReadNumber | Self::Look | Self::LookElsewhere => false,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Ask.
    Ask(Errand),
    /// Look again later.
    Wait(&'static str),
    /// It is as wanted.
    Settled,
    /// It will not be as wanted.
    Failed(String),
}

use Next::{Ask, Failed, Settled, Wait};

const DOUBT: &str = "it is not clear yet whether the import happened";
const SEVERAL: &str = "ElevenLabs has this number more than once; delete all but one in its console";
const NOT_TWILIO: &str = "ElevenLabs has this number as a SIP trunk; delete it in its console first";
pub(super) const ELSEWHERE: &str =
    "the number is imported with the ElevenLabs key of another agent; remove that import first";

/// What follows; `ours` is where calls go when they are ours.
pub(super) fn next(place: &Place, ours: Option<&Webhooks>) -> Next {
    let known = &place.known;
    match (&known.import, &place.wanted) {
        (Import::Unasked, _) => Ask(Errand::Look),
        (Import::Several, _) => Failed(SEVERAL.to_owned()),
        (Import::Absent, _) if known.doubts > 0 => Wait(DOUBT),
        (Import::Absent, Wanted::Attached(_)) => absent(place),
        (Import::There(import), Wanted::Attached(wanted)) => attach(place, import, &wanted.vendor_agent_id, ours),
        (Import::Absent, Wanted::Detached(_)) => Settled,
        (Import::There(import), Wanted::Detached(from)) => match import.vendor_agent_id.as_ref() {
            Some(agent) if *agent == from.vendor_agent_id => try_once(known, Errand::Assign),
            Some(_) | None => Settled,
        },
        (Import::Absent, Wanted::Removed(_)) => restore(place, ours),
        (Import::There(import), Wanted::Removed(_)) => remove(place, import),
    }
}

/// What was refused for good is not tried again, and neither is what changes nothing.
fn try_once(known: &Known, errand: Errand) -> Next {
    match known.refusal.is_empty() {
        false => Failed(known.refusal.clone()),
        true if known.changes >= MAX_CHANGES => {
            Failed(format!("changed {MAX_CHANGES} times at ElevenLabs, which still shows something else"))
        }
        true => Ask(errand),
    }
}

/// To be attached, and not there: the webhooks are remembered before anything changes them.
fn absent(place: &Place) -> Next {
    if place.held.is_some() {
        return Ask(Errand::LookElsewhere);
    }
    match (&place.before.webhooks, &place.known.number) {
        (None, None) => Ask(Errand::ReadNumber),
        (Some(_), _) | (None, Some(_)) => try_once(&place.known, Errand::Import),
    }
}

fn attach(place: &Place, import: &ImportSeen, agent: &str, ours: Option<&Webhooks>) -> Next {
    if !import.is_twilio {
        return Failed(NOT_TWILIO.to_owned());
    }
    if import.vendor_agent_id.as_deref() != Some(agent) {
        return try_once(&place.known, Errand::Assign);
    }
    let known = &place.known;
    let Some(number) = &known.number else { return Ask(Errand::ReadNumber) };
    if voice::is_theirs(&number.webhooks, place.left.as_ref(), place.before.webhooks.as_ref(), ours) {
        return Settled;
    }
    match &place.left {
        Some(_) if known.writes < MAX_WRITES => try_once(known, Errand::WriteWebhooks),
        Some(_) => Failed(kept_changing()),
        None if known.looks < MAX_LOOKS => Wait("Twilio does not show the voice URL of ElevenLabs yet"),
        None => Failed("imported and assigned at ElevenLabs, but Twilio shows another voice URL".to_owned()),
    }
}

fn kept_changing() -> String {
    format!("the voice URL was written {MAX_WRITES} times, and Twilio still shows another one")
}

/// An import that others made is given back as it was, and keeps the voice URL.
fn remove(place: &Place, import: &ImportSeen) -> Next {
    match &place.before.vendor_agent_id {
        _ if place.is_ours(import) => try_once(&place.known, Errand::Delete),
        Some(agent) if *agent != import.vendor_agent_id => try_once(&place.known, Errand::Assign),
        Some(_) | None => Settled,
    }
}

/// Our import is gone. What still is as ElevenLabs left it becomes what it was; what somebody else set stays.
fn restore(place: &Place, ours: Option<&Webhooks>) -> Next {
    let known = &place.known;
    let Some(before) = &place.before.webhooks else { return Settled };
    let Some(number) = &known.number else { return Ask(Errand::ReadNumber) };
    if voice::restored(&number.webhooks, place.left.as_ref(), before, ours) == number.webhooks {
        return Settled;
    }
    match known.writes < MAX_WRITES {
        true => try_once(known, Errand::WriteWebhooks),
        false => Failed(kept_changing()),
    }
}
