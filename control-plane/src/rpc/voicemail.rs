//! `VoicemailService`: what callers left, and whether somebody listened.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, voicemail_service_server::VoicemailService};
use serde_json::json;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, member, parse, parse_or_none},
    show,
};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::{VoicemailId, WorkspaceId},
        recording::RecordingStatus,
        voicemail::{Mark, Voicemail},
    },
    flow::{Audited, Context, Journal},
    store::{Scope, voicemail as store},
};

/// Voicemails over gRPC.
pub struct Voicemails {
    ctx: Arc<Context>,
}

impl Voicemails {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn get(&self, workspace: WorkspaceId, id: VoicemailId) -> Result<Voicemail> {
        let scope = Scope::new(self.ctx.store.read(), workspace);
        store::by_id(&scope, id).await?.ok_or_else(not_found)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListVoicemailsRequest,
    ) -> Result<pb::ListVoicemailsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListVoicemails", page, &request);
        let pb::ListVoicemailsRequest { page_size: _, page_token: _, phone_number_id, mark, call_id } = request;
        let filter = store::Filter {
            phone_number_id: parse_or_none("phone_number_id", &phone_number_id)?,
            call_id: parse_or_none("call_id", &call_id)?,
            mark: read_mark(mark)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListVoicemailsResponse { voicemails: page.rows, next_page_token: paging.next(page.next)? })
    }

    /// Marking it as it is marked already changes nothing.
    async fn mark(&self, workspace: WorkspaceId, audited: &Audited, id: VoicemailId, mark: Mark) -> Result<Voicemail> {
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        let mut voicemail = store::for_change(&journal.scope(), id).await?.ok_or_else(not_found)?;
        if voicemail.mark != mark {
            voicemail.mark = mark;
            voicemail.version += 1;
            voicemail.update_time = voicemail.update_time.max(journal.now);
            if !store::put(journal.txn(), &[&voicemail]).await? {
                return Err(Error::new(Kind::Aborted, "CONFLICT", "the voicemail was changed meanwhile; try again"));
            }
            let data = json!({ "call_id": voicemail.call_id.to_string(), "mark": mark });
            journal.tell("voicemail.marked", &id, data);
        }
        journal.audit(audited, &id);
        journal.commit().await?;
        Ok(voicemail)
    }
}

fn not_found() -> Error {
    Error::not_found("voicemail")
}

fn read_mark(mark: i32) -> Result<Option<Mark>> {
    Ok(match member("mark", mark)? {
        pb::VoicemailMark::Unspecified => None,
        pb::VoicemailMark::Unread => Some(Mark::Unread),
        pb::VoicemailMark::Read => Some(Mark::Read),
        pb::VoicemailMark::Archived => Some(Mark::Archived),
    })
}

fn shown_mark(mark: Mark) -> pb::VoicemailMark {
    match mark {
        Mark::Unread => pb::VoicemailMark::Unread,
        Mark::Read => pb::VoicemailMark::Read,
        Mark::Archived => pb::VoicemailMark::Archived,
    }
}

fn shown_recording(status: RecordingStatus) -> pb::RecordingStatus {
    match status {
        RecordingStatus::InProgress => pb::RecordingStatus::InProgress,
        RecordingStatus::Completed => pb::RecordingStatus::Completed,
        RecordingStatus::Absent => pb::RecordingStatus::Absent,
        RecordingStatus::Failed => pb::RecordingStatus::Failed,
    }
}

fn shown(voicemail: Voicemail) -> pb::Voicemail {
    let is_empty = voicemail.is_empty();
    let Voicemail {
        id,
        workspace_id: _,
        call_id,
        phone_number_id,
        from,
        recording_sid,
        recording_status,
        duration,
        mark,
        version: _,
        create_time,
        update_time,
    } = voicemail;
    pb::Voicemail {
        id: id.to_string(),
        call_id: call_id.to_string(),
        phone_number_id: show::id_or_empty(phone_number_id),
        from_number: from.into(),
        recording_sid: recording_sid.to_string(),
        recording_status: shown_recording(recording_status).into(),
        duration: duration.map(show::seconds),
        mark: shown_mark(mark).into(),
        is_empty,
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
    }
}

#[tonic::async_trait]
impl VoicemailService for Voicemails {
    async fn get_voicemail(&self, request: Request<pb::GetVoicemailRequest>) -> Reply<pb::GetVoicemailResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetVoicemailRequest { voicemail_id } = request.into_inner();
        let voicemail = self.get(caller.workspace()?, parse("voicemail_id", &voicemail_id)?).await?;
        Ok(Response::new(pb::GetVoicemailResponse { voicemail: Some(shown(voicemail)) }))
    }

    async fn list_voicemails(&self, request: Request<pb::ListVoicemailsRequest>) -> Reply<pb::ListVoicemailsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn mark_voicemail(&self, request: Request<pb::MarkVoicemailRequest>) -> Reply<pb::MarkVoicemailResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::MarkVoicemailRequest { voicemail_id, mark } = request.into_inner();
        let mark = read_mark(mark)?.ok_or_else(|| Error::invalid("mark", "expected `unread`, `read` or `archived`"))?;
        let id = parse("voicemail_id", &voicemail_id)?;
        let voicemail = self.mark(caller.workspace()?, &audited, id, mark).await?;
        Ok(Response::new(pb::MarkVoicemailResponse { voicemail: Some(shown(voicemail)) }))
    }
}
