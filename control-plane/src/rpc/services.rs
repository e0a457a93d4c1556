//! Every public service, ready to be served. A service that is missing here answers nobody; a test compares this list with
//! the descriptors.

use std::sync::Arc;

use callplane_proto::v1 as pb;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{
    account::Accounts, agent::Agents, attempt::Attempts, audit::Audit, calendar::Calendars, call::Calls,
    consent::Consents, contact::Contacts, dnc::DoNotCall, escalation_policy::EscalationPolicies, event::Events,
    failover::Failovers, incident::Incidents, meeting::Meetings, message::Messages, monitor::Monitors,
    notification::Notifications, outbound::Outbound, phone_number::PhoneNumbers, route_plan::RoutePlans,
    system::System, token::Tokens, voicemail::Voicemails, workspace::Workspaces,
};
use crate::{flow::Context, token::TokenKeys};

/// Adds every public service.
pub fn add(routes: Routes, ctx: &Arc<Context>, tokens: &Arc<TokenKeys>, stop: &CancellationToken) -> Routes {
    routes
        .add_service(pb::account_service_server::AccountServiceServer::new(Accounts::new(Arc::clone(ctx))))
        .add_service(pb::agent_service_server::AgentServiceServer::new(Agents::new(Arc::clone(ctx))))
        .add_service(pb::route_plan_service_server::RoutePlanServiceServer::new(RoutePlans::new(Arc::clone(ctx))))
        .add_service(pb::call_service_server::CallServiceServer::new(Calls::new(Arc::clone(ctx), stop.clone())))
        .add_service(pb::voicemail_service_server::VoicemailServiceServer::new(Voicemails::new(Arc::clone(ctx))))
        .add_service(pb::message_service_server::MessageServiceServer::new(Messages::new(Arc::clone(ctx))))
        .add_service(pb::contact_service_server::ContactServiceServer::new(Contacts::new(Arc::clone(ctx))))
        .add_service(pb::consent_service_server::ConsentServiceServer::new(Consents::new(Arc::clone(ctx))))
        .add_service(pb::dnc_service_server::DncServiceServer::new(DoNotCall::new(Arc::clone(ctx))))
        .add_service(pb::monitor_service_server::MonitorServiceServer::new(Monitors::new(
            Arc::clone(ctx),
            stop.clone(),
        )))
        .add_service(pb::notification_service_server::NotificationServiceServer::new(Notifications::new(Arc::clone(
            ctx,
        ))))
        .add_service(pb::event_service_server::EventServiceServer::new(Events::new(Arc::clone(ctx), stop.clone())))
        .add_service(pb::failover_service_server::FailoverServiceServer::new(Failovers::new(
            Arc::clone(ctx),
            stop.clone(),
        )))
        .add_service(pb::escalation_policy_service_server::EscalationPolicyServiceServer::new(EscalationPolicies::new(
            Arc::clone(ctx),
        )))
        .add_service(pb::incident_service_server::IncidentServiceServer::new(Incidents::new(Arc::clone(ctx))))
        .add_service(pb::meeting_service_server::MeetingServiceServer::new(Meetings::new(Arc::clone(ctx))))
        .add_service(pb::calendar_service_server::CalendarServiceServer::new(Calendars::new(Arc::clone(ctx))))
        .add_service(pb::attempt_service_server::AttemptServiceServer::new(Attempts::new(Arc::clone(ctx))))
        .add_service(pb::outbound_service_server::OutboundServiceServer::new(Outbound::new(Arc::clone(ctx))))
        .add_service(pb::audit_service_server::AuditServiceServer::new(Audit::new(Arc::clone(ctx))))
        .add_service(pb::phone_number_service_server::PhoneNumberServiceServer::new(PhoneNumbers::new(Arc::clone(ctx))))
        .add_service(pb::system_service_server::SystemServiceServer::new(System::new(Arc::clone(ctx))))
        .add_service(pb::token_service_server::TokenServiceServer::new(Tokens::new(
            Arc::clone(ctx),
            Arc::clone(tokens),
        )))
        .add_service(pb::workspace_service_server::WorkspaceServiceServer::new(Workspaces::new(Arc::clone(ctx))))
}
