//! The `monitor` table: how the accounts are doing.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{AccountId, WorkspaceId},
        monitor::{Memory, Work},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "monitor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub verdict: String,
    pub verdict_time: Timestamp,
    #[sea_orm(column_type = "Text")]
    pub why: String,
    #[sea_orm(column_type = "Text")]
    pub reach: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub work: Json<Work>,
    #[sea_orm(column_type = "JsonBinary")]
    pub memory: Json<Memory>,
    pub run_time: Option<Timestamp>,
    pub wake_time: Option<Timestamp>,
    pub late_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
