//! The `notification` table: what people are told by mail.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        email::EmailAddress,
        id::{NotificationId, WorkspaceId},
        notification::Work,
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NotificationId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub resource: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub recipients: Json<Vec<EmailAddress>>,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub work: Json<Work>,
    pub attempt: i64,
    #[sea_orm(column_type = "Text")]
    pub last_error: String,
    #[sea_orm(column_type = "Text")]
    pub vendor_message_id: String,
    pub simulated: bool,
    pub send_time: Option<Timestamp>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
