//! The `reconciliation` table: looks through the accounts' lists of calls at Twilio.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{AccountId, WorkspaceId},
        reconciliation::{Ended, Work},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub wanted_since: Option<Timestamp>,
    pub wanted_until: Option<Timestamp>,
    #[sea_orm(column_type = "JsonBinary")]
    pub work: Json<Work>,
    pub covered_until: Timestamp,
    pub quiet: i64,
    pub active_time: Timestamp,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub last: Option<Json<Ended>>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
