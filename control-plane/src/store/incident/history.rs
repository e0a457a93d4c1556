//! What happened to incidents. Rows are added and read, never changed; numbers are given while the incident is locked.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    domain::{error::Result, id::IncidentId},
    store::{
        Scope,
        entity::incident_event::{Column, Entity, Model},
        failed, many,
    },
};

/// The number of the last one.
pub async fn last<C: ConnectionTrait>(db: &C, incident: IncidentId) -> Result<i64> {
    let last =
        Entity::find().select_only().column_as(Column::Sequence.max(), "last").filter(Column::IncidentId.eq(incident));
    let last: Option<Option<i64>> = last.into_tuple().one(db).await.map_err(failed)?;
    Ok(last.flatten().unwrap_or(0))
}

/// Adds what happened.
pub async fn add(txn: &DatabaseTransaction, events: Vec<Model>) -> Result<()> {
    many::insert(txn, events.into_iter().map(IntoActiveModel::into_active_model).collect(), None).await?;
    Ok(())
}

/// Everything that happened to an incident, in order.
pub async fn of<C: ConnectionTrait>(scope: &Scope<'_, C>, incident: IncidentId) -> Result<Vec<Model>> {
    let found = Entity::find()
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::IncidentId.eq(incident))
        .order_by_asc(Column::Sequence);
    found.all(scope.db).await.map_err(failed)
}
