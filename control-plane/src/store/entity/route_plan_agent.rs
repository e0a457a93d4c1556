//! The `route_plan_agent` table: which agents a plan names.

use sea_orm::entity::prelude::*;

use crate::domain::id::{AgentId, RoutePlanId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "route_plan_agent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub route_plan_id: RoutePlanId,
    pub agent_id: AgentId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
