//! The `phone_number` table: numbers, their owners and their webhooks.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        agent::VoicemailBox,
        fallback::NumberFallback,
        id::{AccountId, AgentId, MoveId, PhoneNumberId, RoutePlanId, WorkspaceId},
        phone_number::{Drift, Work, attachment::Place},
        telephony::{Capabilities, Webhooks},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_number")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhoneNumberId,
    pub workspace_id: WorkspaceId,
    pub account_id: AccountId,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub e164: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub phone_number_sid: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub state_reason: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub capabilities: Json<Capabilities>,
    #[sea_orm(column_type = "Text")]
    pub integration_mode: String,
    pub agent_id: Option<AgentId>,
    pub route_plan_id: Option<RoutePlanId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub fallback: Option<Json<NumberFallback>>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub voicemail: Option<Json<VoicemailBox>>,
    #[sea_orm(column_type = "Text")]
    pub webhooks_state: String,
    #[sea_orm(column_type = "Text")]
    pub webhooks_error: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub desired_webhooks: Option<Json<Webhooks>>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub observed_webhooks: Option<Json<Webhooks>>,
    pub observe_time: Option<Timestamp>,
    #[sea_orm(column_type = "JsonBinary")]
    pub work: Json<Work>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    #[sea_orm(column_type = "Text", nullable)]
    pub pool_state: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub pool_reason: Option<String>,
    pub reserved_by: Option<MoveId>,
    pub pinned_agent_id: Option<AgentId>,
    #[sea_orm(column_type = "Text", nullable)]
    pub attachment_state: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub attachment: Option<Json<Place>>,
    #[sea_orm(column_type = "Text", nullable)]
    pub drift_cause: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub drift: Option<Json<Drift>>,
    pub whatsapp_sender: Option<bool>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
