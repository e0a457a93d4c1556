//! Numbers at ElevenLabs, and what is put right of many numbers at once.

use callplane_proto::v1 as pb;
use tonic::{Request, Response};

use super::PhoneNumbers;
use crate::{
    domain::{
        id::{AgentId, PhoneNumberId},
        phone_number::{
            Correction, Drift, DriftCause, Event, PhoneNumber,
            attachment::{AttachmentState, Place},
        },
    },
    flow::{
        Journal, Once,
        phone_number::{
            self as flow,
            reconcile::{self, Plan, Which},
        },
    },
    rpc::{
        gate::Caller,
        read::{self, Reply},
        show,
    },
    store::number_look::Looked,
};

impl PhoneNumbers {
    pub(super) async fn attach(
        &self,
        request: Request<pb::AttachPhoneNumberRequest>,
    ) -> Reply<pb::AttachPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("AttachPhoneNumber", &key, request.get_ref());
        let pb::AttachPhoneNumberRequest { phone_number_id, agent_id, request_id: _, validate_only } =
            request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;
        let agent: AgentId = read::parse("agent_id", &agent_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = flow::attach(&mut journal, id, agent).await?;
        let answer = pb::AttachPhoneNumberResponse { phone_number: Some(number.into()) };
        if validate_only {
            return Ok(Response::new(answer));
        }
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    pub(super) async fn detach(
        &self,
        request: Request<pb::DetachPhoneNumberRequest>,
    ) -> Reply<pb::DetachPhoneNumberResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("DetachPhoneNumber", &key, request.get_ref());
        let pb::DetachPhoneNumberRequest { phone_number_id, request_id: _ } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = flow::detach(&mut journal, id).await?;
        let answer = pb::DetachPhoneNumberResponse { phone_number: Some(number.into()) };
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    pub(super) async fn remove_import(
        &self,
        request: Request<pb::RemovePhoneNumberImportRequest>,
    ) -> Reply<pb::RemovePhoneNumberImportResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("RemovePhoneNumberImport", &key, request.get_ref());
        let pb::RemovePhoneNumberImportRequest { phone_number_id, request_id: _ } = request.into_inner();
        let id: PhoneNumberId = read::parse("phone_number_id", &phone_number_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let number = flow::remove_import(&mut journal, id).await?;
        let answer = pb::RemovePhoneNumberImportResponse { phone_number: Some(number.into()) };
        journal.audit(&audited, &id);
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }

    pub(super) async fn reconcile(
        &self,
        request: Request<pb::ReconcileNumbersRequest>,
    ) -> Reply<pb::ReconcileNumbersResponse> {
        let caller = Caller::of(&request)?;
        let audited = read::audited(&request, &caller)?;
        let key = request.get_ref().request_id.clone();
        let once = Once::of("ReconcileNumbers", &key, request.get_ref());
        let pb::ReconcileNumbersRequest { account_id, include_unmanaged, request_id: _, validate_only } =
            request.into_inner();
        let account_id = read::parse_or_none("account_id", &account_id)?;

        let mut journal = Journal::begin(&self.ctx, caller.workspace()?).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(Response::new(answer));
        }
        let plan = reconcile::plan(&journal, Which { account_id, unmanaged: include_unmanaged }).await?;
        let answer = shown(&plan);
        if validate_only {
            return Ok(Response::new(answer));
        }
        reconcile::apply(&mut journal, &plan).await?;
        for (number, _) in &plan.corrections {
            journal.audit(&audited, &number.id);
        }
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(Response::new(answer))
    }
}

fn shown(plan: &Plan) -> pb::ReconcileNumbersResponse {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    pb::ReconcileNumbersResponse {
        corrections: plan.corrections.iter().map(|(number, correction)| shown_correction(number, correction)).collect(),
        more: plan.more,
        compared: number(plan.compared),
        under_way: number(plan.under_way),
        released_phone_number_ids: plan.released.iter().map(|number| number.id.to_string()).collect(),
        looks: plan.looks.iter().map(shown_look).collect(),
    }
}

fn shown_correction(number: &PhoneNumber, correction: &Correction) -> pb::NumberCorrection {
    let action = match &correction.event {
        Event::AttachRequested(_) => pb::CorrectionAction::Attach,
        _ => pb::CorrectionAction::WriteWebhooks,
    };
    pb::NumberCorrection {
        phone_number_id: number.id.to_string(),
        e164: number.e164.as_str().to_owned(),
        account_id: number.account_id.to_string(),
        cause: correction.cause.map_or(pb::DriftCause::Unspecified, shown_cause).into(),
        action: action.into(),
        differences: correction.differences.iter().cloned().map(Into::into).collect(),
        observe_time: number.observe_time.map(show::moment),
    }
}

fn shown_look(look: &Looked) -> pb::NumberLook {
    pb::NumberLook {
        account_id: look.account_id.to_string(),
        look_time: Some(show::moment(look.look_time)),
        numbers: look.numbers,
    }
}

fn shown_cause(cause: DriftCause) -> pb::DriftCause {
    match cause {
        DriftCause::Missing => pb::DriftCause::Missing,
        DriftCause::Released => pb::DriftCause::Released,
        DriftCause::UrlChanged => pb::DriftCause::UrlChanged,
        DriftCause::WrongTrunk => pb::DriftCause::WrongTrunk,
        DriftCause::ImportGone => pb::DriftCause::ImportGone,
        DriftCause::WrongAgent => pb::DriftCause::WrongAgent,
    }
}

impl From<Drift> for pb::NumberDrift {
    fn from(Drift { cause, since, repairs, over: _ }: Drift) -> Self {
        let repairs = i32::try_from(repairs).unwrap_or(i32::MAX);
        Self { cause: shown_cause(cause).into(), since_time: Some(show::moment(since)), repairs }
    }
}

impl From<Place> for pb::NumberAttachment {
    fn from(place: Place) -> Self {
        let attachment = place.wanted.attachment();
        let state = match place.state {
            AttachmentState::Unattached => pb::AttachmentState::Unattached,
            AttachmentState::Pending => pb::AttachmentState::Pending,
            AttachmentState::InSync => pb::AttachmentState::InSync,
            AttachmentState::Drifted => pb::AttachmentState::Drifted,
            AttachmentState::Detached => pb::AttachmentState::Detached,
            AttachmentState::Failed => pb::AttachmentState::Failed,
        };
        Self {
            state: state.into(),
            error: place.error.clone(),
            agent_id: attachment.agent_id.to_string(),
            eleven_labs_agent_id: attachment.vendor_agent_id.clone(),
            eleven_labs_phone_number_id: show::id_or_empty(place.held.as_ref().map(|held| held.id.clone())),
            imported_by_us: place.held.as_ref().is_some_and(|held| held.ours),
        }
    }
}
