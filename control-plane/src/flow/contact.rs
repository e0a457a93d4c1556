//! What changes a contact. What their number and address allowed is kept apart, and outlives them.

use super::{Journal, seen::unchanged};
use crate::{
    domain::{
        contact::{Contact, Language, Profile},
        e164::E164,
        email::EmailAddress,
        error::{Error, Kind, Result},
        id::ContactId,
        zone::Zone,
    },
    store::contact as store,
};

/// What people call it.
pub const NOUN: &str = "contact";

/// New values of what an operator may change. What is none stays.
#[derive(Default)]
pub struct Patch {
    /// What people call them.
    pub display_name: Option<String>,
    /// Their number.
    pub phone_number: Option<Option<E164>>,
    /// Their address.
    pub email: Option<Option<EmailAddress>>,
    /// The language they are spoken to in.
    pub language: Option<Language>,
    /// Where their clock is.
    pub time_zone: Option<Option<Zone>>,
    /// The caller's own key.
    pub external_id: Option<String>,
}

impl Patch {
    fn over(self, before: Profile) -> Profile {
        let Self { display_name, phone_number, email, language, time_zone, external_id } = self;
        Profile {
            display_name: display_name.unwrap_or(before.display_name),
            phone_number: phone_number.unwrap_or(before.phone_number),
            email: email.unwrap_or(before.email),
            language: language.unwrap_or(before.language),
            time_zone: time_zone.unwrap_or(before.time_zone),
            external_id: external_id.unwrap_or(before.external_id),
        }
    }
}

/// Adds a contact.
pub async fn create(journal: &mut Journal<'_>, profile: Profile) -> Result<Contact> {
    let contact = Contact {
        id: ContactId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        profile,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    check(journal, &contact).await?;
    store::insert(journal.txn(), &contact).await?;
    tell(journal, "contact.created", contact.id);
    Ok(contact)
}

/// Changes a contact.
pub async fn update(journal: &mut Journal<'_>, id: ContactId, etag: &str, patch: Patch) -> Result<Contact> {
    let before = locked(journal, id, etag).await?;
    let seen = before.version;
    let profile = patch.over(before.profile);
    let contact = Contact { profile, version: seen + 1, update_time: journal.now, ..before };
    check(journal, &contact).await?;
    if !store::save(journal.txn(), &contact, seen).await? {
        return Err(Error::new(Kind::Aborted, "CONFLICT", "the contact was changed meanwhile; try again"));
    }
    tell(journal, "contact.updated", id);
    Ok(contact)
}

/// Deletes a contact.
pub async fn delete(journal: &mut Journal<'_>, id: ContactId, etag: &str) -> Result<()> {
    locked(journal, id, etag).await?;
    store::delete(journal.txn(), id).await?;
    tell(journal, "contact.deleted", id);
    Ok(())
}

async fn locked(journal: &Journal<'_>, id: ContactId, etag: &str) -> Result<Contact> {
    let contact = store::for_change(&journal.scope(), id).await?.ok_or_else(|| Error::not_found(NOUN))?;
    unchanged(NOUN, etag, contact.version)?;
    Ok(contact)
}

async fn check(journal: &Journal<'_>, contact: &Contact) -> Result<()> {
    contact.profile.check()?;
    let namesake = store::by_external_id(&journal.scope(), &contact.profile.external_id).await?;
    match namesake.is_some_and(|other| other.id != contact.id) {
        true => Err(Error::new(Kind::AlreadyExists, "EXTERNAL_ID_TAKEN", "another contact has this external_id")),
        false => Ok(()),
    }
}

/// Nothing of a person is in an event: whoever may read contacts reads the contact.
fn tell(journal: &mut Journal<'_>, kind: &'static str, id: ContactId) {
    journal.tell(kind, &id, serde_json::json!({}));
}
