//! `CalendarService`: calendars that meetings are read from. Their addresses come in and never go out.

mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, calendar_service_server::CalendarService};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, required},
};
use crate::{
    domain::{
        calendar_feed::CalendarFeed,
        error::{Error, Result},
        id::{CalendarFeedId, WorkspaceId},
        time::Timestamp,
    },
    flow::{Audited, Context, Journal, Once, again, calendar_feed as flow},
    store::{Kept, Scope, calendar_feed as store, meeting},
};
use shape::{new_feed, shown};

/// Calendars over gRPC.
pub struct Calendars {
    ctx: Arc<Context>,
}

impl Calendars {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateCalendarFeedRequest,
    ) -> Result<pb::CreateCalendarFeedResponse> {
        let key = request.request_id.clone();
        let once = Once::of("CreateCalendarFeed", &key, &request);
        let feed = required("calendar_feed", request.calendar_feed.clone())?;
        let new = new_feed(feed, &request.url, flow::reach(&self.ctx))?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let feed = flow::create(&mut journal, new).await.map_err(in_feed)?;
        journal.audit(audited, &feed.id);
        let answer = pb::CreateCalendarFeedResponse { calendar_feed: Some(shown(feed, 0)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListCalendarFeedsRequest,
    ) -> Result<pb::ListCalendarFeedsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListCalendarFeeds", page, &request);
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &paging.ask()?).await?;
        let ids = page.rows.iter().map(|feed| feed.id).collect();
        let ahead = meeting::ahead(&scope, ids, self.ctx.clock.now()).await?;
        let page = page.map(|feed| {
            let ahead = ahead.get(&feed.id).copied().unwrap_or_default();
            shown(feed, ahead)
        });
        Ok(pb::ListCalendarFeedsResponse { calendar_feeds: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn get(&self, workspace: WorkspaceId, id: CalendarFeedId) -> Result<pb::CalendarFeed> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let feed = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(CalendarFeed::NOUN))?;
        whole(&scope, feed, self.ctx.clock.now()).await
    }
}

/// With how many meetings it has ahead.
async fn whole<C: ConnectionTrait>(
    scope: &Scope<'_, C>,
    feed: CalendarFeed,
    now: Timestamp,
) -> Result<pb::CalendarFeed> {
    let ahead = meeting::ahead(scope, vec![feed.id], now).await?;
    let ahead = ahead.get(&feed.id).copied().unwrap_or_default();
    Ok(shown(feed, ahead))
}

async fn asked(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    id: CalendarFeedId,
) -> Result<pb::CalendarFeed> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let feed = flow::ask(&mut journal, id).await?;
    journal.audit(audited, &id);
    let answer = whole(&journal.scope(), feed, journal.now).await?;
    journal.commit().await?;
    Ok(answer)
}

async fn deleted(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    (id, etag): (CalendarFeedId, &str),
) -> Result<()> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    flow::delete(&mut journal, id, etag).await?;
    journal.audit(audited, &id);
    journal.commit().await
}

/// Blame for a field of a calendar arrives under the calendar that the caller sent.
fn in_feed(error: Error) -> Error {
    if error.violations.is_empty() { error } else { error.within("calendar_feed") }
}

#[tonic::async_trait]
impl CalendarService for Calendars {
    async fn create_calendar_feed(
        &self,
        request: Request<pb::CreateCalendarFeedRequest>,
    ) -> Reply<pb::CreateCalendarFeedResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_calendar_feed(
        &self,
        request: Request<pb::GetCalendarFeedRequest>,
    ) -> Reply<pb::GetCalendarFeedResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetCalendarFeedRequest { calendar_feed_id } = request.into_inner();
        let feed = self.get(caller.workspace()?, parse("calendar_feed_id", &calendar_feed_id)?).await?;
        Ok(Response::new(pb::GetCalendarFeedResponse { calendar_feed: Some(feed) }))
    }

    async fn list_calendar_feeds(
        &self,
        request: Request<pb::ListCalendarFeedsRequest>,
    ) -> Reply<pb::ListCalendarFeedsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn sync_calendar_feed(
        &self,
        request: Request<pb::SyncCalendarFeedRequest>,
    ) -> Reply<pb::SyncCalendarFeedResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::SyncCalendarFeedRequest { calendar_feed_id } = request.into_inner();
        let (workspace, id) = (caller.workspace()?, parse("calendar_feed_id", &calendar_feed_id)?);
        let feed = again(|| Box::pin(asked(&self.ctx, workspace, &audited, id))).await?;
        Ok(Response::new(pb::SyncCalendarFeedResponse { calendar_feed: Some(feed) }))
    }

    async fn delete_calendar_feed(
        &self,
        request: Request<pb::DeleteCalendarFeedRequest>,
    ) -> Reply<pb::DeleteCalendarFeedResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::DeleteCalendarFeedRequest { calendar_feed_id, etag } = request.into_inner();
        let (workspace, id) = (caller.workspace()?, parse("calendar_feed_id", &calendar_feed_id)?);
        again(|| Box::pin(deleted(&self.ctx, workspace, &audited, (id, &etag)))).await?;
        Ok(Response::new(pb::DeleteCalendarFeedResponse {}))
    }
}
