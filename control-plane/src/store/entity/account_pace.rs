//! The `account_pace` table: when an account may begin its next call.

use sea_orm::entity::prelude::*;

use crate::domain::{id::AccountId, time::Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_pace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub free_time: Timestamp,
    pub urgent_time: Timestamp,
    pub normal_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
