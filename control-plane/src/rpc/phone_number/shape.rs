//! Numbers between the API and the domain.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        country::Country,
        error::{Error, Result},
        fallback::NumberFallback,
        id::{PhoneNumberId, WorkspaceId},
        phone_number::{Assignment, Drift, IntegrationMode, Patch, PhoneNumber, State, WebhooksState, Work},
        telephony::{Capabilities, Webhooks},
        time::Timestamp,
        webhooks::Difference,
    },
    flow::Journal,
    rpc::{read, show},
};

/// Reads a number that is to be added in this state; the id and the times are put in by `made`.
pub fn new_number(number: pb::PhoneNumber, state: State) -> Result<PhoneNumber> {
    let pb::PhoneNumber {
        id: _,
        display_name,
        account_id,
        e164,
        phone_number_sid,
        country_code: _,
        state: _,
        state_reason: _,
        capabilities,
        integration_mode,
        assignment: _,
        fallback,
        voicemail,
        webhooks_state: _,
        webhooks_error: _,
        desired_webhooks: _,
        observed_webhooks: _,
        observe_time: _,
        etag: _,
        create_time: _,
        update_time: _,
        pool: _,
        attachment: _,
        drift: _,
        whatsapp_sender,
    } = number;
    Ok(PhoneNumber {
        id: PhoneNumberId::from_uuid(uuid::Uuid::nil()),
        workspace_id: WorkspaceId::from_uuid(uuid::Uuid::nil()),
        account_id: read::parse("account_id", &account_id)?,
        display_name,
        e164: read::parse("e164", &e164)?,
        phone_number_sid: read::parse_or_none("phone_number_sid", &phone_number_sid)?,
        state,
        state_reason: String::new(),
        capabilities: capabilities.map_or_else(|| assumed(state), Capabilities::from),
        integration_mode: mode(integration_mode)?,
        assignment: None,
        fallback: number_fallback(fallback)?,
        voicemail: voicemail_box(voicemail)?,
        webhooks_state: WebhooksState::Unmanaged,
        webhooks_error: String::new(),
        desired_webhooks: None,
        observed_webhooks: None,
        observe_time: None,
        work: Work::Idle,
        version: 0,
        create_time: Timestamp::UNIX_EPOCH,
        update_time: Timestamp::UNIX_EPOCH,
        pool: None,
        attachment: None,
        drift: None,
        whatsapp_sender,
    })
}

/// The number as this transaction makes it.
pub fn made(number: PhoneNumber, journal: &Journal<'_>) -> PhoneNumber {
    PhoneNumber {
        id: PhoneNumberId::fresh(&*journal.ctx().ids),
        workspace_id: journal.workspace,
        create_time: journal.now,
        update_time: journal.now,
        ..number
    }
}

/// Twilio tells what an imported number can do; of one registered by hand, what nearly all of them can.
fn assumed(state: State) -> Capabilities {
    let by_hand = state == State::VerifyOnly;
    Capabilities { voice: by_hand, sms: by_hand, ..Capabilities::default() }
}

impl From<pb::PhoneNumberCapabilities> for Capabilities {
    fn from(pb::PhoneNumberCapabilities { voice, sms, mms, fax }: pb::PhoneNumberCapabilities) -> Self {
        Self { voice, sms, mms, fax }
    }
}

impl From<Capabilities> for pb::PhoneNumberCapabilities {
    fn from(Capabilities { voice, sms, mms, fax }: Capabilities) -> Self {
        Self { voice, sms, mms, fax }
    }
}

fn mode(number: i32) -> Result<IntegrationMode> {
    Ok(match read::member::<pb::IntegrationMode>("integration_mode", number)? {
        pb::IntegrationMode::Unspecified | pb::IntegrationMode::Edge => IntegrationMode::Edge,
        pb::IntegrationMode::Native => IntegrationMode::Native,
    })
}

fn number_fallback(fallback: Option<pb::Fallback>) -> Result<Option<NumberFallback>> {
    let Some(pb::Fallback { kind }) = fallback else { return Ok(None) };
    use pb::fallback::Kind;
    let kind = match read::required("fallback", kind)? {
        Kind::Announcement(announcement) => NumberFallback::Announcement(announcement.into()),
        Kind::Voicemail(own) => {
            let own = own.try_into().map_err(|error: Error| error.within("fallback.voicemail"))?;
            NumberFallback::Voicemail(own)
        }
        Kind::ForwardTo(number) => NumberFallback::ForwardTo { number: read::parse("fallback.forward_to", &number)? },
    };
    Ok(Some(kind))
}

fn voicemail_box(own: Option<pb::VoicemailBox>) -> Result<Option<crate::domain::agent::VoicemailBox>> {
    own.map(|own| own.try_into().map_err(|error: Error| error.within("voicemail"))).transpose()
}

/// Reads the fields that are to be changed, and only those.
pub fn patch(number: &pb::PhoneNumber, paths: &[String]) -> Result<Patch> {
    let mut patch = Patch::default();
    for path in paths {
        match path.as_str() {
            "display_name" => patch.display_name = Some(number.display_name.clone()),
            "capabilities" => patch.capabilities = Some(number.capabilities.unwrap_or_default().into()),
            "integration_mode" => patch.integration_mode = Some(mode(number.integration_mode)?),
            "fallback" => patch.fallback = Some(number_fallback(number.fallback.clone())?),
            "voicemail" => patch.voicemail = Some(voicemail_box(number.voicemail.clone())?),
            "whatsapp_sender" => patch.whatsapp_sender = Some(number.whatsapp_sender),
            other => return Err(read::no_such_path(other)),
        }
    }
    Ok(patch)
}

/// Reads who shall answer.
pub fn assignment(assignment: pb::Assignment) -> Result<Assignment> {
    let pb::Assignment { target } = assignment;
    use pb::assignment::Target;
    match target {
        Some(Target::AgentId(id)) => Ok(Assignment::Agent(read::parse("assignment.agent_id", &id)?)),
        Some(Target::RoutePlanId(id)) => Ok(Assignment::RoutePlan(read::parse("assignment.route_plan_id", &id)?)),
        None => Err(Error::invalid("assignment", "name an agent or a route plan")),
    }
}

impl From<Assignment> for pb::Assignment {
    fn from(assignment: Assignment) -> Self {
        use pb::assignment::Target;
        let target = match assignment {
            Assignment::Agent(id) => Target::AgentId(id.to_string()),
            Assignment::RoutePlan(id) => Target::RoutePlanId(id.to_string()),
        };
        Self { target: Some(target) }
    }
}

impl From<NumberFallback> for pb::Fallback {
    fn from(fallback: NumberFallback) -> Self {
        use pb::fallback::Kind;
        let kind = match fallback {
            NumberFallback::Announcement(announcement) => Kind::Announcement(announcement.into()),
            NumberFallback::Voicemail(own) => Kind::Voicemail(own.into()),
            NumberFallback::ForwardTo { number } => Kind::ForwardTo(number.as_str().to_owned()),
        };
        Self { kind: Some(kind) }
    }
}

impl From<Webhooks> for pb::Webhooks {
    fn from(webhooks: Webhooks) -> Self {
        let Webhooks {
            voice_url,
            voice_fallback_url,
            status_callback_url,
            sms_url,
            sms_fallback_url,
            voice_application_sid,
            sms_application_sid: _,
            trunk_sid,
        } = webhooks;
        Self {
            voice_url: voice_url.unwrap_or_default(),
            voice_fallback_url: voice_fallback_url.unwrap_or_default(),
            status_callback_url: status_callback_url.unwrap_or_default(),
            sms_url: sms_url.unwrap_or_default(),
            sms_fallback_url: sms_fallback_url.unwrap_or_default(),
            voice_application_sid: voice_application_sid.unwrap_or_default(),
            trunk_sid: trunk_sid.unwrap_or_default(),
        }
    }
}

impl From<Difference> for pb::WebhookDifference {
    fn from(Difference { field, desired, observed }: Difference) -> Self {
        Self { field: field.to_owned(), desired, observed }
    }
}

impl From<PhoneNumber> for pb::PhoneNumber {
    fn from(number: PhoneNumber) -> Self {
        Self {
            id: number.id.to_string(),
            display_name: number.display_name,
            account_id: number.account_id.to_string(),
            country_code: show::id_or_empty(Country::of(&number.e164)),
            e164: number.e164.into(),
            phone_number_sid: show::id_or_empty(number.phone_number_sid),
            state: shown_state(number.state).into(),
            state_reason: number.state_reason,
            capabilities: Some(number.capabilities.into()),
            integration_mode: match number.integration_mode {
                IntegrationMode::Edge => pb::IntegrationMode::Edge.into(),
                IntegrationMode::Native => pb::IntegrationMode::Native.into(),
            },
            assignment: number.assignment.map(Into::into),
            fallback: number.fallback.map(Into::into),
            voicemail: number.voicemail.map(Into::into),
            webhooks_state: shown_webhooks_state(number.webhooks_state).into(),
            webhooks_error: number.webhooks_error,
            desired_webhooks: number.desired_webhooks.map(Into::into),
            observed_webhooks: number.observed_webhooks.map(Into::into),
            observe_time: number.observe_time.map(show::moment),
            etag: show::etag(number.version),
            create_time: Some(show::moment(number.create_time)),
            update_time: Some(show::moment(number.update_time)),
            pool: number.pool.map(Into::into),
            attachment: number.attachment.map(Into::into),
            drift: number.drift.filter(Drift::is_open).map(Into::into),
            whatsapp_sender: number.whatsapp_sender,
        }
    }
}

fn shown_state(state: State) -> pb::PhoneNumberState {
    match state {
        State::Pending => pb::PhoneNumberState::Pending,
        State::Active => pb::PhoneNumberState::Active,
        State::Refused => pb::PhoneNumberState::Refused,
        State::VerifyOnly => pb::PhoneNumberState::VerifyOnly,
    }
}

/// Reads the state a list is narrowed to.
pub fn state(number: i32) -> Result<Option<State>> {
    Ok(match read::member::<pb::PhoneNumberState>("state", number)? {
        pb::PhoneNumberState::Unspecified => None,
        pb::PhoneNumberState::Pending => Some(State::Pending),
        pb::PhoneNumberState::Active => Some(State::Active),
        pb::PhoneNumberState::Refused => Some(State::Refused),
        pb::PhoneNumberState::VerifyOnly => Some(State::VerifyOnly),
    })
}

fn shown_webhooks_state(state: WebhooksState) -> pb::WebhooksState {
    match state {
        WebhooksState::Unmanaged => pb::WebhooksState::Unmanaged,
        WebhooksState::Pending => pb::WebhooksState::Pending,
        WebhooksState::InSync => pb::WebhooksState::InSync,
        WebhooksState::Drifted => pb::WebhooksState::Drifted,
        WebhooksState::Failed => pb::WebhooksState::Failed,
    }
}

/// Reads the state of the webhooks a list is narrowed to.
pub fn webhooks_state(number: i32) -> Result<Option<WebhooksState>> {
    Ok(match read::member::<pb::WebhooksState>("webhooks_state", number)? {
        pb::WebhooksState::Unspecified => None,
        pb::WebhooksState::Unmanaged => Some(WebhooksState::Unmanaged),
        pb::WebhooksState::Pending => Some(WebhooksState::Pending),
        pb::WebhooksState::InSync => Some(WebhooksState::InSync),
        pb::WebhooksState::Drifted => Some(WebhooksState::Drifted),
        pb::WebhooksState::Failed => Some(WebhooksState::Failed),
    })
}
