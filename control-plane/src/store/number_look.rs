//! When all numbers of an account were last looked at: one row an account, so that a look which finds nothing new writes no
//! number.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use super::{
    Scope,
    entity::number_look::{ActiveModel, Column, Entity},
    failed,
};
use crate::domain::{error::Result, id::AccountId, time::Timestamp};

/// A look at all numbers of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The account.
    pub account_id: AccountId,
    /// When.
    pub look_time: Timestamp,
    /// How many numbers it showed.
    pub numbers: i64,
}

/// Keeps the last look.
pub async fn put<C: ConnectionTrait>(scope: &Scope<'_, C>, look: Looked) -> Result<()> {
    let row = ActiveModel {
        account_id: Set(look.account_id),
        workspace_id: Set(scope.workspace),
        look_time: Set(look.look_time),
        numbers: Set(look.numbers),
    };
    let newer = OnConflict::column(Column::AccountId)
        .update_columns([Column::WorkspaceId, Column::LookTime, Column::Numbers])
        .to_owned();
    Entity::insert(row).on_conflict(newer).exec_without_returning(scope.db).await.map_err(failed)?;
    Ok(())
}

/// The last look of each account, or of one.
pub async fn list<C: ConnectionTrait>(scope: &Scope<'_, C>, account: Option<AccountId>) -> Result<Vec<Looked>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    if let Some(account) = account {
        select = select.filter(Column::AccountId.eq(account));
    }
    let rows = select.all(scope.db).await.map_err(failed)?;
    let looked = |row: super::entity::number_look::Model| Looked {
        account_id: row.account_id,
        look_time: row.look_time,
        numbers: row.numbers,
    };
    Ok(rows.into_iter().map(looked).collect())
}
