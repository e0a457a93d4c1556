//! The `call_event` table: what we were told about a call, as it came.

use sea_orm::entity::prelude::*;

use std::collections::BTreeMap;

use crate::{
    domain::{
        id::{CallEventId, CallId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallEventId,
    pub call_id: CallId,
    #[sea_orm(column_type = "Text")]
    pub delivery_key: String,
    #[sea_orm(column_name = "type", column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub sequence_number: Option<i64>,
    pub event_time: Option<Timestamp>,
    pub receive_time: Timestamp,
    pub changed: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json<BTreeMap<String, String>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
