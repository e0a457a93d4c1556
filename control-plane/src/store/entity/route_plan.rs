//! The `route_plan` table: which agent answers.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{RoutePlanId, WorkspaceId},
        route::{Fallback, Rule},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "route_plan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoutePlanId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub rules: Json<Vec<Rule>>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub fallback: Option<Json<Fallback>>,
    #[sea_orm(column_type = "Text")]
    pub time_zone: String,
    pub revision: i64,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
