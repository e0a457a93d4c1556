//! `DncService`: numbers that must not be called.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, dnc_service_server::DncService};
use serde_json::json;
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, each, member, parse},
    show,
};
use crate::{
    domain::{
        dnc::{DncEntry, Source},
        e164::E164,
        error::{Error, Result},
        id::WorkspaceId,
    },
    flow::{Audited, Context, Journal, Once, dnc as flow},
    store::{Scope, dnc as store},
};

/// Keeps the do-not-call list.
#[derive(Clone)]
pub struct DoNotCall(Arc<Context>);

impl DoNotCall {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self(ctx)
    }

    async fn add(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::AddDncEntryRequest,
    ) -> Result<pb::AddDncEntryResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("AddDncEntry", &request_id, &request);
        let pb::AddDncEntryRequest { phone_number, reason, source, request_id: _ } = request;
        let number: E164 = parse("phone_number", &phone_number)?;
        let source = read_source(source)?.unwrap_or(Source::Operator);
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let (entry, is_new) = flow::add(&mut journal, &number, source, reason).await?;
        journal.audit(audited, &entry.id);
        let answer = pb::AddDncEntryResponse { dnc_entry: Some(shown(entry)), already_listed: !is_new };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn remove(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::RemoveDncEntryRequest,
    ) -> Result<pb::RemoveDncEntryResponse> {
        let pb::RemoveDncEntryRequest { phone_number } = request;
        let number: E164 = parse("phone_number", &phone_number)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        let entry = flow::remove(&mut journal, &number).await?;
        let removed = entry.is_some();
        match entry {
            Some(entry) => journal.audit(audited, &entry.id),
            None => journal.audit(audited, &workspace),
        }
        journal.commit().await?;
        Ok(pb::RemoveDncEntryResponse { removed })
    }

    async fn get(&self, workspace: WorkspaceId, number: &E164) -> Result<DncEntry> {
        let scope = Scope::new(self.0.store.read(), workspace);
        store::find(&scope, number).await?.ok_or_else(|| Error::not_found(flow::NOUN))
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListDncEntriesRequest,
    ) -> Result<pb::ListDncEntriesResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.0, Some(workspace), "ListDncEntries", page, &request);
        let pb::ListDncEntriesRequest { page_size: _, page_token: _, source } = request;
        let scope = Scope::new(self.0.store.read(), workspace);
        let page = store::list(&scope, read_source(source)?, &paging.ask()?).await?.map(shown);
        Ok(pb::ListDncEntriesResponse {
            dnc_entries: page.rows,
            next_page_token: paging.next(page.next)?,
            last_import_time: store::last_import(&scope).await?.map(show::moment),
        })
    }

    async fn import(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::ImportDncEntriesRequest,
    ) -> Result<pb::ImportDncEntriesResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("ImportDncEntries", &request_id, &request);
        let pb::ImportDncEntriesRequest { phone_numbers, reason, request_id: _ } = request;
        let audited = counted(audited, phone_numbers.len());
        let numbers = each("phone_numbers", phone_numbers, |number| parse("", &number))?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let flow::Imported { new, known } = flow::import(&mut journal, numbers, &reason).await?;
        journal.audit(&audited, &workspace);
        let answer = pb::ImportDncEntriesResponse { new_count: count(new), known_count: count(known) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }
}

/// The audit keeps how many numbers there were, not ten thousand of them.
fn counted(audited: &Audited, numbers: usize) -> Audited {
    let mut audited = audited.clone();
    audited.request["phone_numbers"] = json!(numbers);
    audited
}

fn count(numbers: u64) -> i32 {
    i32::try_from(numbers).unwrap_or(i32::MAX)
}

fn read_source(source: i32) -> Result<Option<Source>> {
    Ok(match member("source", source)? {
        pb::DncSource::Unspecified => None,
        pb::DncSource::Operator => Some(Source::Operator),
        pb::DncSource::SmsStop => Some(Source::SmsStop),
        pb::DncSource::Key => Some(Source::Key),
        pb::DncSource::Import => Some(Source::Import),
    })
}

fn shown(entry: DncEntry) -> pb::DncEntry {
    let DncEntry { id, workspace_id: _, phone_number, reason, source, create_time } = entry;
    let source = match source {
        Source::Operator => pb::DncSource::Operator,
        Source::SmsStop => pb::DncSource::SmsStop,
        Source::Key => pb::DncSource::Key,
        Source::Import => pb::DncSource::Import,
    };
    pb::DncEntry {
        id: id.to_string(),
        phone_number: phone_number.into(),
        reason,
        source: source.into(),
        create_time: Some(show::moment(create_time)),
    }
}

#[tonic::async_trait]
impl DncService for DoNotCall {
    async fn add_dnc_entry(&self, request: Request<pb::AddDncEntryRequest>) -> Reply<pb::AddDncEntryResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.add(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn remove_dnc_entry(&self, request: Request<pb::RemoveDncEntryRequest>) -> Reply<pb::RemoveDncEntryResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.remove(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_dnc_entry(&self, request: Request<pb::GetDncEntryRequest>) -> Reply<pb::GetDncEntryResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetDncEntryRequest { phone_number } = request.into_inner();
        let entry = self.get(caller.workspace()?, &parse("phone_number", &phone_number)?).await?;
        Ok(Response::new(pb::GetDncEntryResponse { dnc_entry: Some(shown(entry)) }))
    }

    async fn list_dnc_entries(&self, request: Request<pb::ListDncEntriesRequest>) -> Reply<pb::ListDncEntriesResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn import_dnc_entries(
        &self,
        request: Request<pb::ImportDncEntriesRequest>,
    ) -> Reply<pb::ImportDncEntriesResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.import(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
