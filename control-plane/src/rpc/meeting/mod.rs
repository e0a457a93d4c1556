//! `MeetingService`: events that people are to come to.

mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, get_meeting_request::Key, meeting_service_server::MeetingService};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    incident::{said_by, shape::read_check_in},
    paging::Paging,
    read::{Reply, audited, moment, parse, parse_or_none, paths, required},
};
use crate::{
    domain::{
        error::{Error, Result},
        id::{ContactId, MeetingId, WorkspaceId},
        incident::CheckIn,
        meeting::{Meeting, Patch},
    },
    flow::{Audited, Context, Journal, Once, again, meeting as flow},
    store::{
        Scope,
        meeting::{self as store, standing},
    },
};
use shape::{draft, patch, read_state, shown};

/// Meetings over gRPC.
pub struct Meetings {
    ctx: Arc<Context>,
}

/// What people do with a meeting that is there.
#[derive(Clone)]
enum Deed {
    Update { patch: Patch, etag: String },
    Cancel { etag: String },
    CheckIn { who: Option<ContactId>, said: CheckIn, by: String },
}

impl Meetings {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateMeetingRequest,
    ) -> Result<pb::CreateMeetingResponse> {
        let key = request.request_id.clone();
        let once = Once::of("CreateMeeting", &key, &request);
        let draft = draft(required("meeting", request.meeting.clone())?).map_err(in_meeting)?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let meeting = flow::create(&mut journal, draft, &audited.actor).await.map_err(in_meeting)?;
        journal.audit(audited, &meeting.id);
        let answer = pb::CreateMeetingResponse { meeting: Some(whole(&journal.scope(), meeting).await?) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn get(&self, workspace: WorkspaceId, key: Key) -> Result<pb::Meeting> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let found = match key {
            Key::MeetingId(id) => store::by_id(&scope, parse("meeting_id", &id)?).await?,
            Key::ExternalId(external_id) => store::by_external_id(&scope, &external_id).await?,
        };
        whole(&scope, found.ok_or_else(|| Error::not_found(flow::NOUN))?).await
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListMeetingsRequest,
    ) -> Result<pb::ListMeetingsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListMeetings", page, &request);
        let pb::ListMeetingsRequest { page_size: _, page_token: _, state, from_time, until_time, calendar_feed_id } =
            request;
        let filter = store::Filter {
            state: read_state(state)?,
            from: from_time.map(|time| moment("from_time", time)).transpose()?,
            until: until_time.map(|time| moment("until_time", time)).transpose()?,
            calendar_feed_id: parse_or_none("calendar_feed_id", &calendar_feed_id)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?;
        let standings = standing::of(&scope, page.rows.iter().map(|meeting| meeting.id).collect()).await?;
        let page = page.map(|meeting| shown(meeting, &standings));
        Ok(pb::ListMeetingsResponse { meetings: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn change(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        (id, deed): (MeetingId, Deed),
    ) -> Result<Option<pb::Meeting>> {
        let changed = again(|| Box::pin(changed(&self.ctx, workspace, audited, (id, deed.clone()))));
        Ok(Some(changed.await?))
    }
}

/// In a transaction of its own.
async fn changed(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    (id, deed): (MeetingId, Deed),
) -> Result<pb::Meeting> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let actor = &audited.actor;
    let meeting = match deed {
        Deed::Update { patch, etag } => {
            flow::update(&mut journal, id, (patch, &etag), actor).await.map_err(in_meeting)?
        }
        Deed::Cancel { etag } => flow::cancel(&mut journal, id, &etag, actor).await?,
        Deed::CheckIn { who, said, by } => flow::check_in(&mut journal, id, (who, said, by), actor).await?,
    };
    journal.audit(audited, &id);
    let answer = whole(&journal.scope(), meeting).await?;
    journal.commit().await?;
    Ok(answer)
}

/// With how it stands with everybody.
async fn whole<C: ConnectionTrait>(scope: &Scope<'_, C>, meeting: Meeting) -> Result<pb::Meeting> {
    let standings = standing::of(scope, vec![meeting.id]).await?;
    Ok(shown(meeting, &standings))
}

/// Blame for a field of a meeting arrives under the meeting that the caller sent.
fn in_meeting(error: Error) -> Error {
    if error.violations.is_empty() { error } else { error.within("meeting") }
}

#[tonic::async_trait]
impl MeetingService for Meetings {
    async fn create_meeting(&self, request: Request<pb::CreateMeetingRequest>) -> Reply<pb::CreateMeetingResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_meeting(&self, request: Request<pb::GetMeetingRequest>) -> Reply<pb::GetMeetingResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetMeetingRequest { key } = request.into_inner();
        let meeting = self.get(caller.workspace()?, required("key", key)?).await?;
        Ok(Response::new(pb::GetMeetingResponse { meeting: Some(meeting) }))
    }

    async fn list_meetings(&self, request: Request<pb::ListMeetingsRequest>) -> Reply<pb::ListMeetingsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn update_meeting(&self, request: Request<pb::UpdateMeetingRequest>) -> Reply<pb::UpdateMeetingResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::UpdateMeetingRequest { meeting, update_mask, etag } = request.into_inner();
        let meeting = required("meeting", meeting)?;
        let id = parse("meeting.id", &meeting.id)?;
        let patch = patch(meeting, &paths(update_mask)?).map_err(in_meeting)?;
        let meeting = self.change(caller.workspace()?, &audited, (id, Deed::Update { patch, etag })).await?;
        Ok(Response::new(pb::UpdateMeetingResponse { meeting }))
    }

    async fn cancel_meeting(&self, request: Request<pb::CancelMeetingRequest>) -> Reply<pb::CancelMeetingResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::CancelMeetingRequest { meeting_id, etag } = request.into_inner();
        let id = parse("meeting_id", &meeting_id)?;
        let meeting = self.change(caller.workspace()?, &audited, (id, Deed::Cancel { etag })).await?;
        Ok(Response::new(pb::CancelMeetingResponse { meeting }))
    }

    async fn check_in_meeting(&self, request: Request<pb::CheckInMeetingRequest>) -> Reply<pb::CheckInMeetingResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::CheckInMeetingRequest { meeting_id, contact_id, check_in, by } = request.into_inner();
        let id = parse("meeting_id", &meeting_id)?;
        let who = parse_or_none("contact_id", &contact_id)?;
        let (said, by) = (read_check_in(check_in)?, said_by(by, &audited));
        let meeting = self.change(caller.workspace()?, &audited, (id, Deed::CheckIn { who, said, by })).await?;
        Ok(Response::new(pb::CheckInMeetingResponse { meeting }))
    }
}
