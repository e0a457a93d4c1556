//! Route plans: rows and queries, and the links that say which agents a plan names.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    Scope,
    entity::{
        phone_number,
        route_plan::{ActiveModel, Column, Entity, Model},
        route_plan_agent as link,
    },
    failed,
    page::{Ask, Page},
    value::Json,
    word,
};
use crate::domain::{
    error::{Error, Result},
    id::RoutePlanId,
    route::RoutePlan,
    time::Ids,
    zone::Zone,
};

impl TryFrom<Model> for RoutePlan {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            display_name: row.display_name,
            rules: row.rules.0,
            fallback: row.fallback.map(|json| json.0),
            time_zone: zone(&row.time_zone)?,
            revision: row.revision,
            version: row.version,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// An empty column stands for the workspace's zone.
fn zone(name: &str) -> Result<Option<Zone>> {
    match name {
        "" => Ok(None),
        name => word("route_plan.time_zone", name).map(Some),
    }
}

fn row(plan: &RoutePlan) -> ActiveModel {
    ActiveModel {
        id: Set(plan.id),
        workspace_id: Set(plan.workspace_id),
        display_name: Set(plan.display_name.clone()),
        rules: Set(Json(plan.rules.clone())),
        fallback: Set(plan.fallback.clone().map(Json)),
        time_zone: Set(plan.time_zone.map_or("", |zone| zone.as_str()).to_owned()),
        revision: Set(plan.revision),
        version: Set(plan.version),
        create_time: Set(plan.create_time),
        update_time: Set(plan.update_time),
    }
}

fn read(rows: Vec<Model>) -> Result<Vec<RoutePlan>> {
    rows.into_iter().map(RoutePlan::try_from).collect()
}

/// Adds a new plan with its links.
pub async fn insert(txn: &DatabaseTransaction, plan: &RoutePlan, ids: &dyn Ids) -> Result<()> {
    Entity::insert(row(plan)).exec_without_returning(txn).await.map_err(failed)?;
    add_links(txn, plan, ids).await
}

/// Saves it with its links, but only while the stored version is `seen`; says whether it was.
pub async fn save(txn: &DatabaseTransaction, plan: &RoutePlan, seen: i64, ids: &dyn Ids) -> Result<bool> {
    let update = Entity::update_many().set(row(plan)).filter(Column::Id.eq(plan.id)).filter(Column::Version.eq(seen));
    if update.exec(txn).await.map_err(failed)?.rows_affected != 1 {
        return Ok(false);
    }
    remove_links(txn, plan.id).await?;
    add_links(txn, plan, ids).await?;
    Ok(true)
}

/// Deletes it with its links.
pub async fn delete(txn: &DatabaseTransaction, id: RoutePlanId) -> Result<()> {
    remove_links(txn, id).await?;
    Entity::delete_by_id(id).exec(txn).await.map_err(failed)?;
    Ok(())
}

async fn add_links(txn: &DatabaseTransaction, plan: &RoutePlan, ids: &dyn Ids) -> Result<()> {
    let links: Vec<_> = plan
        .agent_ids()
        .into_iter()
        .map(|agent| link::ActiveModel { id: Set(ids.next()), route_plan_id: Set(plan.id), agent_id: Set(agent) })
        .collect();
    if links.is_empty() {
        return Ok(());
    }
    link::Entity::insert_many(links).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

async fn remove_links(txn: &DatabaseTransaction, id: RoutePlanId) -> Result<()> {
    let links = link::Entity::delete_many().filter(link::Column::RoutePlanId.eq(id));
    links.exec(txn).await.map_err(failed)?;
    Ok(())
}

/// Reads one.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: RoutePlanId) -> Result<Option<RoutePlan>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    found.one(scope.db).await.map_err(failed)?.map(RoutePlan::try_from).transpose()
}

/// Reads one for change; other replicas wait until the transaction ends.
pub async fn for_change(scope: &Scope<'_, DatabaseTransaction>, id: RoutePlanId) -> Result<Option<RoutePlan>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace)).lock_exclusive();
    found.one(scope.db).await.map_err(failed)?.map(RoutePlan::try_from).transpose()
}

/// Reads those of `ids` that exist here.
pub async fn by_ids<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<RoutePlanId>) -> Result<Vec<RoutePlan>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::Id.is_in(ids));
    read(found.all(scope.db).await.map_err(failed)?)
}

/// Those of `ids` that exist, of whatever workspace: the hot path's one read.
pub async fn among<C: ConnectionTrait>(db: &C, ids: Vec<RoutePlanId>) -> Result<Vec<RoutePlan>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    read(Entity::find().filter(Column::Id.is_in(ids)).all(db).await.map_err(failed)?)
}

/// A page, the oldest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    ask: &Ask<RoutePlanId>,
) -> Result<Page<RoutePlan, RoutePlanId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_asc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.gt(after));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(read(rows)?, |plan| plan.id))
}

/// How many numbers are assigned to each of these plans; those without any are left out.
pub async fn count_numbers<C: ConnectionTrait>(db: &C, ids: &[RoutePlanId]) -> Result<Vec<(RoutePlanId, i64)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let counted = phone_number::Entity::find()
        .select_only()
        .column(phone_number::Column::RoutePlanId)
        .column_as(phone_number::Column::Id.count(), "numbers")
        .filter(phone_number::Column::RoutePlanId.is_in(ids.iter().copied()))
        .group_by(phone_number::Column::RoutePlanId);
    counted.into_tuple().all(db).await.map_err(failed)
}
