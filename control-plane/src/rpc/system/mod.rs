//! The system service: what the server is, what is missing, and what is to be done outside.

mod effect;

use std::{mem::take, sync::Arc};

use callplane_proto::{
    descriptors,
    v1::{self as pb, system_service_server::SystemService},
};
use sea_orm::{ConnectionTrait, DbBackend};
use sha2::{Digest, Sha256};
use tonic::{Request, Response};

use super::{account::ROTATION_DUE, gate::Caller, paging::Paging, read::Reply, show};
use crate::{
    domain::{
        checklist::{Check, Seen, Verdict, checklist},
        error::{Error, Result},
    },
    flow::{Context, pool},
    store::{self, Scope},
};

/// The server over gRPC.
pub struct System {
    ctx: Arc<Context>,
}

impl System {
    /// Of this server.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }

    fn facts(&self) -> Seen {
        let facts = &self.ctx.facts;
        Seen {
            public_url: facts.public_url.clone(),
            dev: facts.dev,
            mock: facts.telephony == "mock",
            test_mode: facts.test_mode,
            eleven_labs_key: facts.eleven_labs_key,
            mail: facts.mail,
            dnc_checker: facts.dnc_checker,
            checker_answers: self.ctx.metrics.escalation.checker_answers(),
            ..Seen::default()
        }
    }
}

/// Whether the primary account could be failed over; the rest is as `seen` has it.
async fn backups<C: ConnectionTrait>(scope: &Scope<'_, C>, seen: Seen) -> Result<Seen> {
    let Some(primary) = store::account::primary(scope).await? else { return Ok(seen) };
    let pool::Covered { lines, backups, best } = pool::coverage(scope, primary.id).await?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Seen {
        backups: count(backups.len()),
        backups_usable: count(backups.iter().filter(|backup| backup.usable).count()),
        lines: count(lines),
        lines_left_out: count(best.left_out.len()),
        ..seen
    })
}

#[tonic::async_trait]
impl SystemService for System {
    async fn get_server_info(&self, request: Request<pb::GetServerInfoRequest>) -> Reply<pb::GetServerInfoResponse> {
        let caller = Caller::of(&request)?;
        let pb::GetServerInfoRequest {} = request.into_inner();
        let facts = &self.ctx.facts;
        let services = descriptors::pool().services().map(|service| service.full_name().to_owned());
        Ok(Response::new(pb::GetServerInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: if facts.dev { "dev" } else { "production" }.to_owned(),
            database: database(self.ctx.store.backend()).to_owned(),
            telephony: facts.telephony.to_owned(),
            test_mode: facts.test_mode,
            public_url: facts.public_url.clone().unwrap_or_default(),
            schema_digest: hex::encode(Sha256::digest(descriptors::ENCODED)),
            services: services.filter(|name| name.starts_with("callplane.")).collect(),
            scopes: caller.scopes.iter().map(ToString::to_string).collect(),
            workspace_id: show::id_or_empty(caller.workspace),
        }))
    }

    async fn run_doctor(&self, request: Request<pb::RunDoctorRequest>) -> Reply<pb::RunDoctorResponse> {
        let caller = Caller::of(&request)?;
        let pb::RunDoctorRequest {} = request.into_inner();
        let workspace = caller.workspace()?;
        if store::workspace::by_id(self.ctx.store.read(), workspace).await?.is_none() {
            return Err(Error::not_found("workspace").into());
        }

        let scope = Scope::new(self.ctx.store.read(), workspace);
        let now = self.ctx.clock.now();
        let times = (now - ROTATION_DUE, now);
        let seen = store::checklist::count(&scope, &self.ctx.keys.active_id(), times, self.facts()).await?;
        let seen = backups(&scope, seen).await?;
        let checks: Vec<_> = checklist(&seen).into_iter().map(pb::DoctorCheck::from).collect();
        let passed = checks.iter().all(|check| check.outcome() != pb::CheckOutcome::Failed);
        Ok(Response::new(pb::RunDoctorResponse { checks, passed }))
    }

    async fn list_effects(&self, request: Request<pb::ListEffectsRequest>) -> Reply<pb::ListEffectsResponse> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, caller.workspace, "ListEffects", page, &request);
        let pb::ListEffectsRequest { page_size: _, page_token: _, state, resource_id } = request;
        let (state, resource) = (effect::state(state)?, effect::resource(&resource_id)?);

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let page = store::effect::list(&scope, state, resource, &paging.ask()?).await?;
        let next_page_token = paging.next(page.next)?;
        let effects = page.rows.into_iter().map(effect::shown).collect::<Result<_>>()?;
        Ok(Response::new(pb::ListEffectsResponse { effects, next_page_token }))
    }
}

fn database(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "postgres",
        _ => "sqlite",
    }
}

impl From<Check> for pb::DoctorCheck {
    fn from(Check { name, verdict, message, remedy }: Check) -> Self {
        let outcome = match verdict {
            Verdict::Passed => pb::CheckOutcome::Passed,
            Verdict::Warning => pb::CheckOutcome::Warning,
            Verdict::Failed => pb::CheckOutcome::Failed,
            Verdict::Skipped => pb::CheckOutcome::Skipped,
        };
        Self { name: name.to_owned(), outcome: outcome.into(), message, remedy: remedy.to_owned() }
    }
}
