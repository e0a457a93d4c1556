//! `NotificationService`: what people were told by mail, and whether it reached the mail vendor.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, notification_service_server::NotificationService};
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{self, Reply, member, parse},
    show,
};
use crate::{
    domain::{
        email::EmailAddress,
        error::{Error, Result},
        id::{NotificationId, WorkspaceId},
        notification::{Kind, Notification, State},
    },
    flow::{Context, Journal, Once, notification as flow},
    store::{Kept, Scope, notification as store},
};

/// Notifications over gRPC.
pub struct Notifications {
    ctx: Arc<Context>,
}

impl Notifications {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListNotificationsRequest,
    ) -> Result<pb::ListNotificationsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListNotifications", page, &request);
        let pb::ListNotificationsRequest { page_size: _, page_token: _, state, resource_id } = request;
        let resource = Some(resource_id).filter(|id| !id.is_empty());
        let filter = store::Filter { state: read_state(state)?, resource };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListNotificationsResponse { notifications: page.rows, next_page_token: paging.next(page.next)? })
    }
}

#[tonic::async_trait]
impl NotificationService for Notifications {
    async fn get_notification(
        &self,
        request: Request<pb::GetNotificationRequest>,
    ) -> Reply<pb::GetNotificationResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetNotificationRequest { notification_id } = request.into_inner();
        let id: NotificationId = parse("notification_id", &notification_id)?;
        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let found = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(Notification::NOUN))?;
        Ok(Response::new(pb::GetNotificationResponse { notification: Some(shown(found)) }))
    }

    async fn list_notifications(
        &self,
        request: Request<pb::ListNotificationsRequest>,
    ) -> Reply<pb::ListNotificationsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn resend_notification(
        &self,
        request: Request<pb::ResendNotificationRequest>,
    ) -> Reply<pb::ResendNotificationResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::ResendNotificationRequest { notification_id, etag } = request.into_inner();
        let id: NotificationId = parse("notification_id", &notification_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let held = flow::resend(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::ResendNotificationResponse { notification: Some(shown(held)) }))
    }

    async fn send_test_notification(
        &self,
        request: Request<pb::SendTestNotificationRequest>,
    ) -> Reply<pb::SendTestNotificationResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("SendTestNotification", &key, request.get_ref());
        let pb::SendTestNotificationRequest { recipients, request_id: _ } = request.into_inner();
        let recipients = read::each("recipients", recipients, |address| address.parse::<EmailAddress>())?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let held = flow::test(&mut journal, recipients).await?;
        journal.audit(&audited, &held.id);
        let answer = pb::SendTestNotificationResponse { notification: Some(shown(held)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }
}

fn read_state(number: i32) -> Result<Option<State>> {
    Ok(match member::<pb::NotificationState>("state", number)? {
        pb::NotificationState::Unspecified => None,
        pb::NotificationState::Pending => Some(State::Pending),
        pb::NotificationState::Sent => Some(State::Sent),
        pb::NotificationState::Unknown => Some(State::Unknown),
        pb::NotificationState::Failed => Some(State::Failed),
        pb::NotificationState::NotConfigured => Some(State::NotConfigured),
    })
}

fn shown_state(state: State) -> pb::NotificationState {
    match state {
        State::Pending => pb::NotificationState::Pending,
        State::Sent => pb::NotificationState::Sent,
        State::Unknown => pb::NotificationState::Unknown,
        State::Failed => pb::NotificationState::Failed,
        State::NotConfigured => pb::NotificationState::NotConfigured,
    }
}

fn shown_kind(kind: Kind) -> pb::NotificationKind {
    match kind {
        Kind::Test => pb::NotificationKind::Test,
        Kind::Detected => pb::NotificationKind::FailoverDetected,
        Kind::Completed => pb::NotificationKind::FailoverCompleted,
        Kind::PartiallyCompleted => pb::NotificationKind::FailoverPartiallyCompleted,
        Kind::Cancelled => pb::NotificationKind::FailoverCancelled,
        Kind::Failed => pb::NotificationKind::FailoverFailed,
        Kind::Stuck => pb::NotificationKind::FailoverStuck,
        Kind::RolledBack => pb::NotificationKind::FailoverRolledBack,
        Kind::NotReached => pb::NotificationKind::IncidentNotReached,
    }
}

fn shown(held: Notification) -> pb::Notification {
    let state = shown_state(held.state());
    let Notification {
        id,
        workspace_id: _,
        kind,
        resource,
        recipients,
        subject,
        text,
        work: _,
        attempt,
        last_error,
        vendor_message_id,
        simulated,
        send_time,
        version,
        create_time,
        update_time,
    } = held;
    pb::Notification {
        id: id.to_string(),
        kind: shown_kind(kind).into(),
        // A test is about nothing but itself.
        resource_id: if kind == Kind::Test { String::new() } else { resource },
        recipients: recipients.into_iter().map(String::from).collect(),
        subject,
        text,
        state: state.into(),
        attempts: show::count(attempt.into()),
        last_error,
        vendor_message_id,
        simulated,
        send_time: send_time.map(show::moment),
        etag: show::etag(version),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}
