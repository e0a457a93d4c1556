//! `ConsentService`: what people allowed, and what they took back.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, consent_service_server::ConsentService};
use tonic::{Request, Response};

use super::{
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, member, moment, parse, parse_or_none, required},
    show,
};
use crate::{
    domain::{
        consent::{Channel, Consent, ConsentState},
        error::{Error, Result},
        id::WorkspaceId,
    },
    flow::{
        Audited, Context, Journal, Once,
        consent::{self as flow, New},
    },
    store::{Scope, consent as store},
};

/// Keeps what people allowed.
#[derive(Clone)]
pub struct Consents(Arc<Context>);

impl Consents {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self(ctx)
    }

    async fn record(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::RecordConsentRequest,
    ) -> Result<pb::RecordConsentResponse> {
        let request_id = request.request_id.clone();
        let once = Once::of("RecordConsent", &request_id, &request);
        let pb::RecordConsentRequest { consent, request_id: _ } = request;
        let new = New::try_from(required("consent", consent)?).map_err(in_consent)?;
        let mut journal = Journal::begin(&self.0, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let consent = flow::record(&mut journal, new).await.map_err(in_consent)?;
        journal.audit(audited, &consent.id);
        let answer = pb::RecordConsentResponse { consent: Some(shown(consent)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListConsentsRequest,
    ) -> Result<pb::ListConsentsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.0, Some(workspace), "ListConsents", page, &request);
        let pb::ListConsentsRequest { page_size: _, page_token: _, address, channel } = request;
        let filter = store::Filter { address: parse_or_none("address", &address)?, channel: read_channel(channel)? };
        let scope = Scope::new(self.0.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListConsentsResponse { consents: page.rows, next_page_token: paging.next(page.next)? })
    }
}

fn in_consent(error: Error) -> Error {
    error.within("consent")
}

impl TryFrom<pb::Consent> for New {
    type Error = Error;

    fn try_from(consent: pb::Consent) -> Result<Self> {
        let pb::Consent { id: _, address, channel, state, source, evidence, consent_time, create_time: _ } = consent;
        Ok(Self {
            address: parse("address", &address)?,
            channel: required("channel", read_channel(channel)?)?,
            state: read_state(state)?,
            source,
            evidence,
            consent_time: consent_time.map(|time| moment("consent_time", time)).transpose()?,
        })
    }
}

fn read_channel(channel: i32) -> Result<Option<Channel>> {
    Ok(match member("channel", channel)? {
        pb::ConsentChannel::Unspecified => None,
        pb::ConsentChannel::Voice => Some(Channel::Voice),
        pb::ConsentChannel::Sms => Some(Channel::Sms),
        pb::ConsentChannel::Whatsapp => Some(Channel::Whatsapp),
        pb::ConsentChannel::Email => Some(Channel::Email),
    })
}

fn read_state(state: i32) -> Result<ConsentState> {
    Ok(match member("state", state)? {
        pb::ConsentState::Unspecified => return Err(Error::invalid("state", "is required")),
        pb::ConsentState::Granted => ConsentState::Granted,
        pb::ConsentState::Revoked => ConsentState::Revoked,
    })
}

fn shown(consent: Consent) -> pb::Consent {
    let Consent { id, workspace_id: _, address, channel, state, source, evidence, consent_time, create_time } = consent;
    pb::Consent {
        id: id.to_string(),
        address: address.as_str().to_owned(),
        channel: shown_channel(channel).into(),
        state: shown_state(state).into(),
        source,
        evidence,
        consent_time: Some(show::moment(consent_time)),
        create_time: Some(show::moment(create_time)),
    }
}

fn shown_channel(channel: Channel) -> pb::ConsentChannel {
    match channel {
        Channel::Voice => pb::ConsentChannel::Voice,
        Channel::Sms => pb::ConsentChannel::Sms,
        Channel::Whatsapp => pb::ConsentChannel::Whatsapp,
        Channel::Email => pb::ConsentChannel::Email,
    }
}

fn shown_state(state: ConsentState) -> pb::ConsentState {
    match state {
        ConsentState::Granted => pb::ConsentState::Granted,
        ConsentState::Revoked => pb::ConsentState::Revoked,
    }
}

#[tonic::async_trait]
impl ConsentService for Consents {
    async fn record_consent(&self, request: Request<pb::RecordConsentRequest>) -> Reply<pb::RecordConsentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.record(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_consents(&self, request: Request<pb::ListConsentsRequest>) -> Reply<pb::ListConsentsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
