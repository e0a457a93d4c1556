//! Numbers that ElevenLabs answers: what an operator may want of one.

use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::{AgentId, PhoneNumberId},
        machine::Machine,
        phone_number::{
            Event, PhoneNumber,
            attachment::{Attachment, Wanted},
        },
    },
    flow::{Journal, seen},
    store::{account, agent},
};

/// Wants an agent to answer a number at ElevenLabs.
pub async fn attach(journal: &mut Journal<'_>, id: PhoneNumberId, agent: AgentId) -> Result<PhoneNumber> {
    let number: PhoneNumber = seen(journal, id, "").await?;
    let attachment = attachment(journal, agent, id).await?;
    let owner = account::by_id(&journal.scope(), number.account_id).await?;
    if owner.is_none_or(|account| account.credentials.auth_token_time.is_none()) {
        return Err(Error::new(
            Kind::FailedPrecondition,
            "ACCOUNT_WITHOUT_AUTH_TOKEN",
            "ElevenLabs imports a number with the auth token of its Twilio account; set it with SetAccountCredentials",
        ));
    }
    let step = number.step(Event::AttachRequested(attachment), journal.now)?;
    journal.take(number.version, id, step).await
}

/// What it takes to let an agent answer a number at ElevenLabs.
pub async fn attachment(journal: &Journal<'_>, agent: AgentId, number: PhoneNumberId) -> Result<Attachment> {
    let agent = agent::by_id(&journal.scope(), agent).await?.ok_or_else(|| Error::not_found("agent"))?;
    Attachment::of(&agent, number).ok_or_else(|| {
        let message = "only an ElevenLabs agent answers a number at ElevenLabs";
        Error::new(Kind::FailedPrecondition, "AGENT_NOT_ELEVENLABS", message)
    })
}

/// Wants nobody to answer a number at ElevenLabs any more; its import stays.
pub async fn detach(journal: &mut Journal<'_>, id: PhoneNumberId) -> Result<PhoneNumber> {
    let number: PhoneNumber = seen(journal, id, "").await?;
    let Some(place) = &number.attachment else {
        let message = "the number was never attached to an agent at ElevenLabs";
        return Err(Error::new(Kind::FailedPrecondition, "NUMBER_NOT_ATTACHED", message));
    };
    let (Wanted::Attached(from) | Wanted::Detached(from) | Wanted::Removed(from)) = place.wanted.clone();
    let step = number.step(Event::DetachRequested(from), journal.now)?;
    journal.take(number.version, id, step).await
}

/// Wants our import gone and the webhooks as they were before.
pub async fn remove_import(journal: &mut Journal<'_>, id: PhoneNumberId) -> Result<PhoneNumber> {
    let number: PhoneNumber = seen(journal, id, "").await?;
    let step = number.step(Event::RemoveImportRequested, journal.now)?;
    journal.take(number.version, id, step).await
}
