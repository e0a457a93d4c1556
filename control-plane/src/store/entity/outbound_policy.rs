//! The `outbound_policy` table: what limits whatever goes out of a workspace.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{id::WorkspaceId, outbound::Limits, time::Timestamp},
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbound_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    pub stopped: bool,
    #[sea_orm(column_type = "Text")]
    pub stop_reason: String,
    pub stop_time: Option<Timestamp>,
    #[sea_orm(column_type = "JsonBinary")]
    pub limits: Json<Limits>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
