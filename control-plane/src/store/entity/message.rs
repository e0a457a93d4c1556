//! The `message` table: SMS, MMS and WhatsApp.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{AccountId, MessageId, PhoneNumberId, WorkspaceId},
        message::Media,
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub workspace_id: WorkspaceId,
    pub account_id: AccountId,
    pub phone_number_id: Option<PhoneNumberId>,
    #[sea_orm(column_type = "Text")]
    pub message_sid: String,
    #[sea_orm(column_type = "Text")]
    pub direction: String,
    #[sea_orm(column_type = "Text")]
    pub from_number: String,
    #[sea_orm(column_type = "Text")]
    pub to_number: String,
    #[sea_orm(column_type = "Text")]
    pub body: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub media: Json<Vec<Media>>,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub error_code: i64,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    #[sea_orm(column_type = "Text", nullable)]
    pub reply: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
