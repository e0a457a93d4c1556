//! `ContactService`: people whom a workspace reaches.

mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, contact_service_server::ContactService, get_contact_request::Key};
use tonic::{Request, Response};

use shape::{new_profile, patch, shown};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, parse, parse_or_none, paths, required},
};
use crate::{
    domain::{
        contact::Contact,
        error::{Error, Result},
        id::WorkspaceId,
    },
    flow::{Audited, Context, Journal, Once, contact as flow},
    store::{Scope, contact as store},
};

/// Keeps contacts.
#[derive(Clone)]
pub struct Contacts(Arc<Context>);

impl Contacts {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self(ctx)
    }

    async fn create(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::CreateContactRequest,
    ) -> Result<pb::CreateContactResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("CreateContact", &request_id, &request);
        let pb::CreateContactRequest { contact, request_id: _ } = request;
        let profile = new_profile(required("contact", contact)?).map_err(in_contact)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let contact = flow::create(&mut journal, profile).await.map_err(in_contact)?;
        journal.audit(audited, &contact.id);
        let answer = pb::CreateContactResponse { contact: Some(shown(contact)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn get(&self, workspace: WorkspaceId, key: Key) -> Result<Contact> {
        let scope = Scope::new(self.0.store.read(), workspace);
        let found = match key {
            Key::ContactId(id) => store::by_id(&scope, parse("contact_id", &id)?).await?,
            Key::ExternalId(external_id) => store::by_external_id(&scope, &external_id).await?,
        };
        found.ok_or_else(|| Error::not_found(flow::NOUN))
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListContactsRequest,
    ) -> Result<pb::ListContactsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.0, Some(workspace), "ListContacts", page, &request);
        let pb::ListContactsRequest { page_size: _, page_token: _, phone_number, email, external_id } = request;
        let filter = store::Filter {
            phone_number: parse_or_none("phone_number", &phone_number)?,
            email: parse_or_none("email", &email)?,
            external_id,
        };
        let scope = Scope::new(self.0.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListContactsResponse { contacts: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn update(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::UpdateContactRequest,
    ) -> Result<Contact> {
        let pb::UpdateContactRequest { contact, update_mask, etag } = request;
        let contact = required("contact", contact)?;
        let id = parse("contact.id", &contact.id)?;
        let patch = patch(contact, paths(update_mask)?)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        let contact = flow::update(&mut journal, id, &etag, patch).await.map_err(in_contact)?;
        journal.audit(audited, &id);
        journal.commit().await?;
        Ok(contact)
    }

    async fn delete(&self, workspace: WorkspaceId, audited: &Audited, request: pb::DeleteContactRequest) -> Result<()> {
        let pb::DeleteContactRequest { contact_id, etag } = request;
        let id = parse("contact_id", &contact_id)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        flow::delete(&mut journal, id, &etag).await?;
        journal.audit(audited, &id);
        journal.commit().await
    }
}

fn in_contact(error: Error) -> Error {
    error.within("contact")
}

#[tonic::async_trait]
impl ContactService for Contacts {
    async fn create_contact(&self, request: Request<pb::CreateContactRequest>) -> Reply<pb::CreateContactResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.create(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_contact(&self, request: Request<pb::GetContactRequest>) -> Reply<pb::GetContactResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetContactRequest { key } = request.into_inner();
        let contact = self.get(caller.workspace()?, required("key", key)?).await?;
        Ok(Response::new(pb::GetContactResponse { contact: Some(shown(contact)) }))
    }

    async fn list_contacts(&self, request: Request<pb::ListContactsRequest>) -> Reply<pb::ListContactsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn update_contact(&self, request: Request<pb::UpdateContactRequest>) -> Reply<pb::UpdateContactResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let contact = self.update(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::UpdateContactResponse { contact: Some(shown(contact)) }))
    }

    async fn delete_contact(&self, request: Request<pb::DeleteContactRequest>) -> Reply<pb::DeleteContactResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        self.delete(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(pb::DeleteContactResponse {}))
    }
}
