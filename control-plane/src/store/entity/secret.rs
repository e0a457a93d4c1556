//! The `secret` table: sealed values, wherever they belong.

use sea_orm::entity::prelude::*;

use crate::domain::{id::WorkspaceId, time::Timestamp};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "secret")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub owner_table: String,
    pub owner_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub owner_column: String,
    pub data_key_id: Uuid,
    pub sealed: Vec<u8>,
    pub set_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
