//! The `effect` table: what is to be done outside.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        effect::Effect,
        id::{EffectId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "effect")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EffectId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub machine: String,
    pub machine_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json<Effect>,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub attempt: i64,
    pub run_time: Timestamp,
    #[sea_orm(column_type = "Text", nullable)]
    pub lease_owner: Option<String>,
    pub lease_until: Option<Timestamp>,
    #[sea_orm(column_type = "Text")]
    pub last_error: String,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    #[sea_orm(column_type = "Text", nullable)]
    pub trace_parent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
