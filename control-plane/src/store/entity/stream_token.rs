//! The `stream_token` table: media stream tokens that were redeemed.

use sea_orm::entity::prelude::*;

use crate::domain::{id::CallId, time::Timestamp};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub nonce: Uuid,
    pub call_id: CallId,
    pub redeem_time: Timestamp,
    pub expire_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
