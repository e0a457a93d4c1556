//! The `number_look` table: when all numbers of an account were last looked at.

use sea_orm::entity::prelude::*;

use crate::domain::{
    id::{AccountId, WorkspaceId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "number_look")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub workspace_id: WorkspaceId,
    pub look_time: Timestamp,
    pub numbers: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
