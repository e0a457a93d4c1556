//! Reading calls: one, some, or a page of them.

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        call::{Call, Direction, Status},
        error::Result,
        id::{AccountId, AgentId, CallId, PhoneNumberId},
        sid::CallSid,
        time::Timestamp,
    },
    store::{
        Scope,
        entity::call::{Column, Entity},
        failed,
        page::{Ask, Page},
    },
};

/// What a list of calls is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only calls of this number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Only calls that this agent answers.
    pub agent_id: Option<AgentId>,
    /// Only calls on this account.
    pub account_id: Option<AccountId>,
    /// Only this direction.
    pub direction: Option<Direction>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only calls from or to this party.
    pub party: Option<String>,
    /// Only calls that began then or later.
    pub from_time: Option<Timestamp>,
    /// Only calls that began before.
    pub until_time: Option<Timestamp>,
}

/// Where a list of calls goes on: the newest come first, and of two that began together the one with the later id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When the call began.
    pub start_time: Timestamp,
    /// The call.
    pub id: CallId,
}

/// Reads one by its id.
pub async fn by_id<C: ConnectionTrait>(scope: &Scope<'_, C>, id: CallId) -> Result<Option<Call>> {
    let found = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(scope.workspace));
    Ok(found.one(scope.db).await.map_err(failed)?.map(Call::from))
}

/// Reads one by its SID.
pub async fn by_sid<C: ConnectionTrait>(scope: &Scope<'_, C>, sid: &CallSid) -> Result<Option<Call>> {
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::CallSid.eq(sid.as_str()));
    Ok(found.one(scope.db).await.map_err(failed)?.map(Call::from))
}

/// Reads those of `ids` that exist here.
pub async fn by_ids<C: ConnectionTrait>(scope: &Scope<'_, C>, ids: Vec<CallId>) -> Result<Vec<Call>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).filter(Column::Id.is_in(ids));
    Ok(found.all(scope.db).await.map_err(failed)?.into_iter().map(Call::from).collect())
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<Place>,
) -> Result<Page<Call, Place>> {
    let mut select = narrowed(Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)), filter);
    if let Some(Place { start_time, id }) = ask.after {
        let together = Condition::all().add(Column::StartTime.eq(start_time)).add(Column::Id.lt(id));
        select = select.filter(Condition::any().add(Column::StartTime.lt(start_time)).add(together));
    }
    let newest_first = select.order_by_desc(Column::StartTime).order_by_desc(Column::Id);
    let rows = newest_first.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    let calls = rows.into_iter().map(Call::from).collect();
    Ok(ask.cut(calls, |call: &Call| Place { start_time: call.start_time, id: call.id }))
}

fn narrowed(mut select: Select<Entity>, filter: &Filter) -> Select<Entity> {
    if let Some(number) = filter.phone_number_id {
        select = select.filter(Column::PhoneNumberId.eq(number));
    }
    if let Some(agent) = filter.agent_id {
        select = select.filter(Column::AgentId.eq(agent));
    }
    if let Some(account) = filter.account_id {
        select = select.filter(Column::AccountId.eq(account));
    }
    if let Some(direction) = filter.direction {
        select = select.filter(Column::Direction.eq(direction.as_str()));
    }
    if let Some(status) = filter.status {
        select = select.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(party) = &filter.party {
        let either = Condition::any().add(Column::FromNumber.eq(party)).add(Column::ToNumber.eq(party));
        select = select.filter(either);
    }
    if let Some(from) = filter.from_time {
        select = select.filter(Column::StartTime.gte(from));
    }
    if let Some(until) = filter.until_time {
        select = select.filter(Column::StartTime.lt(until));
    }
    select
}
