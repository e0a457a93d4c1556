//! The `failover` table: failovers, rollbacks and rehearsals. It holds no list of moves, however many there are.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        failover::{Decision, Milestones, PassedOver, Phase, Rules, Tally},
        id::{AccountId, AgentId, FailoverId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "failover")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FailoverId,
    pub workspace_id: WorkspaceId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub trigger: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub account_id: AccountId,
    pub target_id: Option<AccountId>,
    pub target_is_fixed: bool,
    pub original_id: Option<FailoverId>,
    pub agent_id: Option<AgentId>,
    pub include_edited: bool,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "Text")]
    pub actor: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub rules: Json<Rules>,
    pub good: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub phase: Json<Phase>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub decision: Option<Json<Decision>>,
    #[sea_orm(column_type = "JsonBinary")]
    pub passed_over: Json<Vec<PassedOver>>,
    #[sea_orm(column_type = "JsonBinary")]
    pub tally: Json<Tally>,
    #[sea_orm(column_type = "JsonBinary")]
    pub milestones: Json<Milestones>,
    pub rollback_id: Option<FailoverId>,
    pub wake_time: Option<Timestamp>,
    pub version: i64,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
