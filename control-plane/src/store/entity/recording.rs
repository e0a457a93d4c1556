//! The `recording` table: recordings at Twilio.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{CallId, RecordingId, WorkspaceId},
        recording::Recording,
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recording")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordingId,
    pub workspace_id: WorkspaceId,
    pub call_id: CallId,
    #[sea_orm(column_type = "Text")]
    pub recording_sid: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<Recording>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
