//! The `dnc_entry` table: numbers that must not be called.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{DncEntryId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dnc_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DncEntryId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub phone_number: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub create_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
