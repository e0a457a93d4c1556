//! The `agent` table: who or what answers calls.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        agent::Endpoint,
        id::{AccountId, AgentId, PhoneNumberId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgentId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub endpoint: Json<Endpoint>,
    pub fallback_agent_id: Option<AgentId>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub account_id: Option<AccountId>,
    pub phone_number_id: Option<PhoneNumberId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
