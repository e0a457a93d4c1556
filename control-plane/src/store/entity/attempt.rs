//! The `attempt` table: tries to reach people by calls, messages and mails.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        attempt::Attempt,
        id::{AccountId, AttemptId, ContactId, IncidentId, PhoneNumberId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttemptId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub channel: String,
    #[sea_orm(column_type = "Text")]
    pub to_address: String,
    pub contact_id: Option<ContactId>,
    pub incident_id: Option<IncidentId>,
    pub step: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub ending: String,
    #[sea_orm(column_type = "Text")]
    pub lane: String,
    pub account_id: Option<AccountId>,
    pub phone_number_id: Option<PhoneNumberId>,
    #[sea_orm(column_type = "Text")]
    pub vendor_sid: String,
    pub cost_micros: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<Attempt>,
    pub begin_time: Option<Timestamp>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub cost_is_known: Option<bool>,
    pub price_time: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
