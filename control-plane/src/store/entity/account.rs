//! The `account` table: Twilio accounts.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        account::Proof,
        id::{AccountId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub account_sid: String,
    pub parent_id: Option<AccountId>,
    #[sea_orm(column_type = "Text")]
    pub role: String,
    pub backup_order: i64,
    #[sea_orm(column_type = "Text")]
    pub region: String,
    #[sea_orm(column_type = "Text")]
    pub edge_location: String,
    #[sea_orm(column_type = "Text")]
    pub api_base_url: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    #[sea_orm(column_type = "Text")]
    pub status_reason: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub api_key_sid: Option<String>,
    pub auth_token_time: Option<Timestamp>,
    pub secondary_auth_token_time: Option<Timestamp>,
    pub verify_time: Option<Timestamp>,
    #[sea_orm(column_type = "JsonBinary")]
    pub proof: Json<Proof>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
