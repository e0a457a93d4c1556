//! `WatchHealth`: each change of a verdict shows the account as it does now.

use std::collections::BTreeMap;

use callplane_proto::v1 as pb;
use tonic::async_trait;

use super::shape::health;
use crate::{
    domain::{
        error::Result,
        id::{AccountId, WorkspaceId},
    },
    flow::Context,
    rpc::watch::Shows,
    store::{Scope, entity::event::Model as Event, monitor as store},
};

/// Every event of a monitor is one of these.
pub const KINDS: &str = "monitor.*";

/// The accounts that somebody wants to see.
pub struct Wanted {
    /// Only this one.
    pub account_id: Option<AccountId>,
}

#[async_trait]
impl Shows for Wanted {
    type Thing = pb::AccountHealth;
    type Reply = pb::WatchHealthResponse;

    async fn things(
        &self,
        ctx: &Context,
        workspace: WorkspaceId,
        events: Vec<Event>,
    ) -> Result<Vec<(i64, pb::AccountHealth)>> {
        let last: BTreeMap<AccountId, i64> =
            events.iter().filter_map(|event| Some((event.resource_id.parse().ok()?, event.sequence))).collect();
        let wanted = last.keys().copied().filter(|id| self.account_id.is_none_or(|wanted| wanted == *id));
        let scope = Scope::new(ctx.store.read(), workspace);
        let monitors = store::by_accounts(&scope, wanted.collect()).await?;
        let mut shown: Vec<_> =
            monitors.into_iter().map(|monitor| (last[&monitor.account_id], health(monitor))).collect();
        shown.sort_unstable_by_key(|(sequence, _)| *sequence);
        Ok(shown)
    }

    fn reply(health: Option<pb::AccountHealth>, resume_token: String) -> pb::WatchHealthResponse {
        pb::WatchHealthResponse { health, resume_token }
    }
}
