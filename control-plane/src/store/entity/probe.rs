//! The `probe` table: what each look at an account found.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{AccountId, AgentId, PhoneNumberId, ProbeId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "probe")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProbeId,
    pub workspace_id: WorkspaceId,
    pub account_id: AccountId,
    pub round: i64,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub agent_id: Option<AgentId>,
    pub phone_number_id: Option<PhoneNumberId>,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    #[sea_orm(column_type = "Text")]
    pub cause: String,
    pub latency_ms: i64,
    pub vendor_code: i64,
    #[sea_orm(column_type = "Text")]
    pub message: String,
    pub simulated: bool,
    pub create_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
