//! The counts of the set-up checklist: one statement each, so that 25,000 accounts cost what two do.

use chrono::Duration;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};
use std::collections::HashSet;
use uuid::Uuid;

use super::{
    Scope, agent as agents,
    effect::State as EffectState,
    entity::{account, agent, data_key, effect, monitor, phone_number, secret},
    failed, monitor_policy,
    page::{self, Ask},
};
use crate::domain::{
    account::Status,
    agent::{AgentState, Endpoint},
    checklist::Seen,
    error::Result,
    phone_number::{PoolState, State, WebhooksState},
    time::Timestamp,
};

/// An effect or a lease that is late by more than this has nobody who takes care of it.
const PATIENCE: Duration = Duration::minutes(1);

/// What the store knows for the checklist; the rest of it is as `seen` has it.
pub async fn count<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    master_key_id: &str,
    (rotate_before, now): (Timestamp, Timestamp),
    seen: Seen,
) -> Result<Seen> {
    let seen = accounts(scope, rotate_before, seen).await?;
    let seen = numbers(scope, seen).await?;
    let seen = answering(scope, seen).await?;
    let seen = effects(scope, now, seen).await?;
    let seen = watching(scope, now, seen).await?;
    let behind = data_key::Entity::find()
        .filter(data_key::Column::WorkspaceId.eq(scope.workspace))
        .filter(data_key::Column::MasterKeyId.ne(master_key_id));
    Ok(Seen { master_key_behind: rows(scope, behind).await? > 0, ..seen })
}

async fn rows<C: ConnectionTrait, E>(scope: &Scope<'_, C>, select: Select<E>) -> Result<u64>
where
    E: EntityTrait,
    E::Model: Sync,
{
    select.count(scope.db).await.map_err(failed)
}

async fn accounts<C: ConnectionTrait>(scope: &Scope<'_, C>, rotate_before: Timestamp, seen: Seen) -> Result<Seen> {
    use account::Column;
    let all = || account::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let working = [Status::Active.as_str(), Status::VerifyOnly.as_str()];
    let bare = all().filter(Column::AuthTokenTime.is_null()).filter(Column::SecondaryAuthTokenTime.is_null());
    Ok(Seen {
        primary: super::account::primary(scope).await?.map(|account| account.status),
        accounts: rows(scope, all()).await?,
        accounts_not_active: rows(scope, all().filter(Column::Status.is_not_in(working))).await?,
        accounts_unverifiable: rows(scope, bare).await?,
        accounts_rotation_due: rows(scope, all().filter(Column::AuthTokenTime.lt(rotate_before))).await?,
        ..seen
    })
}

async fn numbers<C: ConnectionTrait>(scope: &Scope<'_, C>, seen: Seen) -> Result<Seen> {
    use phone_number::Column;
    let all = || phone_number::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let standing = |state: WebhooksState| all().filter(Column::WebhooksState.eq(state.as_str()));
    // A backup number waits without anybody who answers it, and is configured when it is needed.
    let waits = [PoolState::Free, PoolState::Reserved, PoolState::Quarantined].map(PoolState::as_str);
    let in_service = || Condition::any().add(Column::PoolState.is_null()).add(Column::PoolState.is_not_in(waits));
    let ours = Condition::all().add(in_service()).add(Column::State.eq(State::Active.as_str()));
    let unassigned = all().filter(Column::AgentId.is_null()).filter(Column::RoutePlanId.is_null()).filter(in_service());
    Ok(Seen {
        numbers: rows(scope, all()).await?,
        numbers_refused: rows(scope, all().filter(Column::State.eq(State::Refused.as_str()))).await?,
        numbers_unassigned: rows(scope, unassigned).await?,
        webhooks_unmanaged: rows(scope, standing(WebhooksState::Unmanaged).filter(ours)).await?,
        webhooks_pending: rows(scope, standing(WebhooksState::Pending)).await?,
        webhooks_drifted: rows(scope, standing(WebhooksState::Drifted)).await?,
        webhooks_failed: rows(scope, standing(WebhooksState::Failed)).await?,
        ..seen
    })
}

async fn answering<C: ConnectionTrait>(scope: &Scope<'_, C>, seen: Seen) -> Result<Seen> {
    use agent::Column;
    let all = || agent::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let active = all().filter(Column::State.eq(AgentState::Active.as_str()));
    let with_key = agents_with_a_key(scope).await?;
    let mut next = Seen { agents: rows(scope, all()).await?, agents_active: rows(scope, active).await?, ..seen };
    let mut ask = Ask { size: page::MAX, after: None };
    loop {
        let page = agents::list(scope, &agents::Filter::default(), &ask).await?;
        for agent in page.rows.iter().filter(|agent| matches!(agent.endpoint, Endpoint::ElevenLabs(_))) {
            next.eleven_labs += 1;
            next.eleven_labs_without_key += u64::from(!with_key.contains(&agent.id.uuid()));
        }
        match page.next {
            Some(after) => ask.after = Some(after),
            None => return Ok(next),
        }
    }
}

async fn agents_with_a_key<C: ConnectionTrait>(scope: &Scope<'_, C>) -> Result<HashSet<Uuid>> {
    let owners = secret::Entity::find()
        .select_only()
        .column(secret::Column::OwnerId)
        .filter(secret::Column::WorkspaceId.eq(scope.workspace))
        .filter(secret::Column::OwnerTable.eq("agent"));
    let owners: Vec<Uuid> = owners.into_tuple().all(scope.db).await.map_err(failed)?;
    Ok(owners.into_iter().collect())
}

/// Three times the cadence is late: a look may wait for its turn, and for a vendor that says nothing.
async fn watching<C: ConnectionTrait>(scope: &Scope<'_, C>, now: Timestamp, seen: Seen) -> Result<Seen> {
    use monitor::Column;
    let policy = monitor_policy::of(scope).await?;
    let late = now - Duration::seconds(3 * i64::from(policy.cadence.0));
    let all = || monitor::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let never = Condition::all().add(Column::RunTime.is_null()).add(Column::CreateTime.lt(late));
    let long_ago = Condition::any().add(Column::RunTime.lt(late)).add(never);
    Ok(Seen {
        monitored: rows(scope, all()).await?,
        monitors_late: rows(scope, all().filter(long_ago)).await?,
        recipients: u64::try_from(policy.recipients.len()).unwrap_or(u64::MAX),
        ..seen
    })
}

async fn effects<C: ConnectionTrait>(scope: &Scope<'_, C>, now: Timestamp, seen: Seen) -> Result<Seen> {
    use effect::Column;
    let all = || effect::Entity::find().filter(Column::WorkspaceId.eq(scope.workspace));
    let late = now - PATIENCE;
    let ready = Condition::all().add(Column::State.eq(EffectState::Ready.as_str())).add(Column::RunTime.lt(late));
    let leased = Condition::all().add(Column::State.eq(EffectState::Leased.as_str())).add(Column::LeaseUntil.lt(late));
    Ok(Seen {
        effects_dead: rows(scope, all().filter(Column::State.eq(EffectState::Dead.as_str()))).await?,
        effects_overdue: rows(scope, all().filter(Condition::any().add(ready).add(leased))).await?,
        ..seen
    })
}
