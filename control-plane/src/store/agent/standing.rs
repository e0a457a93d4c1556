//! How agents have fared lately: one statement for a page of them, each answer the end of an index.

use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::super::{
    entity::{agent, call, probe},
    failed,
};
use crate::domain::{call::Status, error::Result, id::AgentId, time::Timestamp};

/// More than a look at an agent consists of.
const LATEST: u64 = 16;

/// How an agent has fared lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the last call began that it answered and that ended well.
    pub last_good_call: Option<Timestamp>,
    /// When it was last probed.
    pub last_probe: Option<Timestamp>,
    /// How many of those probes failed.
    pub failing: i64,
}

/// How these agents have fared lately.
pub async fn standing<C: ConnectionTrait>(db: &C, ids: &[AgentId]) -> Result<Vec<(AgentId, Standing)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = agent::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .expr_as(Expr::from(last_good_call()), "last_good_call")
        .expr_as(Expr::from(last_probe(probe::Column::CreateTime)), "last_probe")
        .expr_as(Expr::from(failing()), "failing")
        .filter(agent::Column::Id.is_in(ids.iter().copied()));
    let found: Vec<(AgentId, Option<Timestamp>, Option<Timestamp>, i64)> =
        found.into_tuple().all(db).await.map_err(failed)?;
    let read = |(id, last_good_call, last_probe, failing)| (id, Standing { last_good_call, last_probe, failing });
    Ok(found.into_iter().map(read).collect())
}

fn this_agent() -> Expr {
    Expr::col((agent::Entity, agent::Column::Id))
}

fn last_good_call() -> SelectStatement {
    use call::Column;
    Query::select()
        .column((call::Entity, Column::StartTime))
        .from(call::Entity)
        .and_where(Expr::col((call::Entity, Column::AgentId)).eq(this_agent()))
        .and_where(Expr::col((call::Entity, Column::Status)).eq(Status::Completed.as_str()))
        .order_by((call::Entity, Column::StartTime), Order::Desc)
        .limit(1)
        .take()
}

fn last_probe(column: probe::Column) -> SelectStatement {
    use probe::Column;
    Query::select()
        .column((probe::Entity, column))
        .from(probe::Entity)
        .and_where(Expr::col((probe::Entity, Column::AgentId)).eq(this_agent()))
        .order_by((probe::Entity, Column::Id), Order::Desc)
        .limit(1)
        .take()
}

/// A look consists of several probes, which have its round in common.
fn failing() -> SelectStatement {
    use probe::Column;
    let latest = Query::select()
        .columns([Column::Outcome, Column::Round])
        .from(probe::Entity)
        .and_where(Expr::col((probe::Entity, Column::AgentId)).eq(this_agent()))
        .order_by((probe::Entity, Column::Id), Order::Desc)
        .limit(LATEST)
        .take();
    let alias = Alias::new("latest");
    Query::select()
        .expr(Func::count(Expr::col((alias.clone(), Column::Round))))
        .from_subquery(latest, alias.clone())
        .and_where(Expr::col((alias.clone(), Column::Outcome)).eq("fail"))
        .and_where(Expr::col((alias, Column::Round)).eq(Expr::from(last_probe(Column::Round))))
        .take()
}
