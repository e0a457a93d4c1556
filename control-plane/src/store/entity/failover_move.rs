//! The `failover_move` table: the lines of failovers, one row a line.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        failover::moves::Work,
        id::{AccountId, AgentId, FailoverId, MoveId, PhoneNumberId, RoutePlanId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failover_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MoveId,
    pub workspace_id: WorkspaceId,
    pub failover_id: FailoverId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub place: i64,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub agent_id: Option<AgentId>,
    pub route_plan_id: Option<RoutePlanId>,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    pub from_id: Option<PhoneNumberId>,
    pub to_id: Option<PhoneNumberId>,
    pub original_id: Option<MoveId>,
    pub is_native: bool,
    pub detaches: bool,
    pub own_account_id: Option<AccountId>,
    pub own_phone_number_id: Option<PhoneNumberId>,
    pub agent_version: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub work: Json<Work>,
    pub begin_time: Option<Timestamp>,
    pub flip_time: Option<Timestamp>,
    pub end_time: Option<Timestamp>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
