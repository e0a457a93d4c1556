//! The `data_key` table: the key that seals a workspace's secrets, wrapped by a master key.

use sea_orm::entity::prelude::*;

use crate::domain::{id::WorkspaceId, time::Timestamp};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub master_key_id: String,
    pub wrapped: Vec<u8>,
    pub active: bool,
    pub create_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
