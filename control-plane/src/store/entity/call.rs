//! The `call` table: legs of phone calls.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        call::Call,
        id::{AccountId, AgentId, CallId, PhoneNumberId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallId,
    pub workspace_id: WorkspaceId,
    pub account_id: AccountId,
    pub phone_number_id: Option<PhoneNumberId>,
    pub agent_id: Option<AgentId>,
    #[sea_orm(column_type = "Text")]
    pub call_sid: String,
    #[sea_orm(column_type = "Text")]
    pub direction: String,
    #[sea_orm(column_type = "Text")]
    pub from_number: String,
    #[sea_orm(column_type = "Text")]
    pub to_number: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub start_time: Timestamp,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<Call>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
