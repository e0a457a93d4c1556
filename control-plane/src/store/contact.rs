//! Contacts: rows and queries.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use super::{
    Scope,
    entity::contact::{ActiveModel, Column, Entity, Model},
    failed,
    many::padded,
    page::{Ask, Page},
    word, word_or_none,
};
use crate::domain::{
    contact::{Contact, Profile},
    e164::E164,
    email::EmailAddress,
    error::{Error, Result},
    id::ContactId,
    time::Timestamp,
};

impl TryFrom<Model> for Contact {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let time_zone = Some(&row.time_zone).filter(|zone| !zone.is_empty());
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            profile: Profile {
                display_name: row.display_name,
                phone_number: word_or_none("contact.phone_number", row.phone_number.as_ref())?,
                email: word_or_none("contact.email", row.email.as_ref())?,
                language: word("contact.language", &row.language)?,
                time_zone: word_or_none("contact.time_zone", time_zone)?,
                external_id: row.external_id,
            },
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

fn row(contact: &Contact) -> ActiveModel {
    let Contact { id, workspace_id, profile, version, create_time, update_time } = contact.clone();
    let Profile { display_name, phone_number, email, language, time_zone, external_id } = profile;
    ActiveModel {
        id: Set(id),
        workspace_id: Set(workspace_id),
        display_name: Set(display_name),
        phone_number: Set(phone_number.map(String::from)),
        email_key: Set(email.as_ref().map(key)),
        email: Set(email.map(String::from)),
        language: Set(language.into()),
        time_zone: Set(time_zone.map_or("", |zone| zone.as_str()).to_owned()),
        external_id: Set(external_id),
        version: Set(version),
        create_time: Set(create_time),
        update_time: Set(update_time),
    }
}

/// A mail address is the same in whatever case it is written.
fn key(email: &EmailAddress) -> String {
    email.as_str().to_ascii_lowercase()
}

/// Adds a new contact.
pub async fn insert(txn: &DatabaseTransaction, contact: &Contact) -> Result<()> {
    Entity::insert(row(contact)).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// Saves it, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, contact: &Contact, seen: i64) -> Result<bool> {
    let update =
        Entity::update_many().set(row(contact)).filter(Column::Id.eq(contact.id)).filter(Column::Version.eq(seen));
    Ok(update.exec(txn).await.map_err(failed)?.rows_affected == 1)
}

/// Deletes it.
pub async fn delete(txn: &DatabaseTransaction, id: ContactId) -> Result<()> {
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

fn here<C>(scope: &Scope<'_, C>) -> Select<Entity> {
    Entity::find().filter(Column::WorkspaceId.eq(scope.workspace))
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: ContactId) -> Result<Option<Contact>> {
    one(scope, here(scope).filter(Column::Id.eq(id))).await
}

/// Reads one for change; other replicas wait until the transaction ends.
pub async fn for_change(scope: &Scope<'_, DatabaseTransaction>, id: ContactId) -> Result<Option<Contact>> {
    one(scope, here(scope).filter(Column::Id.eq(id)).lock_exclusive()).await
}

/// Reads the one with this key of the caller's own.
pub async fn by_external_id<C: ConnectionTrait>(scope: &Scope<'_, C>, external_id: &str) -> Result<Option<Contact>> {
    if external_id.is_empty() {
        return Ok(None);
    }
    one(scope, here(scope).filter(Column::ExternalId.eq(external_id))).await
}

/// Everybody with this number, the oldest first: a family may share one.
pub async fn by_phone<C: ConnectionTrait>(scope: &Scope<'_, C>, number: &E164) -> Result<Vec<Contact>> {
    all(scope, here(scope).filter(Column::PhoneNumber.eq(number.as_str()))).await
}

/// Everybody with this address, in whatever case, the oldest first.
pub async fn by_email<C: ConnectionTrait>(scope: &Scope<'_, C>, email: &EmailAddress) -> Result<Vec<Contact>> {
    all(scope, here(scope).filter(Column::EmailKey.eq(key(email)))).await
}

/// Those with these ids that there are.
pub async fn by_ids<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<ContactId>) -> Result<Vec<Contact>> {
    match ids.is_empty() {
        true => Ok(Vec::new()),
        false => all(scope, here(scope).filter(Column::Id.is_in(padded(ids)))).await,
    }
}

/// Everybody with one of these addresses, which are in lower case, the oldest first.
pub async fn by_emails<C: ConnectionTrait>(scope: &Scope<'_, C>, keys: &[String]) -> Result<Vec<Contact>> {
    let mut found = Vec::new();
    for some in keys.chunks(AT_ONCE) {
        found.extend(all(scope, here(scope).filter(Column::EmailKey.is_in(padded(some.to_vec())))).await?);
    }
    found.sort_by_key(|contact| contact.id);
    Ok(found)
}

/// Whether anybody was added or changed since then.
pub async fn has_changed<C: ConnectionTrait>(scope: &Scope<'_, C>, since: Timestamp) -> Result<bool> {
    let changed = here(scope).select_only().column(Column::Id).filter(Column::UpdateTime.gte(since)).limit(1);
    let one: Option<ContactId> = changed.into_tuple().one(scope.db).await.map_err(failed)?;
    Ok(one.is_some())
}

/// As many addresses are looked for in one statement.
const AT_ONCE: usize = 512;

async fn one<C: ConnectionTrait>(scope: &Scope<'_, C>, select: Select<Entity>) -> Result<Option<Contact>> {
    select.one(scope.db).await.map_err(failed)?.map(Contact::try_from).transpose()
}

async fn all<C: ConnectionTrait>(scope: &Scope<'_, C>, select: Select<Entity>) -> Result<Vec<Contact>> {
    let rows = select.order_by_asc(Column::Id).all(scope.db).await.map_err(failed)?;
    rows.into_iter().map(Contact::try_from).collect()
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those with this number.
    pub phone_number: Option<E164>,
    /// Only those with this address, in whatever case.
    pub email: Option<EmailAddress>,
    /// Only the one with this key; empty for any.
    pub external_id: String,
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<ContactId>,
) -> Result<Page<Contact, ContactId>> {
    let Filter { phone_number, email, external_id } = filter;
    let mut select = here(scope).limit(ask.limit());
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    if let Some(number) = phone_number {
        select = select.filter(Column::PhoneNumber.eq(number.as_str()));
    }
    if let Some(email) = email {
        select = select.filter(Column::EmailKey.eq(key(email)));
    }
    if !external_id.is_empty() {
        select = select.filter(Column::ExternalId.eq(external_id.as_str()));
    }
    Ok(ask.cut(all(scope, select).await?, |contact| contact.id))
}
