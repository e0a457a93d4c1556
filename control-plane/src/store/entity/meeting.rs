//! The `meeting` table: events that people are to come to. Who is reached about one is in `incident`.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{CalendarFeedId, MeetingId, WorkspaceId},
        meeting::Meeting,
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub start_time: Timestamp,
    #[sea_orm(column_type = "Text")]
    pub external_id: String,
    pub calendar_feed_id: Option<CalendarFeedId>,
    #[sea_orm(column_type = "Text")]
    pub calendar_key: String,
    pub cancel_time: Option<Timestamp>,
    #[sea_orm(column_type = "JsonBinary")]
    pub facts: Json<Meeting>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
