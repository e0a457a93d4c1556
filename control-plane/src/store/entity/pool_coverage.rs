//! The `pool_coverage` table: how well the backups covered each account when that was last looked at.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{AccountId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pool_coverage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub workspace_id: WorkspaceId,
    pub lines: i64,
    pub left_out: i64,
    pub change_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
