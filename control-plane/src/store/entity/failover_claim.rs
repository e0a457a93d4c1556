//! The `failover_claim` table: which accounts take part in an open failover. The key says that it is one at most.

use sea_orm::entity::prelude::*;

use crate::domain::id::{AccountId, FailoverId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failover_claim")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub failover_id: FailoverId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
