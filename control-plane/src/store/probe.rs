//! What probes found: rows, lists, and the pruning of what is old.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{
    Scope,
    entity::probe::{ActiveModel, Column, Entity, Model},
    failed, many,
    page::{Ask, Page},
};
use crate::domain::{
    error::Result,
    id::{AccountId, AgentId, ProbeId, WorkspaceId},
    monitor::{Kind, Outcome, Reading},
    time::{Ids, Timestamp},
};

/// Which look at which account the readings belong to.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The account.
    pub account_id: AccountId,
    /// The look.
    pub round: u32,
    /// A vendor's stand-in answered.
    pub simulated: bool,
    /// When it ended.
    pub time: Timestamp,
}

/// Rows of one statement; PostgreSQL takes arrays, SQLite has a limit on variables.
const TOGETHER: usize = 500;

/// Adds what a look found.
pub async fn add(txn: &DatabaseTransaction, look: &Look, readings: &[&Reading], ids: &dyn Ids) -> Result<()> {
    for chunk in readings.chunks(TOGETHER) {
        let rows = chunk.iter().map(|reading| ActiveModel {
            id: Set(ProbeId::fresh(ids)),
            workspace_id: Set(look.workspace_id),
            account_id: Set(look.account_id),
            round: Set(i64::from(look.round)),
            kind: Set(reading.kind.to_string()),
            agent_id: Set(reading.agent_id),
            phone_number_id: Set(reading.phone_number_id),
            outcome: Set(reading.outcome.to_string()),
            cause: Set(reading.cause.map(|cause| cause.to_string()).unwrap_or_default()),
            latency_ms: Set(i64::from(reading.latency_ms)),
            vendor_code: Set(i64::from(reading.vendor_code)),
            message: Set(reading.message.clone()),
            simulated: Set(look.simulated),
            create_time: Set(look.time),
        });
        many::insert(txn, rows.collect(), None).await?;
    }
    Ok(())
}

/// What a list of probes is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this account.
    pub account_id: Option<AccountId>,
    /// Only about this agent.
    pub agent_id: Option<AgentId>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only with this outcome.
    pub outcome: Option<Outcome>,
    /// Only of this look.
    pub round: Option<i64>,
    /// Only from then on.
    pub from_time: Option<Timestamp>,
    /// Only before.
    pub until_time: Option<Timestamp>,
}

/// A page, the newest first.
pub async fn list<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    filter: &Filter,
    ask: &Ask<ProbeId>,
) -> Result<Page<Model, ProbeId>> {
    let mut select = Entity::find().filter(Column::WorkspaceId.eq(scope.workspace)).order_by_desc(Column::Id);
    if let Some(after) = ask.after {
        select = select.filter(Column::Id.lt(after));
    }
    if let Some(account) = filter.account_id {
        select = select.filter(Column::AccountId.eq(account));
    }
    if let Some(agent) = filter.agent_id {
        select = select.filter(Column::AgentId.eq(agent));
    }
    if let Some(kind) = filter.kind {
        select = select.filter(Column::Kind.eq(kind.as_str()));
    }
    if let Some(outcome) = filter.outcome {
        select = select.filter(Column::Outcome.eq(outcome.as_str()));
    }
    if let Some(round) = filter.round {
        select = select.filter(Column::Round.eq(round));
    }
    if let Some(from) = filter.from_time {
        select = select.filter(Column::CreateTime.gte(from));
    }
    if let Some(until) = filter.until_time {
        select = select.filter(Column::CreateTime.lt(until));
    }
    let rows = select.limit(ask.limit()).all(scope.db).await.map_err(failed)?;
    Ok(ask.cut(rows, |probe| probe.id))
}

/// Forgets what a workspace does not want kept any longer; at most `limit` rows, so that nobody waits for long.
pub async fn prune<C: ConnectionTrait>(scope: &Scope<'_, C>, before: Timestamp, limit: u64) -> Result<u64> {
    let old = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(scope.workspace))
        .filter(Column::CreateTime.lt(before))
        .limit(limit);
    let old: Vec<ProbeId> = old.into_tuple().all(scope.db).await.map_err(failed)?;
    if old.is_empty() {
        return Ok(0);
    }
    Ok(Entity::delete_many().filter(Column::Id.is_in(old)).exec(scope.db).await.map_err(failed)?.rows_affected)
}
