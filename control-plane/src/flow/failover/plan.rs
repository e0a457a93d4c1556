//! What a failover would do, without doing any of it: who would take over, who would get which number, who would get none.
//! Nothing is written and nobody outside is asked.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::{super::pool, target::candidate};
use crate::{
    domain::{
        account::Account,
        agent::Agent,
        error::Result,
        failover::{Kind, PassedOver, Passing},
        id::{AccountId, PhoneNumberId},
        phone_number::{Assignment, IntegrationMode},
        pool::{self as words, Allocation, Candidate, Line},
        telephony::Capabilities,
    },
    store::{self, Scope, failover::claim},
};

/// What a failover would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The account that would take over, if its probe is good; none when there is none.
    pub target_id: Option<AccountId>,
    /// Accounts that come before it and cannot, and why.
    pub passed_over: Vec<PassedOver>,
    /// Who would get which number.
    pub pairs: Vec<(Line, PhoneNumberId)>,
    /// Who would get none, and why.
    pub left_out: Vec<(Line, &'static str)>,
}

/// What a failover of an account would do now.
pub async fn plan<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    account: AccountId,
    target: Option<AccountId>,
) -> Result<Plan> {
    let lines = pool::lines(scope, account).await?;
    let accounts = match target {
        Some(target) => store::account::by_ids(scope, vec![target]).await?,
        None => store::account::backups(scope).await?,
    };
    let ids = accounts.iter().map(|account| account.id).collect();
    let busy: HashMap<_, _> = claim::holders(scope.db, ids).await?.into_iter().collect();
    let mut plan = Plan::default();
    for other in accounts.into_iter().filter(|other| other.id != account) {
        let refusal = candidate(&other, Kind::Failover, busy.get(&other.id).copied()).refusal;
        let allocation = match refusal {
            None => allocated(scope, &other, &lines).await?,
            Some(refusal) => Err(refusal),
        };
        match allocation {
            Ok(Allocation { pairs, left_out }) => {
                let left_out = left_out.into_iter().map(|(line, why)| (line, super::moves::said(why))).collect();
                return Ok(Plan { target_id: Some(other.id), pairs, left_out, ..plan });
            }
            Err(Passing { why, passes }) => plan.passed_over.push(PassedOver { account_id: other.id, why, passes }),
        }
    }
    plan.left_out = lines.into_iter().map(|line| (line, "no backup account can take over")).collect();
    Ok(plan)
}

async fn allocated<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    target: &Account,
    lines: &[Line],
) -> Result<std::result::Result<Allocation, Passing>> {
    let allocation = words::allocate(lines, &pool::free(scope, target.id).await?);
    Ok(match allocation.pairs.is_empty() && !lines.is_empty() {
        true => Err(Passing { why: "it has no free backup number that fits".to_owned(), passes: false }),
        false => Ok(allocation),
    })
}

/// The line of a drill: the spare agent, as if it had the first free number that it may have.
pub(super) fn drill(agent: &Agent, assignment: Assignment, free: &[Candidate]) -> Option<Line> {
    let may_have = |candidate: &&Candidate| candidate.pinned_agent_id.is_none_or(|pinned| pinned == agent.id);
    let number = free.iter().find(may_have)?;
    Some(Line {
        assignment,
        display_name: agent.display_name.clone(),
        agent_id: Some(agent.id),
        phone_number_id: number.phone_number_id,
        e164: number.e164.clone(),
        capabilities: Capabilities { voice: true, ..Capabilities::default() },
        integration_mode: IntegrationMode::Edge,
    })
}
