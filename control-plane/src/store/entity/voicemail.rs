//! The `voicemail` table: what callers left.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{CallId, PhoneNumberId, VoicemailId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "voicemail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: VoicemailId,
    pub workspace_id: WorkspaceId,
    pub call_id: CallId,
    pub phone_number_id: Option<PhoneNumberId>,
    #[sea_orm(column_type = "Text")]
    pub from_number: String,
    #[sea_orm(column_type = "Text")]
    pub recording_sid: String,
    #[sea_orm(column_type = "Text")]
    pub recording_status: String,
    pub duration_seconds: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub mark: String,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
