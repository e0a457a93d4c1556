//! Backup numbers over gRPC: into the pool, out of it, pinned, requalified; and how well they cover an account.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        error::{Error, Result},
        id::{AccountId, PhoneNumberId, WorkspaceId},
        phone_number::{PhoneNumber, Pool, PoolState},
        pool::{Area, AreaCoverage, LeftOut, Line},
    },
    flow::{Audited, Context, Journal, pool as flow},
    rpc::{read, show},
    store::{Scope, account},
};

/// Who asks, and what for.
pub struct Asked<'c> {
    /// What every change needs.
    pub ctx: &'c Context,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// What the audit keeps.
    pub audited: Audited,
}

/// Which of the two ways many numbers go.
#[derive(Clone, Copy)]
pub enum Way {
    /// Into the pool.
    In,
    /// Out of it.
    Out,
}

impl Asked<'_> {
    /// Moves numbers into the pool or out of it, all or none.
    pub async fn move_all(&self, ids: Vec<String>, way: Way) -> Result<Vec<pb::PhoneNumber>> {
        let ids = read::each("phone_number_ids", ids, |id| read::parse::<PhoneNumberId>("", &id))?;
        let mut journal = Journal::begin(self.ctx, self.workspace).await?;
        let numbers = match way {
            Way::In => flow::add(&mut journal, ids.clone()).await?,
            Way::Out => flow::remove(&mut journal, ids.clone()).await?,
        };
        for id in numbers.keys() {
            journal.audit(&Audited { request: serde_json::json!({}), ..self.audited.clone() }, id);
        }
        journal.commit().await?;
        Ok(ids.iter().filter_map(|id| numbers.get(id).cloned().map(Into::into)).collect())
    }

    /// Keeps a number for one agent.
    pub async fn pin(&self, request: pb::PinPhoneNumberRequest) -> Result<pb::PhoneNumber> {
        let pb::PinPhoneNumberRequest { phone_number_id, agent_id, etag } = request;
        let (id, agent) = (read::parse("phone_number_id", &phone_number_id)?, read::parse("agent_id", &agent_id)?);
        let mut journal = Journal::begin(self.ctx, self.workspace).await?;
        let number = flow::pin(&mut journal, id, &etag, agent).await?;
        self.done(journal, number).await
    }

    /// Keeps a number for nobody in particular.
    pub async fn unpin(&self, request: pb::UnpinPhoneNumberRequest) -> Result<pb::PhoneNumber> {
        let pb::UnpinPhoneNumberRequest { phone_number_id, etag } = request;
        let id = read::parse("phone_number_id", &phone_number_id)?;
        let mut journal = Journal::begin(self.ctx, self.workspace).await?;
        let number = flow::unpin(&mut journal, id, &etag).await?;
        self.done(journal, number).await
    }

    /// Puts a quarantined number back among the free ones.
    pub async fn requalify(&self, request: pb::RequalifyPhoneNumberRequest) -> Result<pb::PhoneNumber> {
        let pb::RequalifyPhoneNumberRequest { phone_number_id, etag } = request;
        let id = read::parse("phone_number_id", &phone_number_id)?;
        let mut journal = Journal::begin(self.ctx, self.workspace).await?;
        let number = flow::requalify(&mut journal, id, &etag).await?;
        self.done(journal, number).await
    }

    async fn done(&self, mut journal: Journal<'_>, number: PhoneNumber) -> Result<pb::PhoneNumber> {
        journal.audit(&self.audited, &number.id);
        journal.commit().await?;
        Ok(number.into())
    }
}

/// How well an account is covered; the primary one when none is named.
pub async fn coverage(ctx: &Context, workspace: WorkspaceId, account_id: &str) -> Result<pb::GetPoolCoverageResponse> {
    let named: Option<AccountId> = read::parse_or_none("account_id", account_id)?;
    let scope = Scope::new(ctx.store.read(), workspace);
    let account = match named {
        Some(id) => account::by_id(&scope, id).await?,
        None => account::primary(&scope).await?,
    };
    let account = account.ok_or_else(|| Error::not_found("account"))?.id;
    let flow::Covered { lines, backups, best } = flow::coverage(&scope, account).await?;
    let areas = backups.iter().flat_map(|backup| {
        let shown = |(area, counts): (&Area, &AreaCoverage)| area_coverage(backup.account_id, area, *counts);
        backup.coverage.areas.iter().map(shown)
    });
    Ok(pb::GetPoolCoverageResponse {
        covered: best.is_full(),
        account_id: account.to_string(),
        lines: count(lines),
        areas: areas.collect(),
        backups: backups.iter().map(backup_coverage).collect(),
        left_out: best.left_out.into_iter().map(uncovered_line).collect(),
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn backup_coverage(backup: &flow::Backup) -> pb::BackupCoverage {
    pb::BackupCoverage {
        account_id: backup.account_id.to_string(),
        usable: backup.usable,
        free: count(backup.coverage.free),
        left_out: count(backup.coverage.left_out.len()),
    }
}

fn area_coverage(account: AccountId, area: &Area, counts: AreaCoverage) -> pb::AreaCoverage {
    let AreaCoverage { lines, free, free_sms, free_mms, free_pinned, reduced, left_out } = counts;
    pb::AreaCoverage {
        account_id: account.to_string(),
        country_code: area.to_string(),
        lines: count(lines),
        free: count(free),
        free_sms: count(free_sms),
        free_mms: count(free_mms),
        free_pinned: count(free_pinned),
        reduced: count(reduced),
        left_out: count(left_out),
    }
}

fn uncovered_line((line, why): (Line, LeftOut)) -> pb::UncoveredLine {
    pb::UncoveredLine {
        country_code: line.area().to_string(),
        assignment: Some(line.assignment.into()),
        display_name: line.display_name,
        phone_number_id: line.phone_number_id.to_string(),
        reason: why.to_string(),
    }
}

impl From<Pool> for pb::Pool {
    fn from(Pool { state, reason, reserved_by, pinned_agent_id }: Pool) -> Self {
        Self {
            state: shown_pool_state(state).into(),
            reason,
            reserved_by: show::id_or_empty(reserved_by),
            pinned_agent_id: show::id_or_empty(pinned_agent_id),
        }
    }
}

/// Reads the pool state a list is narrowed to.
pub fn pool_state(number: i32) -> Result<Option<PoolState>> {
    Ok(match read::member::<pb::PoolState>("pool_state", number)? {
        pb::PoolState::Unspecified => None,
        pb::PoolState::Free => Some(PoolState::Free),
        pb::PoolState::Reserved => Some(PoolState::Reserved),
        pb::PoolState::InUse => Some(PoolState::InUse),
        pb::PoolState::Quarantined => Some(PoolState::Quarantined),
    })
}

fn shown_pool_state(state: PoolState) -> pb::PoolState {
    match state {
        PoolState::Free => pb::PoolState::Free,
        PoolState::Reserved => pb::PoolState::Reserved,
        PoolState::InUse => pb::PoolState::InUse,
        PoolState::Quarantined => pb::PoolState::Quarantined,
    }
}
