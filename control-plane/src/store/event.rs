//! The event log. Numbers are given by the last statement of each transaction, under a lock that ends with its commit:
//! whoever has read up to a number has missed nothing before it.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
    sea_query::{ArrayType, Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    Store,
    entity::{
        event::{ActiveModel, Column, Entity, Model},
        event_head,
    },
    failed, many,
    value::Json,
};
use crate::domain::{
    error::{Error, Result},
    id::{EventId, WorkspaceId},
    time::Timestamp,
};

/// Something that happened, not yet numbered.
#[derive(Clone, Debug)]
pub struct News {
    /// Its id.
    pub id: EventId,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// Such as `call.received`.
    pub kind: &'static str,
    /// What it happened to.
    pub resource: String,
    /// What changed; no secret, numbers masked.
    pub data: serde_json::Value,
}

/// Numbers and adds events. The last statement before the commit.
pub async fn append(txn: &DatabaseTransaction, news: Vec<News>, now: Timestamp) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    match txn.get_database_backend() {
        DbBackend::Postgres => append_at_once(txn, news, now).await,
        _ => append_in_two(txn, news, now).await,
    }
}

/// The lock on the head is held for one statement and the commit.
const APPEND: &str = r#"WITH "head" AS (
    UPDATE "event_head" SET "sequence" = "sequence" + $1 WHERE "id" = 1 RETURNING "sequence" - $1 AS "before"
)
INSERT INTO "event" ("sequence", "id", "workspace_id", "type", "resource_id", "data", "create_time")
SELECT "head"."before" + "news"."place", "news"."id", "news"."workspace_id", "news"."type", "news"."resource_id",
    "news"."data"::jsonb, $7
FROM "head", UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[])
    WITH ORDINALITY AS "news" ("id", "workspace_id", "type", "resource_id", "data", "place")"#;

async fn append_at_once(txn: &DatabaseTransaction, news: Vec<News>, now: Timestamp) -> Result<()> {
    let count = i64::try_from(news.len()).map_err(Error::internal)?;
    let uuids = |pick: fn(&News) -> Uuid| many::array(ArrayType::Uuid, news.iter().map(pick));
    let texts = |pick: fn(&News) -> String| many::array(ArrayType::String, news.iter().map(pick));
    let values = [
        count.into(),
        uuids(|news| news.id.uuid()),
        uuids(|news| news.workspace.uuid()),
        texts(|news| news.kind.to_owned()),
        texts(|news| news.resource.clone()),
        texts(|news| news.data.to_string()),
        now.into(),
    ];
    let append = Statement::from_sql_and_values(DbBackend::Postgres, APPEND, values);
    let written = txn.execute_raw(append).await.map_err(failed)?.rows_affected();
    if written == news.len() as u64 { Ok(()) } else { Err(no_head()) }
}

/// SQLite updates nothing inside a query, and asking it twice costs no round trip.
async fn append_in_two(txn: &DatabaseTransaction, news: Vec<News>, now: Timestamp) -> Result<()> {
    let count = i64::try_from(news.len()).map_err(Error::internal)?;
    let head = event_head::Entity::update_many()
        .col_expr(event_head::Column::Sequence, ExprTrait::add(Expr::col(event_head::Column::Sequence), count))
        .filter(event_head::Column::Id.eq(1))
        .exec_with_returning(txn)
        .await
        .map_err(failed)?;
    let last = head.first().ok_or_else(no_head)?.sequence;
    let rows = (last - count + 1..).zip(news).map(|(sequence, news)| ActiveModel {
        sequence: Set(sequence),
        id: Set(news.id),
        workspace_id: Set(news.workspace),
        kind: Set(news.kind.to_owned()),
        resource_id: Set(news.resource),
        data: Set(Json(news.data)),
        create_time: Set(now),
    });
    many::insert(txn, rows.collect(), None).await?;
    Ok(())
}

fn no_head() -> Error {
    Error::internal("the row of event_head is missing")
}

/// What a reader wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this workspace; `None` for all of them, which only an edge's stream may ask.
    pub workspace: Option<WorkspaceId>,
    /// Only these types; `call.*` means all of calls.
    pub kinds: Vec<String>,
    /// Only this resource.
    pub resource: Option<String>,
}

/// Events after a number, in order.
pub async fn after<C: ConnectionTrait>(db: &C, filter: &Filter, after: i64, limit: u64) -> Result<Vec<Model>> {
    let mut select = Entity::find().filter(Column::Sequence.gt(after)).order_by_asc(Column::Sequence).limit(limit);
    if let Some(workspace) = filter.workspace {
        select = select.filter(Column::WorkspaceId.eq(workspace));
    }
    if let Some(resource) = &filter.resource {
        select = select.filter(Column::ResourceId.eq(resource));
    }
    if !filter.kinds.is_empty() {
        let any = filter.kinds.iter().fold(Condition::any(), |any, kind| match kind.strip_suffix('*') {
            Some(family) => any.add(Column::Kind.starts_with(family)),
            None => any.add(Column::Kind.eq(kind)),
        });
        select = select.filter(any);
    }
    select.all(db).await.map_err(failed)
}

/// The number of the first event of a resource that is still kept.
pub async fn first_of<C: ConnectionTrait>(db: &C, resource: &str) -> Result<Option<i64>> {
    let first = Entity::find()
        .select_only()
        .column(Column::Sequence)
        .filter(Column::ResourceId.eq(resource))
        .order_by_asc(Column::Sequence)
        .limit(1);
    first.into_tuple().one(db).await.map_err(failed)
}

/// The number of the oldest event that is still kept.
pub async fn oldest(store: &Store) -> Result<Option<i64>> {
    let first = Entity::find().select_only().column(Column::Sequence).order_by_asc(Column::Sequence).limit(1);
    first.into_tuple().one(store.read()).await.map_err(failed)
}

/// The number of the last event.
pub async fn head(store: &Store) -> Result<i64> {
    let head = event_head::Entity::find_by_id(1).one(store.read()).await.map_err(failed)?;
    Ok(head.map_or(0, |head| head.sequence))
}
