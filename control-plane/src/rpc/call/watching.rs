//! `WatchCalls`: each event of a call shows the call as it is now. A call that changed often meanwhile is shown once.

use std::collections::BTreeMap;

use callplane_proto::v1 as pb;
use tonic::async_trait;

use super::shape::shown;
use crate::{
    domain::{
        call::Call,
        error::Result,
        id::{AgentId, CallId, PhoneNumberId, WorkspaceId},
    },
    flow::Context,
    rpc::watch::Shows,
    store::{Scope, call as store, entity::event::Model as Event},
};

/// Every event of a call is one of these.
pub const KINDS: &str = "call.*";

/// The calls that somebody wants to see.
pub struct Wanted {
    /// Only calls of this number.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Only calls of this agent.
    pub agent_id: Option<AgentId>,
}

impl Wanted {
    fn includes(&self, call: &Call) -> bool {
        self.phone_number_id.is_none_or(|number| call.phone_number_id == Some(number))
            && self.agent_id.is_none_or(|agent| call.agent_id == Some(agent))
    }
}

#[async_trait]
impl Shows for Wanted {
    type Thing = pb::Call;
    type Reply = pb::WatchCallsResponse;

    async fn things(&self, ctx: &Context, workspace: WorkspaceId, events: Vec<Event>) -> Result<Vec<(i64, pb::Call)>> {
        let last = last_of_each(&events);
        let scope = Scope::new(ctx.store.read(), workspace);
        let calls = store::by_ids(&scope, last.keys().copied().collect()).await?;
        let wanted = calls.into_iter().filter(|call| self.includes(call));
        let mut shown: Vec<_> = wanted.map(|call| (last[&call.id], shown(call))).collect();
        shown.sort_unstable_by_key(|(sequence, _)| *sequence);
        Ok(shown)
    }

    fn reply(call: Option<pb::Call>, resume_token: String) -> pb::WatchCallsResponse {
        pb::WatchCallsResponse { call, resume_token }
    }
}

fn last_of_each(events: &[Event]) -> BTreeMap<CallId, i64> {
    events.iter().filter_map(|event| Some((event.resource_id.parse().ok()?, event.sequence))).collect()
}
