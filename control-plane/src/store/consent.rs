//! Consents: rows and queries. Rows are added, never changed.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use super::{
    Scope,
    entity::consent::{ActiveModel, Column, Entity, Model},
    failed,
    page::{Ask, Page},
    word,
};
use crate::domain::{
    consent::{Address, Channel, Consent},
    error::{Error, Result},
    id::ConsentId,
    time::Timestamp,
};

impl TryFrom<Model> for Consent {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            address: word("consent.address", &row.address)?,
            channel: word("consent.channel", &row.channel)?,
            state: word("consent.state", &row.state)?,
            source: row.source,
            evidence: row.evidence,
            consent_time: row.consent_time,
            create_time: row.create_time,
        })
    }
}

/// Adds a record.
pub async fn insert(txn: &DatabaseTransaction, consent: &Consent) -> Result<()> {
    let row = ActiveModel {
        id: Set(consent.id),
        workspace_id: Set(consent.workspace_id),
        address: Set(consent.address.as_str().to_owned()),
        channel: Set(consent.channel.to_string()),
        state: Set(consent.state.to_string()),
        source: Set(consent.source.clone()),
        evidence: Set(consent.evidence.clone()),
        consent_time: Set(consent.consent_time),
        create_time: Set(consent.create_time),
    };
    Entity::insert(row).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// The latest first; of two that were said at the same time, the one that was recorded later.
fn newest_first<C>(scope: &Scope<'_, C>) -> Select<Entity> {
    let here = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    here.order_by_desc(Column::ConsentTime).order_by_desc(Column::Id)
}

/// The record that counts for an address, a mail address in whatever case, and a channel.
pub async fn latest<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    address: &str,
    channel: Channel,
) -> Result<Option<Consent>> {
    let found = newest_first(scope)
        .filter(Column::Address.eq(address.to_ascii_lowercase()))
        .filter(Column::Channel.eq(channel.as_str()))
        .limit(1);
    found.one(scope.db).await.map_err(failed)?.map(Consent::try_from).transpose()
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only about this address.
    pub address: Option<Address>,
    /// Only about this channel.
    pub channel: Option<Channel>,
}

/// Where a page of consents ends: when it was said, and which it is.
pub type Place = (Timestamp, ConsentId);

/// A page, the latest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<Place>,
) -> Result<Page<Consent, Place>> {
    let mut select = newest_first(scope).limit(ask.limit());
    if let Some((time, id)) = ask.after {
        let same_time = Condition::all().add(Column::ConsentTime.eq(time)).add(Column::Id.lt(id));
        select = select.filter(Condition::any().add(Column::ConsentTime.lt(time)).add(same_time));
    }
    if let Some(address) = &filter.address {
        select = select.filter(Column::Address.eq(address.as_str()));
    }
    if let Some(channel) = filter.channel {
        select = select.filter(Column::Channel.eq(channel.as_str()));
    }
    let rows = select.all(scope.db).await.map_err(failed)?;
    let consents = rows.into_iter().map(Consent::try_from).collect::<Result<Vec<_>>>()?;
    Ok(ask.cut(consents, |consent| (consent.consent_time, consent.id)))
}
