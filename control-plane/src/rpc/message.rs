//! `MessageService`: SMS, MMS and WhatsApp that came in or went out.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, message_service_server::MessageService};
use tonic::{Request, Response};

use super::{
    attempt::placing,
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, member, parse, parse_or_none},
    show,
};
use crate::{
    domain::{
        error::{Error, Result},
        id::WorkspaceId,
        message::{Media, Message, MessageDirection},
    },
    flow::Context,
    store::{Scope, message as store},
};

/// Messages over gRPC.
pub struct Messages {
    ctx: Arc<Context>,
}

impl Messages {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn find(&self, workspace: WorkspaceId, message_id: &str) -> Result<Message> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let found = match message_id.starts_with("msg_") {
            true => store::by_id(&scope, parse("message_id", message_id)?).await?,
            false => store::by_sid(&scope, &parse("message_id", message_id)?).await?,
        };
        found.ok_or_else(|| Error::not_found("message"))
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListMessagesRequest,
    ) -> Result<pb::ListMessagesResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListMessages", page, &request);
        let pb::ListMessagesRequest { page_size: _, page_token: _, phone_number_id, direction } = request;
        let filter = store::Filter {
            phone_number_id: parse_or_none("phone_number_id", &phone_number_id)?,
            direction: read_direction(direction)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListMessagesResponse { messages: page.rows, next_page_token: paging.next(page.next)? })
    }
}

fn read_direction(direction: i32) -> Result<Option<MessageDirection>> {
    Ok(match member("direction", direction)? {
        pb::MessageDirection::Unspecified => None,
        pb::MessageDirection::Inbound => Some(MessageDirection::Inbound),
        pb::MessageDirection::Outbound => Some(MessageDirection::Outbound),
    })
}

fn shown(message: Message) -> pb::Message {
    let Message {
        id,
        workspace_id: _,
        message_sid,
        account_id,
        phone_number_id,
        direction,
        from,
        to,
        body,
        media,
        status,
        error_code,
        reply,
        version: _,
        create_time,
        update_time,
    } = message;
    let direction = match direction {
        MessageDirection::Inbound => pb::MessageDirection::Inbound,
        MessageDirection::Outbound => pb::MessageDirection::Outbound,
    };
    let shown_media = |Media { url, content_type }| pb::MessageMedia { url, content_type };
    pb::Message {
        id: id.to_string(),
        message_sid: message_sid.to_string(),
        account_id: account_id.to_string(),
        phone_number_id: show::id_or_empty(phone_number_id),
        direction: direction.into(),
        from_number: from.into(),
        to_number: to.into(),
        body,
        media: media.into_iter().map(shown_media).collect(),
        status: status.to_string(),
        error_code,
        reply: reply.unwrap_or_default(),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}

#[tonic::async_trait]
impl MessageService for Messages {
    async fn get_message(&self, request: Request<pb::GetMessageRequest>) -> Reply<pb::GetMessageResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetMessageRequest { message_id } = request.into_inner();
        let message = self.find(caller.workspace()?, &message_id).await?;
        Ok(Response::new(pb::GetMessageResponse { message: Some(shown(message)) }))
    }

    async fn send_message(&self, request: Request<pb::SendMessageRequest>) -> Reply<pb::SendMessageResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = placing::message(&self.ctx, caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_messages(&self, request: Request<pb::ListMessagesRequest>) -> Reply<pb::ListMessagesResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
