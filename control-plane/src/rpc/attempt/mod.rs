//! `AttemptService`: calls, messages and mails that go out. Who asks for one is in `placing`.

pub mod placing;
pub mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, attempt_service_server::AttemptService};
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, parse_or_none},
};
use crate::{
    domain::{
        attempt::{Attempt, CANCELLED},
        error::{Error, Result},
        id::{AttemptId, WorkspaceId},
    },
    flow::{Context, Journal, attempt as flow},
    store::{Kept, Scope, attempt as store},
};
use shape::{read_channel, read_state, shown};

/// Attempts over gRPC.
pub struct Attempts {
    ctx: Arc<Context>,
}

impl Attempts {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListAttemptsRequest,
    ) -> Result<pb::ListAttemptsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListAttempts", page, &request);
        let pb::ListAttemptsRequest { page_size: _, page_token: _, channel, state, incident_id, contact_id } = request;
        let filter = store::Filter {
            channel: read_channel("channel", channel)?,
            state: read_state(state)?,
            incident_id: parse_or_none("incident_id", &incident_id)?,
            contact_id: parse_or_none("contact_id", &contact_id)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListAttemptsResponse { attempts: page.rows, next_page_token: paging.next(page.next)? })
    }
}

#[tonic::async_trait]
impl AttemptService for Attempts {
    async fn get_attempt(&self, request: Request<pb::GetAttemptRequest>) -> Reply<pb::GetAttemptResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetAttemptRequest { attempt_id } = request.into_inner();
        let id: AttemptId = parse("attempt_id", &attempt_id)?;
        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let found = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(Attempt::NOUN))?;
        Ok(Response::new(pb::GetAttemptResponse { attempt: Some(shown(found)) }))
    }

    async fn list_attempts(&self, request: Request<pb::ListAttemptsRequest>) -> Reply<pb::ListAttemptsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn cancel_attempt(&self, request: Request<pb::CancelAttemptRequest>) -> Reply<pb::CancelAttemptResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::CancelAttemptRequest { attempt_id } = request.into_inner();
        let id: AttemptId = parse("attempt_id", &attempt_id)?;
        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let held = flow::withdraw(&mut journal, id, CANCELLED, &audited.actor).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::CancelAttemptResponse { attempt: Some(shown(held)) }))
    }
}
