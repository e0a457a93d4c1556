//! Backup numbers and whom they are for: who answers in an account, which numbers are free, and how well each account was
//! covered when that was last looked at.

use std::collections::HashSet;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
    sea_query::{OnConflict, SelectStatement},
};

use super::{
    Scope,
    entity::{agent, phone_number, pool_coverage, route_plan, route_plan_agent},
    failed,
    phone_number::assignment,
};
use crate::domain::{
    agent::AgentState,
    error::Result,
    id::{AccountId, AgentId, PhoneNumberId, RoutePlanId},
    phone_number::{Assignment, PhoneNumber, PoolState},
    pool::Answerer,
    time::Timestamp,
};

/// The numbers of an account that somebody answers.
pub async fn answered<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<PhoneNumber>> {
    let found = of_account(scope, account).filter(is_assigned()).order_by_asc(phone_number::Column::Id);
    read(found.all(scope.db).await.map_err(failed)?)
}

/// The free backup numbers of an account.
pub async fn free<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<PhoneNumber>> {
    read(free_of(scope, account).all(scope.db).await.map_err(failed)?)
}

/// The same for change, in one order for everybody: who comes second waits, and then sees only what is still free.
pub async fn free_for_change(scope: &Scope<'_, DatabaseTransaction>, account: AccountId) -> Result<Vec<PhoneNumber>> {
    read(free_of(scope, account).lock_exclusive().all(scope.db).await.map_err(failed)?)
}

/// Who may answer in an account: the agents and plans its numbers lead to.
pub async fn answerers<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<Answerer>> {
    let mut found = agents(scope, account).await?;
    found.extend(plans(scope, account).await?);
    Ok(found)
}

/// Who answers at backup numbers in use of other accounts.
pub async fn moved_elsewhere<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
) -> Result<HashSet<Assignment>> {
    use phone_number::Column;
    let found = phone_number::Entity::find()
        .select_only()
        .column(Column::AgentId)
        .column(Column::RoutePlanId)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::PoolState.eq(PoolState::InUse.as_str()))
        .filter(Column::AccountId.ne(account));
    let found: Vec<(Option<AgentId>, Option<RoutePlanId>)> = found.into_tuple().all(scope.db).await.map_err(failed)?;
    Ok(found.into_iter().filter_map(|(agent, plan)| assignment(agent, plan)).collect())
}

/// The number pinned to an agent in an account.
pub async fn pinned_to<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    agent: AgentId,
) -> Result<Option<PhoneNumberId>> {
    let pinned = of_account(scope, account).filter(phone_number::Column::PinnedAgentId.eq(agent));
    Ok(pinned.one(scope.db).await.map_err(failed)?.map(|number| number.id))
}

/// How many lines an account had when that last changed, and how many of them would have been left out.
pub async fn left_out_before<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
) -> Result<Option<(usize, usize)>> {
    let found =
        pool_coverage::Entity::find_by_id(account).filter(pool_coverage::Column::WorkspaceId.eq(scope.workspace));
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    Ok(found.one(scope.db).await.map_err(failed)?.map(|row| (count(row.lines), count(row.left_out))))
}

/// Keeps how many lines an account has and how many of them would be left out.
pub async fn keep_left_out(
    scope: &Scope<'_, DatabaseTransaction>,
    account: AccountId,
    (lines, left_out): (usize, usize),
    now: Timestamp,
) -> Result<()> {
    use pool_coverage::Column;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let row = pool_coverage::ActiveModel {
        account_id: Set(account),
        workspace_id: Set(scope.workspace),
        lines: Set(count(lines)),
        left_out: Set(count(left_out)),
        change_time: Set(now),
    };
    let over = OnConflict::column(Column::AccountId)
        .update_columns([Column::Lines, Column::LeftOut, Column::ChangeTime])
        .to_owned();
    pool_coverage::Entity::insert(row).on_conflict(over).exec_without_returning(scope.db).await.map_err(failed)?;
    Ok(())
}

/// Forgets what was known of an account.
pub async fn forget_coverage(txn: &DatabaseTransaction, account: AccountId) -> Result<()> {
    pool_coverage::Entity::delete_by_id(account).exec(txn).await.map_err(failed)?;
    Ok(())
}

/// How many accounts of all workspaces are not covered, and how many lines would be left out in all.
pub async fn uncovered<C: ConnectionTrait>(db: &C) -> Result<(i64, i64)> {
    use pool_coverage::Column;
    let short = pool_coverage::Entity::find().select_only().column(Column::LeftOut).filter(Column::LeftOut.gt(0));
    let short: Vec<i64> = short.into_tuple().all(db).await.map_err(failed)?;
    Ok((i64::try_from(short.len()).unwrap_or(i64::MAX), short.into_iter().sum()))
}

fn of_account<C>(scope: &Scope<'_, C>, account: AccountId) -> Select<phone_number::Entity> {
    use phone_number::Column;
    phone_number::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::AccountId.eq(account))
}

fn free_of<C>(scope: &Scope<'_, C>, account: AccountId) -> Select<phone_number::Entity> {
    use phone_number::Column;
    of_account(scope, account).filter(Column::PoolState.eq(PoolState::Free.as_str())).order_by_asc(Column::Id)
}

fn is_assigned() -> Condition {
    use phone_number::Column;
    Condition::any().add(Column::AgentId.is_not_null()).add(Column::RoutePlanId.is_not_null())
}

fn read(rows: Vec<phone_number::Model>) -> Result<Vec<PhoneNumber>> {
    rows.into_iter().map(PhoneNumber::try_from).collect()
}

/// Whom the numbers of an account lead to, by one of the two columns; no empty value, which would make `NOT IN` say nothing.
fn led_to<C>(scope: &Scope<'_, C>, account: AccountId, column: phone_number::Column) -> SelectStatement {
    of_account(scope, account).select_only().column(column).filter(column.is_not_null()).into_query()
}

async fn agents<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<Answerer>> {
    use agent::Column;
    let found = agent::Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::DisplayName)
        .column(Column::State)
        .column(Column::PhoneNumberId)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Id.in_subquery(led_to(scope, account, phone_number::Column::AgentId)));
    let found: Vec<(AgentId, String, String, Option<PhoneNumberId>)> =
        found.into_tuple().all(scope.db).await.map_err(failed)?;
    let answerer = |(id, display_name, state, own_number): (AgentId, String, String, Option<PhoneNumberId>)| Answerer {
        assignment: Assignment::Agent(id),
        display_name,
        takes_calls: state == AgentState::Active.as_str(),
        own_number,
    };
    Ok(found.into_iter().map(answerer).collect())
}

/// A plan takes calls while one of its agents does.
async fn plans<C: ConnectionTrait>(scope: &Scope<'_, C>, account: AccountId) -> Result<Vec<Answerer>> {
    use route_plan::Column;
    let here = led_to(scope, account, phone_number::Column::RoutePlanId);
    let found = route_plan::Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::DisplayName)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::Id.in_subquery(here.clone()));
    let found: Vec<(RoutePlanId, String)> = found.into_tuple().all(scope.db).await.map_err(failed)?;
    let active = agent::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .filter(agent::Column::WorkspaceId.eq(scope.workspace))
        .filter(agent::Column::State.eq(AgentState::Active.as_str()))
        .into_query();
    let staffed = route_plan_agent::Entity::find()
        .select_only()
        .column(route_plan_agent::Column::RoutePlanId)
        .filter(route_plan_agent::Column::RoutePlanId.in_subquery(here))
        .filter(route_plan_agent::Column::AgentId.in_subquery(active))
        .distinct();
    let staffed: Vec<RoutePlanId> = staffed.into_tuple().all(scope.db).await.map_err(failed)?;
    let staffed: HashSet<RoutePlanId> = staffed.into_iter().collect();
    let answerer = |(id, display_name)| Answerer {
        assignment: Assignment::RoutePlan(id),
        display_name,
        takes_calls: staffed.contains(&id),
        own_number: None,
    };
    Ok(found.into_iter().map(answerer).collect())
}
