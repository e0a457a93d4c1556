//! The `escalation_step` table: what was planned for an incident and how it went, for whoever reads it by SQL.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{AttemptId, ContactId, IncidentId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "escalation_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: IncidentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub workspace_id: WorkspaceId,
    pub rung: i64,
    #[sea_orm(column_name = "type", column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub contact_id: Option<ContactId>,
    pub redial: bool,
    pub due_time: Timestamp,
    pub held_until: Option<Timestamp>,
    pub window_start: Timestamp,
    pub window_end: Timestamp,
    pub attempt_id: Option<AttemptId>,
    pub executed_at: Option<Timestamp>,
    #[sea_orm(column_type = "Text")]
    pub ending: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "Text")]
    pub error: String,
    pub simulated: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
