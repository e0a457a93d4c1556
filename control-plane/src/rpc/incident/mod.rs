//! `IncidentService`: people who are to be reached about an event. Why a rung did or did not fire is in `explain`.

mod explain;
pub mod shape;

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, incident_service_server::IncidentService};
use tonic::{Request, Response};

use super::{
    attempt::shape::read_channel,
    gate::Caller,
    paging::Paging,
    read::{Reply, audited, each, moment, parse, parse_or_none, required},
};
use crate::{
    domain::{
        error::{Error, Result},
        id::{IncidentId, WorkspaceId},
        incident::{CheckIn, Incident},
    },
    flow::{
        Audited, Context, Journal, Once, again,
        incident::{self as flow, Opening},
    },
    store::{
        Kept, Scope,
        incident::{self as store, steps},
    },
};
use shape::{read_check_in, read_state, read_status, shown, shown_step};

/// Incidents over gRPC.
pub struct Incidents {
    ctx: Arc<Context>,
}

impl Incidents {
    /// Over this context.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    async fn open(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        request: pb::OpenIncidentRequest,
    ) -> Result<pb::OpenIncidentResponse> {
        let key = request.request_id.clone();
        let once = Once::of("OpenIncident", &key, &request);
        let opening = opening(request.clone())?;
        let mut journal = Journal::begin(&self.ctx, workspace).await?;
        if let Some(answer) = journal.replayed(&once).await? {
            return Ok(answer);
        }
        let incident = flow::open(&mut journal, opening, &audited.actor).await?;
        journal.audit(audited, &incident.id);
        let answer = pb::OpenIncidentResponse { incident: Some(shown(incident)) };
        journal.remember(&once, &answer).await?;
        journal.commit().await?;
        Ok(answer)
    }

    async fn list(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListIncidentsRequest,
    ) -> Result<pb::ListIncidentsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListIncidents", page, &request);
        let pb::ListIncidentsRequest { page_size: _, page_token: _, state, contact_id, meeting_id } = request;
        let filter = store::Filter {
            state: read_state(state)?,
            contact_id: parse_or_none("contact_id", &contact_id)?,
            meeting_id: parse_or_none("meeting_id", &meeting_id)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = store::list(&scope, &filter, &paging.ask()?).await?.map(shown);
        Ok(pb::ListIncidentsResponse { incidents: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn list_steps_of(
        &self,
        workspace: WorkspaceId,
        mut request: pb::ListStepsRequest,
    ) -> Result<pb::ListStepsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListSteps", page, &request);
        let pb::ListStepsRequest { page_size: _, page_token: _, r#type, status, incident_id } = request;
        let filter = steps::Filter {
            channel: read_channel("type", r#type)?,
            status: read_status(status)?,
            incident_id: parse_or_none("incident_id", &incident_id)?,
        };
        let scope = Scope::new(self.ctx.store.read(), workspace);
        let page = steps::list(&scope, &filter, &paging.ask()?).await?.map(|(id, step)| shown_step(id, step));
        Ok(pb::ListStepsResponse { steps: page.rows, next_page_token: paging.next(page.next)? })
    }

    async fn find(&self, workspace: WorkspaceId, id: &str) -> Result<Incident> {
        let id: IncidentId = parse("incident_id", id)?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        store::by_id(&scope, id).await?.ok_or_else(|| Error::not_found(Incident::NOUN))
    }

    async fn change(
        &self,
        workspace: WorkspaceId,
        audited: &Audited,
        (id, said): (IncidentId, Said),
    ) -> Result<Option<pb::Incident>> {
        let incident = again(|| Box::pin(changed(&self.ctx, workspace, audited, (id, said.clone()))));
        Ok(Some(shown(incident.await?)))
    }
}

/// What people say of an incident.
#[derive(Clone)]
enum Said {
    Acknowledged { by: String, etag: String },
    Resolved { by: String, etag: String },
    CheckedIn { check_in: CheckIn, by: String },
}

/// In a transaction of its own.
async fn changed(
    ctx: &Context,
    workspace: WorkspaceId,
    audited: &Audited,
    (id, said): (IncidentId, Said),
) -> Result<Incident> {
    let mut journal = Journal::begin(ctx, workspace).await?;
    let incident = match said {
        Said::Acknowledged { by, etag } => flow::acknowledge(&mut journal, id, (by, &etag), &audited.actor).await?,
        Said::Resolved { by, etag } => flow::resolve(&mut journal, id, (by, &etag), &audited.actor).await?,
        Said::CheckedIn { check_in, by } => flow::check_in(&mut journal, id, (check_in, by), &audited.actor).await?,
    };
    journal.audit(audited, &id);
    journal.commit().await?;
    Ok(incident)
}

fn opening(request: pb::OpenIncidentRequest) -> Result<Opening> {
    let pb::OpenIncidentRequest { policy_id, contact_id, start_time, title, event_key, stand_in_ids, request_id: _ } =
        request;
    Ok(Opening {
        policy_id: parse("policy_id", &policy_id)?,
        meeting_id: None,
        event_key,
        title,
        start_time: moment("start_time", required("start_time", start_time)?)?,
        contact_id: parse("contact_id", &contact_id)?,
        stand_ins: each("stand_in_ids", stand_in_ids, |id| parse("", &id))?,
    })
}

/// Who says so, as others may be told.
pub fn said_by(by: String, audited: &Audited) -> String {
    if by.is_empty() { audited.actor.clone() } else { by }
}

#[tonic::async_trait]
impl IncidentService for Incidents {
    async fn open_incident(&self, request: Request<pb::OpenIncidentRequest>) -> Reply<pb::OpenIncidentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let answer = self.open(caller.workspace()?, &audited, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_incident(&self, request: Request<pb::GetIncidentRequest>) -> Reply<pb::GetIncidentResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetIncidentRequest { incident_id } = request.into_inner();
        let found = self.find(caller.workspace()?, &incident_id).await?;
        Ok(Response::new(pb::GetIncidentResponse { incident: Some(shown(found)) }))
    }

    async fn list_incidents(&self, request: Request<pb::ListIncidentsRequest>) -> Reply<pb::ListIncidentsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_steps(&self, request: Request<pb::ListStepsRequest>) -> Reply<pb::ListStepsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list_steps_of(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn acknowledge_incident(
        &self,
        request: Request<pb::AcknowledgeIncidentRequest>,
    ) -> Reply<pb::AcknowledgeIncidentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::AcknowledgeIncidentRequest { incident_id, by, etag } = request.into_inner();
        let id = parse("incident_id", &incident_id)?;
        let said = Said::Acknowledged { by: said_by(by, &audited), etag };
        let incident = self.change(caller.workspace()?, &audited, (id, said)).await?;
        Ok(Response::new(pb::AcknowledgeIncidentResponse { incident }))
    }

    async fn resolve_incident(
        &self,
        request: Request<pb::ResolveIncidentRequest>,
    ) -> Reply<pb::ResolveIncidentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::ResolveIncidentRequest { incident_id, by, etag } = request.into_inner();
        let id = parse("incident_id", &incident_id)?;
        let said = Said::Resolved { by: said_by(by, &audited), etag };
        let incident = self.change(caller.workspace()?, &audited, (id, said)).await?;
        Ok(Response::new(pb::ResolveIncidentResponse { incident }))
    }

    async fn check_in_incident(
        &self,
        request: Request<pb::CheckInIncidentRequest>,
    ) -> Reply<pb::CheckInIncidentResponse> {
        let caller = Caller::of(&request)?;
        let audited = audited(&request, &caller)?;
        let pb::CheckInIncidentRequest { incident_id, check_in, by } = request.into_inner();
        let id = parse("incident_id", &incident_id)?;
        let said = Said::CheckedIn { check_in: read_check_in(check_in)?, by: said_by(by, &audited) };
        let incident = self.change(caller.workspace()?, &audited, (id, said)).await?;
        Ok(Response::new(pb::CheckInIncidentResponse { incident }))
    }

    async fn explain_incident(
        &self,
        request: Request<pb::ExplainIncidentRequest>,
    ) -> Reply<pb::ExplainIncidentResponse> {
        let caller = Caller::of(&request)?;
        let pb::ExplainIncidentRequest { incident_id } = request.into_inner();
        let workspace = caller.workspace()?;
        let incident = self.find(workspace, &incident_id).await?;
        let scope = Scope::new(self.ctx.store.read(), workspace);
        Ok(Response::new(explain::explain(&scope, incident).await?))
    }
}
