//! The `calendar_feed` table: calendars that meetings are read from. Their addresses are in `secret`.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        calendar_feed::CalendarFeed,
        id::{CalendarFeedId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar_feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CalendarFeedId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<CalendarFeed>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
