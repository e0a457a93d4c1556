//! The `monitor_policy` table: what each workspace wants watched.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{country::Country, email::EmailAddress, id::WorkspaceId, time::Timestamp},
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "monitor_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    pub cadence_seconds: i64,
    #[sea_orm(column_type = "Text")]
    pub balance_floor_currency: String,
    pub balance_floor_micros: i64,
    pub approval_window_seconds: i64,
    #[sea_orm(column_type = "Text")]
    pub on_expiry: String,
    pub automatic: bool,
    pub second_approver: bool,
    pub repair_drift: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub recipients: Json<Vec<EmailAddress>>,
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_countries: Json<Vec<Country>>,
    #[sea_orm(column_type = "JsonBinary")]
    pub blocked_countries: Json<Vec<Country>>,
    pub probes_kept_seconds: i64,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
