//! The API as a caller sees it: one channel, one token, a typed client for each service.

use callplane_proto::{edge::v1::edge_service_client::EdgeServiceClient, v1 as pb};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// A channel that carries a token.
pub type Line = InterceptedService<Channel, Bearer>;

/// The token, and the workspace an operator means.
#[derive(Clone)]
pub struct Bearer {
    token: Option<MetadataValue<Ascii>>,
    workspace: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        if let Some(workspace) = &self.workspace {
            request.metadata_mut().insert("callplane-workspace", workspace.clone());
        }
        Ok(request)
    }
}

/// Everything one caller may call.
#[derive(Clone)]
pub struct Api {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! services {
    ($($(#[$about:meta])* $name:ident: $client:ty;)+) => {$(
        $(#[$about])*
        pub fn $name(&self) -> $client {
            <$client>::new(self.line())
        }
    )+};
}

impl Api {
    /// Calls `address` without a token. Connects at the first call.
    pub fn new(address: &str) -> Self {
        let channel = Endpoint::from_shared(address.to_owned()).expect("an address").connect_lazy();
        Self { channel, bearer: Bearer { token: None, workspace: None } }
    }

    /// The same with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        let token = Some(format!("Bearer {token}").parse().expect("a token is ASCII"));
        Self { channel: self.channel.clone(), bearer: Bearer { token, ..self.bearer.clone() } }
    }

    /// The same, meaning this workspace.
    #[must_use]
    pub fn within(&self, workspace_id: &str) -> Self {
        let workspace = Some(workspace_id.parse().expect("an id is ASCII"));
        Self { channel: self.channel.clone(), bearer: Bearer { workspace, ..self.bearer.clone() } }
    }

    /// For methods that are called by name.
    pub fn line(&self) -> Line {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    services! {
        /// Workspaces.
        workspaces: pb::workspace_service_client::WorkspaceServiceClient<Line>;
        /// Tokens.
        tokens: pb::token_service_client::TokenServiceClient<Line>;
        /// Accounts.
        accounts: pb::account_service_client::AccountServiceClient<Line>;
        /// Numbers.
        numbers: pb::phone_number_service_client::PhoneNumberServiceClient<Line>;
        /// Agents.
        agents: pb::agent_service_client::AgentServiceClient<Line>;
        /// Route plans.
        route_plans: pb::route_plan_service_client::RoutePlanServiceClient<Line>;
        /// Calls.
        calls: pb::call_service_client::CallServiceClient<Line>;
        /// Voicemails.
        voicemails: pb::voicemail_service_client::VoicemailServiceClient<Line>;
        /// Messages.
        messages: pb::message_service_client::MessageServiceClient<Line>;
        /// Contacts.
        contacts: pb::contact_service_client::ContactServiceClient<Line>;
        /// What contacts allowed.
        consents: pb::consent_service_client::ConsentServiceClient<Line>;
        /// The do-not-call list.
        dnc: pb::dnc_service_client::DncServiceClient<Line>;
        /// Escalation policies.
        policies: pb::escalation_policy_service_client::EscalationPolicyServiceClient<Line>;
        /// Incidents.
        incidents: pb::incident_service_client::IncidentServiceClient<Line>;
        /// Meetings.
        meetings: pb::meeting_service_client::MeetingServiceClient<Line>;
        /// Calendars that meetings are read from.
        calendars: pb::calendar_service_client::CalendarServiceClient<Line>;
        /// Attempts to reach people.
        attempts: pb::attempt_service_client::AttemptServiceClient<Line>;
        /// The emergency stop and the limits of what goes out.
        outbound: pb::outbound_service_client::OutboundServiceClient<Line>;
        /// Health of accounts.
        monitors: pb::monitor_service_client::MonitorServiceClient<Line>;
        /// What people were told.
        notifications: pb::notification_service_client::NotificationServiceClient<Line>;
        /// The event log.
        events: pb::event_service_client::EventServiceClient<Line>;
        /// Failovers.
        failovers: pb::failover_service_client::FailoverServiceClient<Line>;
        /// The audit chain.
        audit: pb::audit_service_client::AuditServiceClient<Line>;
        /// The server itself.
        system: pb::system_service_client::SystemServiceClient<Line>;
        /// What edges call.
        edge: EdgeServiceClient<Line>;
    }
}
