//! The last time anybody was alive: a control plane of this database, an edge. Every write is over the value that was read, so of several
//! replicas that come back together one finds the gap.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use super::{
    entity::heartbeat::{ActiveModel, Column, Entity},
    failed,
};
use crate::domain::{error::Result, time::Timestamp, word::words};

words! {
    /// Who says that they are alive.
    Who, "sender of heartbeats" {
        /// Any control plane.
        ControlPlanes = "control planes",
        /// Any edge, through the control plane it watches.
        Edges = "edges",
    }
}

impl Who {
    fn row(self) -> i64 {
        match self {
            Self::ControlPlanes => 1,
            Self::Edges => 2,
        }
    }
}

/// The last heartbeat; none in a database that nobody has run on.
pub async fn last<C: ConnectionTrait>(db: &C, who: Who) -> Result<Option<Timestamp>> {
    Ok(Entity::find_by_id(who.row()).one(db).await.map_err(failed)?.map(|row| row.beat_time))
}

/// The first heartbeat.
pub async fn begin(txn: &DatabaseTransaction, who: Who, now: Timestamp) -> Result<()> {
    let row = ActiveModel { id: Set(who.row()), beat_time: Set(now) };
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    Entity::insert(row).on_conflict(there).exec_without_returning(txn).await.map_err(failed)?;
    Ok(())
}

/// The next heartbeat, if `seen` is still the last one; says whether it was. Time never goes back.
pub async fn advance<C: ConnectionTrait>(db: &C, who: Who, seen: Timestamp, now: Timestamp) -> Result<bool> {
    if now <= seen {
        return Ok(false);
    }
    let update = Entity::update_many()
        .col_expr(Column::BeatTime, Expr::value(now))
        .filter(Column::Id.eq(who.row()))
        .filter(Column::BeatTime.eq(seen));
    Ok(update.exec(db).await.map_err(failed)?.rows_affected == 1)
}

/// Lets whoever could not say that they were alive begin anew.
pub async fn excuse(txn: &DatabaseTransaction, who: Who, now: Timestamp) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::BeatTime, Expr::value(now))
        .filter(Column::Id.eq(who.row()))
        .filter(Column::BeatTime.lt(now));
    update.exec(txn).await.map_err(failed)?;
    Ok(())
}
