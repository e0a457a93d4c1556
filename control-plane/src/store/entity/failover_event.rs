//! The `failover_event` table: what happened in a failover, numbered, never changed.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{EventId, FailoverId, MoveId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failover_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EventId,
    pub workspace_id: WorkspaceId,
    pub failover_id: FailoverId,
    pub sequence: i64,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    #[sea_orm(column_type = "Text")]
    pub message: String,
    pub move_id: Option<MoveId>,
    pub create_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
