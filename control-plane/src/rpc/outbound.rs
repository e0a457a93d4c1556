//! `OutboundService`: the emergency stop, and what limits whatever goes out.

use std::{collections::BTreeMap, sync::Arc};

use callplane_proto::v1::{self as pb, outbound_service_server::OutboundService};
use chrono::Datelike;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    read::{Reply, audited, each, money, no_such_path, paths, required},
    show,
};
use crate::{
    domain::{
        error::{Error, Result},
        id::WorkspaceId,
        money::{Currency, Money},
        outbound::{Limits, Policy},
    },
    flow::{Audited, Context, Journal, outbound as flow},
    store::{self, Scope},
};

/// The limits over gRPC.
pub struct Outbound {
    ctx: Arc<Context>,
}

impl Outbound {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn shown(&self, workspace: WorkspaceId) -> Result<pb::OutboundPolicy> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let policy = store::outbound::policy(&scope).await?;
        let today = self.ctx.clock.now().date_naive();
        let midnight = |day: chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
        let spent = async |since| -> Result<Money> {
            Ok(Money { currency: Currency::USD, micros: store::attempt::spent(&scope, since).await? })
        };
        let day = spent(midnight(today)).await?;
        let month = spent(midnight(today.with_day(1).unwrap_or(today))).await?;
        Ok(shown(policy, day, month))
    }

    async fn update(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::UpdateOutboundPolicyRequest,
    ) -> Result<()> {
        let pb::UpdateOutboundPolicyRequest { outbound_policy, update_mask, etag } = request;
        let (new, paths) = (required("outbound_policy", outbound_policy)?, paths(update_mask)?);
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        flow::change(&mut journal, &etag, |limits| patched(limits, &new, &paths)).await?;
        journal.audit(audited, &workspace);
        journal.commit().await
    }
}

fn patched(limits: Limits, new: &pb::OutboundPolicy, paths: &[String]) -> Result<Limits> {
    let mut next = limits;
    for path in paths {
        match path.as_str() {
            "daily_budget" => next.daily = budget("daily_budget", new.daily_budget.clone())?,
            "monthly_budget" => next.monthly = budget("monthly_budget", new.monthly_budget.clone())?,
            "calls_per_second" => next.calls_per_second = count(new.calls_per_second).max(1),
            "attempts_per_minute" => next.attempts_per_minute = count(new.attempts_per_minute),
            "daily_attempts_per_number" => next.daily_attempts_per_number = count(new.daily_attempts_per_number),
            "allowed_prefixes" => next.allowed_prefixes = new.allowed_prefixes.iter().cloned().collect(),
            "blocked_prefixes" => next.blocked_prefixes = new.blocked_prefixes.iter().cloned().collect(),
            "voice_prices" => next.voice_prices = prices("voice_prices", &new.voice_prices)?,
            "message_prices" => next.message_prices = prices("message_prices", &new.message_prices)?,
            other => return Err(no_such_path(other)),
        }
    }
    Ok(next)
}

fn count(given: i32) -> u32 {
    u32::try_from(given).unwrap_or_default()
}

fn shown_count(held: u32) -> i32 {
    i32::try_from(held).unwrap_or(i32::MAX)
}

fn budget(field: &str, given: Option<pb::Money>) -> Result<Option<Money>> {
    let Some(given) = given else { return Ok(None) };
    let given = money(field, given)?;
    if given.currency != Currency::USD || given.micros < 0 {
        return Err(Error::invalid(field, "expected an amount in USD, 0 or more: what prices are counted in"));
    }
    Ok(Some(given))
}

fn prices(field: &str, given: &[pb::PrefixPrice]) -> Result<BTreeMap<String, Money>> {
    let price = |price: pb::PrefixPrice| {
        let pb::PrefixPrice { prefix, price } = price;
        Ok((prefix, required("price", budget("price", price)?)?))
    };
    Ok(each(field, given.to_vec(), price)?.into_iter().collect())
}

fn shown(policy: Policy, day: Money, month: Money) -> pb::OutboundPolicy {
    let Policy { workspace_id: _, stopped, stop_reason, stop_time, limits, version, create_time: _, update_time } =
        policy;
    let Limits { daily, monthly, voice_prices, message_prices, .. } = limits;
    let price = |(prefix, price)| pb::PrefixPrice { prefix, price: Some(show::money(price)) };
    let prices = |prices: BTreeMap<String, Money>| prices.into_iter().map(price).collect();
    pb::OutboundPolicy {
        stopped,
        stop_reason,
        stop_time: stop_time.map(show::moment),
        daily_budget: daily.map(show::money),
        monthly_budget: monthly.map(show::money),
        calls_per_second: shown_count(limits.calls_per_second),
        attempts_per_minute: shown_count(limits.attempts_per_minute),
        daily_attempts_per_number: shown_count(limits.daily_attempts_per_number),
        allowed_prefixes: limits.allowed_prefixes.into_iter().collect(),
        blocked_prefixes: limits.blocked_prefixes.into_iter().collect(),
        voice_prices: prices(voice_prices),
        message_prices: prices(message_prices),
        spent_today: Some(show::money(day)),
        spent_this_month: Some(show::money(month)),
        etag: show::etag(version),
        update_time: (version > 0).then(|| show::moment(update_time)),
    }
}

#[tonic::async_trait]
impl OutboundService for Outbound {
    async fn get_outbound_policy(
        &self,
        request: Request<pb::GetOutboundPolicyRequest>,
    ) -> Reply<pb::GetOutboundPolicyResponse> {
        let caller = Caller::of(&request)?;
        let outbound_policy = Some(self.shown(caller.workspace()?).await?);
        Ok(Response::new(pb::GetOutboundPolicyResponse { outbound_policy }))
    }

    async fn update_outbound_policy(
        &self,
        request: Request<pb::UpdateOutboundPolicyRequest>,
    ) -> Reply<pb::UpdateOutboundPolicyResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let workspace = caller.workspace()?;
        self.update(workspace, &audited, request.into_inner()).await?;
        let outbound_policy = Some(self.shown(workspace).await?);
        Ok(Response::new(pb::UpdateOutboundPolicyResponse { outbound_policy }))
    }

    async fn stop_outbound(&self, request: Request<pb::StopOutboundRequest>) -> Reply<pb::StopOutboundResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let workspace = caller.workspace()?;
        let pb::StopOutboundRequest { reason } = request.into_inner();
        let withdrawn = flow::stop(&self.ctx, workspace, &reason, &audited).await?;
        let outbound_policy = Some(self.shown(workspace).await?);
        let withdrawn_count = i32::try_from(withdrawn).unwrap_or(i32::MAX);
        Ok(Response::new(pb::StopOutboundResponse { outbound_policy, withdrawn_count }))
    }

    async fn resume_outbound(&self, request: Request<pb::ResumeOutboundRequest>) -> Reply<pb::ResumeOutboundResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let workspace = caller.workspace()?;
        flow::resume(&self.ctx, workspace, &audited).await?;
        let outbound_policy = Some(self.shown(workspace).await?);
        Ok(Response::new(pb::ResumeOutboundResponse { outbound_policy }))
    }
}
