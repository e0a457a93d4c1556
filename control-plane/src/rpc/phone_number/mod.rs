//! The phone number service: who asks, what they ask, do it, show it.

mod instructions;
mod native;
mod pooling;
mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, phone_number_service_server::PhoneNumberService};
use tonic::{Request, Response};

use pooling::{Asked, Way};

use super::{
    gate::Caller,
    paging::Paging,
    read::{self, Reply},
};
use crate::{
    domain::{
        e164::E164,
        error::{Error, Result},
        id::PhoneNumberId,
        machine::Machine,
        phone_number::{Event, PhoneNumber, State},
        webhooks,
    },
    flow::{Context, Journal, Once, phone_number as flow, seen},
    store::{Kept, Scope, phone_number as store},
};

/// Phone numbers over gRPC.
pub struct PhoneNumbers {
    ctx: Arc<Context>,
}

impl PhoneNumbers {
    /// Over this store.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }
}

impl PhoneNumbers {
    fn asked<T>(&self, request: &Request<T>) -> Result<Asked<'_>> {
        let caller = Caller::of(request)?;
        let audited = read::audited(request, &caller)?;
        Ok(Asked { ctx: &self.ctx, workspace: caller.workspace()?, audited })
    }
}

fn read_number(number: Option<pb::PhoneNumber>, state: State) -> Result<PhoneNumber> {
    let number = read::required("phone_number", number)?;
    shape::new_number(number, state).map_err(|error| error.within("phone_number"))
}

async fn add_one(journal: &mut Journal<'_>, number: PhoneNumber) -> Result<PhoneNumber> {
    let number = shape::made(number, journal);
    Ok(flow::add(journal, vec![number], None).await?.remove(0))
}

#[tonic::async_trait]
impl PhoneNumberService for PhoneNumbers {
    async fn register_phone_number(
        &self,
        request: Request<pb::RegisterPhoneNumberRequest>,
    ) -> Reply<pb::RegisterPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("RegisterPhoneNumber", &key, request.get_ref());
        let pb::RegisterPhoneNumberRequest { phone_number, request_id: _ } = request.into_inner();
        let number = read_number(phone_number, State::VerifyOnly)?;
        let webhooks = webhooks::desired(self.ctx.public_url()?);

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = add_one(&mut journal, number).await?;
        journal.audit(&audited, &number.id);
        let answer =
            pb::RegisterPhoneNumberResponse { phone_number: Some(number.into()), webhooks: Some(webhooks.into()) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn import_phone_number(
        &self,
        request: Request<pb::ImportPhoneNumberRequest>,
    ) -> Reply<pb::ImportPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("ImportPhoneNumber", &key, request.get_ref());
        let pb::ImportPhoneNumberRequest { phone_number, request_id: _, validate_only } = request.into_inner();
        let number = read_number(phone_number, State::Pending)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = add_one(&mut journal, number).await?;
        let id = number.id;
        let mut answer = pb::ImportPhoneNumberResponse { phone_number: Some(number.into()) };
        if validate_only {
            // There is nothing that the id would name.
            answer.phone_number.as_mut().into_iter().for_each(|number| number.id.clear());
            return Ok(Response::new(answer));
        }
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn batch_register_phone_numbers(
        &self,
        request: Request<pb::BatchRegisterPhoneNumbersRequest>,
    ) -> Reply<pb::BatchRegisterPhoneNumbersResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("BatchRegisterPhoneNumbers", &key, request.get_ref());
        let pb::BatchRegisterPhoneNumbersRequest { phone_numbers, assignment, request_id: _ } = request.into_inner();
        let new = read::each("phone_numbers", phone_numbers, |one| shape::new_number(one, State::VerifyOnly))?;
        let assignment = assignment.map(shape::assignment).transpose()?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let new = new.into_iter().map(|number| shape::made(number, &journal)).collect();
        let numbers = flow::add(&mut journal, new, assignment).await?;
        for (index, number) in numbers.iter().enumerate() {
            journal.audit(&read::part(&audited, "phone_numbers", index), &number.id);
        }
        let phone_numbers = numbers.into_iter().map(Into::into).collect();
        let answer = pb::BatchRegisterPhoneNumbersResponse { phone_numbers };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn get_phone_number(&self, request: Request<pb::GetPhoneNumberRequest>) -> Reply<pb::GetPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetPhoneNumberRequest { phone_number_id: name } = request.into_inner();

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let number = match name.starts_with('+') {
            true => store::by_e164(&scope, &read::parse::<E164>("phone_number_id", &name)?).await?,
            false => store::by_id(&scope, read::parse("phone_number_id", &name)?).await?,
        };
        let number = number.ok_or_else(|| Error::not_found(PhoneNumber::NOUN))?;
        Ok(Response::new(pb::GetPhoneNumberResponse { phone_number: Some(number.into()) }))
    }

    async fn list_phone_numbers(
        &self,
        request: Request<pb::ListPhoneNumbersRequest>,
    ) -> Reply<pb::ListPhoneNumbersResponse> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, caller.workspace, "ListPhoneNumbers", page, &request);
        let filter = filter(request)?;

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(Into::into);
        let next_page_token = paging.next(page.next)?;
        Ok(Response::new(pb::ListPhoneNumbersResponse { phone_numbers: page.rows, next_page_token }))
    }

    async fn update_phone_number(
        &self,
        request: Request<pb::UpdatePhoneNumberRequest>,
    ) -> Reply<pb::UpdatePhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::UpdatePhoneNumberRequest { phone_number, update_mask, etag } = request.into_inner();
        let number = read::required("phone_number", phone_number)?;
        let id: PhoneNumberId = read::parse("phone_number.id", &number.id)?;
        let paths = read::paths(update_mask)?;
        let patch = shape::patch(&number, &paths).map_err(|error| error.within("phone_number"))?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let number: PhoneNumber = seen(&journal, id, &etag).await?;
        let step = number.step(Event::Changed(patch), journal.now).map_err(Error::from)?;
        let number = journal.take(number.version, id, step).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::UpdatePhoneNumberResponse { phone_number: Some(number.into()) }))
    }

    async fn delete_phone_number(
        &self,
        request: Request<pb::DeletePhoneNumberRequest>,
    ) -> Reply<pb::DeletePhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::DeletePhoneNumberRequest { phone_number_id, etag } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        flow::delete(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::DeletePhoneNumberResponse {}))
    }

    async fn assign_phone_number(
        &self,
        request: Request<pb::AssignPhoneNumberRequest>,
    ) -> Reply<pb::AssignPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::AssignPhoneNumberRequest { phone_number_id, assignment, etag } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;
        let assignment = shape::assignment(read::required("assignment", assignment)?)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let (number, before) = flow::assign(&mut journal, id, &etag, assignment).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::AssignPhoneNumberResponse {
            phone_number: Some(number.into()),
            previous_assignment: before.map(Into::into),
        }))
    }

    async fn batch_assign_phone_numbers(
        &self,
        request: Request<pb::BatchAssignPhoneNumbersRequest>,
    ) -> Reply<pb::BatchAssignPhoneNumbersResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::BatchAssignPhoneNumbersRequest { phone_number_ids, assignment } = request.into_inner();
        let ids = read::each("phone_number_ids", phone_number_ids, |id| read::parse::<PhoneNumberId>("", &id))?;
        let assignment = shape::assignment(read::required("assignment", assignment)?)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let numbers = flow::assign_many(&mut journal, ids.clone(), assignment).await?;
        let audited = read::share(&audited, "assignment");
        for id in numbers.keys() {
            journal.audit(&audited, id);
        }
        journal.commit().await?;
        let phone_numbers = ids.iter().filter_map(|id| numbers.get(id).cloned().map(Into::into)).collect();
        Ok(Response::new(pb::BatchAssignPhoneNumbersResponse { phone_numbers }))
    }

    async fn unassign_phone_number(
        &self,
        request: Request<pb::UnassignPhoneNumberRequest>,
    ) -> Reply<pb::UnassignPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let pb::UnassignPhoneNumberRequest { phone_number_id, etag } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        let (number, before) = flow::unassign(&mut journal, id, &etag).await?;
        journal.audit(&audited, &id);
        journal.commit().await?;
        Ok(Response::new(pb::UnassignPhoneNumberResponse {
            phone_number: Some(number.into()),
            previous_assignment: before.map(Into::into),
        }))
    }

    async fn configure_webhooks(
        &self,
        request: Request<pb::ConfigureWebhooksRequest>,
    ) -> Reply<pb::ConfigureWebhooksResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("ConfigureWebhooks", &key, request.get_ref());
        let pb::ConfigureWebhooksRequest { phone_number_id, request_id: _, validate_only } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = flow::configure(&mut journal, id).await?;
        let differences = differences(&number);
        let answer = pb::ConfigureWebhooksResponse { phone_number: Some(number.into()), differences };
        if validate_only {
            return Ok(Response::new(answer));
        }
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    async fn attach_phone_number(
        &self,
        request: Request<pb::AttachPhoneNumberRequest>,
    ) -> Reply<pb::AttachPhoneNumberResponse> {
        self.attach(request).await
    }

    async fn detach_phone_number(
        &self,
        request: Request<pb::DetachPhoneNumberRequest>,
    ) -> Reply<pb::DetachPhoneNumberResponse> {
        self.detach(request).await
    }

    async fn remove_phone_number_import(
        &self,
        request: Request<pb::RemovePhoneNumberImportRequest>,
    ) -> Reply<pb::RemovePhoneNumberImportResponse> {
        self.remove_import(request).await
    }

    async fn reconcile_numbers(
        &self,
        request: Request<pb::ReconcileNumbersRequest>,
    ) -> Reply<pb::ReconcileNumbersResponse> {
        self.reconcile(request).await
    }

    async fn get_webhook_instructions(
        &self,
        request: Request<pb::GetWebhookInstructionsRequest>,
    ) -> Reply<pb::GetWebhookInstructionsResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetWebhookInstructionsRequest { phone_number_id } = request.into_inner();
        let id = read::parse("phone_number_id", &phone_number_id)?;

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let number = store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(PhoneNumber::NOUN))?;
        let webhooks = webhooks::desired(self.ctx.public_url()?);
        let steps = instructions::steps(&number.e164, &webhooks);
        Ok(Response::new(pb::GetWebhookInstructionsResponse { webhooks: Some(webhooks.into()), steps }))
    }

    async fn add_to_pool(&self, request: Request<pb::AddToPoolRequest>) -> Reply<pb::AddToPoolResponse> {
        let asked = self.asked(&request)?;
        let pb::AddToPoolRequest { phone_number_ids } = request.into_inner();
        let phone_numbers = asked.move_all(phone_number_ids, Way::In).await?;
        Ok(Response::new(pb::AddToPoolResponse { phone_numbers }))
    }

    async fn remove_from_pool(&self, request: Request<pb::RemoveFromPoolRequest>) -> Reply<pb::RemoveFromPoolResponse> {
        let asked = self.asked(&request)?;
        let pb::RemoveFromPoolRequest { phone_number_ids } = request.into_inner();
        let phone_numbers = asked.move_all(phone_number_ids, Way::Out).await?;
        Ok(Response::new(pb::RemoveFromPoolResponse { phone_numbers }))
    }

    async fn pin_phone_number(&self, request: Request<pb::PinPhoneNumberRequest>) -> Reply<pb::PinPhoneNumberResponse> {
        let asked = self.asked(&request)?;
        let phone_number = Some(asked.pin(request.into_inner()).await?);
        Ok(Response::new(pb::PinPhoneNumberResponse { phone_number }))
    }

    async fn unpin_phone_number(
        &self,
        request: Request<pb::UnpinPhoneNumberRequest>,
    ) -> Reply<pb::UnpinPhoneNumberResponse> {
        let asked = self.asked(&request)?;
        let phone_number = Some(asked.unpin(request.into_inner()).await?);
        Ok(Response::new(pb::UnpinPhoneNumberResponse { phone_number }))
    }

    async fn requalify_phone_number(
        &self,
        request: Request<pb::RequalifyPhoneNumberRequest>,
    ) -> Reply<pb::RequalifyPhoneNumberResponse> {
        let asked = self.asked(&request)?;
        let phone_number = Some(asked.requalify(request.into_inner()).await?);
        Ok(Response::new(pb::RequalifyPhoneNumberResponse { phone_number }))
    }

    async fn get_pool_coverage(
        &self,
        request: Request<pb::GetPoolCoverageRequest>,
    ) -> Reply<pb::GetPoolCoverageResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetPoolCoverageRequest { account_id } = request.into_inner();
        Ok(Response::new(pooling::coverage(&self.ctx, caller.workspace()?, &account_id).await?))
    }
}

/// What will be written, by what was last seen. Of a number never seen, everything.
fn differences(number: &PhoneNumber) -> Vec<pb::WebhookDifference> {
    let observed = number.observed_webhooks.clone().unwrap_or_default();
    let desired = number.desired_webhooks.as_ref();
    desired.into_iter().flat_map(|desired| webhooks::differences(desired, &observed)).map(Into::into).collect()
}

fn filter(request: pb::ListPhoneNumbersRequest) -> Result<store::Filter> {
    let pb::ListPhoneNumbersRequest {
        page_size: _,
        page_token: _,
        account_id,
        agent_id,
        route_plan_id,
        state,
        webhooks_state,
        unassigned,
        pool_state,
        pool,
    } = request;
    Ok(store::Filter {
        account_id: read::parse_or_none("account_id", &account_id)?,
        agent_id: read::parse_or_none("agent_id", &agent_id)?,
        route_plan_id: read::parse_or_none("route_plan_id", &route_plan_id)?,
        state: shape::state(state)?,
        webhooks_state: shape::webhooks_state(webhooks_state)?,
        unassigned,
        pool_state: pooling::pool_state(pool_state)?,
        pool,
    })
}
