//! The `incident` table: people who are to be reached about an event. Their steps are in `escalation_step`.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{ContactId, IncidentId, MeetingId, PolicyId, WorkspaceId},
        incident::Incident,
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncidentId,
    pub workspace_id: WorkspaceId,
    pub policy_id: PolicyId,
    pub meeting_id: Option<MeetingId>,
    pub contact_id: ContactId,
    #[sea_orm(column_type = "Text")]
    pub event_key: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub start_time: Timestamp,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<Incident>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
