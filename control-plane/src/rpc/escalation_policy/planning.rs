//! What a ladder would do and what people would hear: a dry run that reaches nobody and stores nothing.

use callplane_proto::v1 as pb;
use callplane_twiml::Renderer;
use uuid::Uuid;

use super::shape::read_script;
use crate::{
    domain::{
        attempt::{Content, Talk},
        error::{Error, Result},
        id::{AttemptId, IncidentId, WorkspaceId},
        incident::{Incident, State},
        instruction::Instructions,
        ladder::{Channel, LONGEST_SPOKEN, Occasion, Script},
        policy::Policy,
        talk,
        time::Timestamp,
        zone::Zone,
    },
    flow::{
        Context,
        incident::{Forecast, forecast},
    },
    rpc::{
        attempt::shape::{read_channel, shown_verdict},
        edge::show::instructions,
        incident::shape::shown_step,
        read::{each, moment, parse, parse_or_none, required},
    },
    store::Scope,
};

/// Every step of a ladder for an event.
pub async fn plan(
    ctx: &Context,
    workspace: WorkspaceId,
    policy: Policy,
    request: pb::PlanEscalationRequest,
) -> Result<pb::PlanEscalationResponse> {
    let pb::PlanEscalationRequest { policy_id: _, contact_id, start_time, title, stand_in_ids } = request;
    let now = ctx.clock.now();
    let incident = Incident {
        id: IncidentId::from_uuid(Uuid::nil()),
        workspace_id: workspace,
        policy_id: policy.id,
        policy_version: policy.version,
        ladder: policy.ladder,
        meeting_id: None,
        event_key: String::new(),
        title,
        start_time: moment("start_time", required("start_time", start_time)?)?,
        contact_id: parse("contact_id", &contact_id)?,
        stand_ins: each("stand_in_ids", stand_in_ids, |id| parse("", &id))?,
        state: State::Open,
        outcome: None,
        answered_by: String::new(),
        answer_time: None,
        acknowledged_until: None,
        exhausted: false,
        steps: Vec::new(),
        end_time: None,
        version: 0,
        create_time: now,
        update_time: now,
    };
    let scope = Scope::new(ctx.store.read(), workspace);
    let forecasts = forecast(&scope, &incident, now).await?;
    Ok(pb::PlanEscalationResponse { steps: forecasts.into_iter().map(planned).collect() })
}

fn planned(Forecast { step, verdict, content }: Forecast) -> pb::PlannedStep {
    let refusal = verdict.refusal();
    let text = match content {
        Some(Content::Talk(talk)) => talk.text,
        Some(Content::Text(text) | Content::Mail { text, .. }) => text,
        Some(Content::Instructions(_)) | None => String::new(),
    };
    pb::PlannedStep {
        checks: shown_verdict(&verdict),
        refused_by: refusal.map(|check| check.guard.reason().to_owned()).unwrap_or_default(),
        why: refusal.map(|check| check.saw.clone()).unwrap_or_default(),
        text,
        step: Some(pb::Step { incident_id: String::new(), ..shown_step(IncidentId::from_uuid(Uuid::nil()), step) }),
    }
}

/// What somebody would hear or read.
pub fn preview(request: pb::PreviewScriptRequest, now: Timestamp) -> Result<pb::PreviewScriptResponse> {
    let pb::PreviewScriptRequest { script, channel, language, name, title, start_time, time_zone } = request;
    let script = script.map(read_script).unwrap_or_default();
    let channel = read_channel("channel", channel)?.unwrap_or(Channel::Voice);
    let start = start_time.map(|time| moment("start_time", time)).transpose()?;
    let occasion = Occasion {
        title: &title,
        name: &name,
        start: start.unwrap_or(now + chrono::Duration::minutes(2)),
        zone: parse_or_none("time_zone", &time_zone)?.unwrap_or(Zone::UTC),
        now,
    };
    let language = if script.language.is_empty() { language } else { script.language.clone() };
    let usual = talk::texts(&language).reminder;
    let text = occasion.fill(if script.text.is_empty() { usual } else { &script.text }, LONGEST_SPOKEN);
    let subject = occasion.fill(if script.subject.is_empty() { "{title}" } else { &script.subject }, 200);
    let (twiml, machine_twiml) = match channel {
        Channel::Voice => spoken(&script, &occasion, (&text, language))?,
        Channel::Sms | Channel::Whatsapp | Channel::Email => (String::new(), String::new()),
    };
    let subject = if channel == Channel::Email { subject } else { String::new() };
    Ok(pb::PreviewScriptResponse { text, subject, twiml, machine_twiml })
}

fn spoken(script: &Script, occasion: &Occasion<'_>, (text, language): (&str, String)) -> Result<(String, String)> {
    let talk = Talk {
        text: text.to_owned(),
        menu: occasion.fill(&script.menu, LONGEST_SPOKEN),
        language,
        voice: script.voice.clone(),
        asks: true,
        offers_opt_out: script.offers_opt_out,
    };
    let tag = AttemptId::from_uuid(Uuid::nil());
    Ok((twiml(talk::question(&talk, tag))?, twiml(talk::message(&talk))?))
}

/// Addresses stand as paths: a preview goes to nobody.
fn twiml(spoken: Instructions) -> Result<String> {
    Renderer::new("").instructions(&instructions(spoken)).map_err(Error::internal)
}
