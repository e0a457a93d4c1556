//! The `token` table: records of tokens; the tokens themselves are kept nowhere.

use sea_orm::entity::prelude::*;

use crate::{
    domain::{
        id::{TokenId, WorkspaceId},
        time::Timestamp,
    },
    store::value::Json,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenId,
    pub workspace_id: Option<WorkspaceId>,
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub audience: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json<Vec<String>>,
    pub expire_time: Timestamp,
    pub revoke_time: Option<Timestamp>,
    pub create_time: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
