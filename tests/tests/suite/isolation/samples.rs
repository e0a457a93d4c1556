//! One valid request for every method of the API. `{account}` and the like stand for ids of another workspace.

/// Each kind of id that a request can name.
pub const KINDS: [&str; 17] = [
    "workspace",
    "token",
    "account",
    "number",
    "agent",
    "plan",
    "call",
    "voicemail",
    "message",
    "notification",
    "failover",
    "contact",
    "policy",
    "incident",
    "attempt",
    "meeting",
    "calendar",
];

/// Somebody who is on the workspace's do-not-call list.
pub const REFUSER: &str = "+14155550114";

const BOX: &str = r#"{"display_name": "Theirs", "announcement": {"text": "Hello."}, "fallback_agent_id": "{agent}"}"#;
const PLAN: &str = r#"{"display_name": "Theirs", "rules": [{"display_name": "All", "targets": [{"agent_id": "{agent}", "weight": 1}]}],
                      "fallback": {"announcement": {"text": "Hello."}}}"#;
const LADDER: &str = r#"{"display_name": "Theirs", "rungs": [{"offset": "-60s", "channel": 2}]}"#;
const NUMBER: &str = r#"{"account_id": "{account}", "e164": "+14155550111", "capabilities": {"voice": true}}"#;

/// The request of a method as JSON; `None` if nobody has thought about the method yet.
pub fn request(method: &str) -> Option<String> {
    let text = match method.strip_prefix("callplane.")? {
        "v1.WorkspaceService/CreateWorkspace" => r#"{"workspace": {"display_name": "New"}}"#.into(),
        "v1.WorkspaceService/GetWorkspace" => r#"{"workspace_id": "{workspace}"}"#.into(),
        "v1.WorkspaceService/UpdateWorkspace" => {
            r#"{"workspace": {"id": "{workspace}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.TokenService/CreateToken" => {
            r#"{"token": {"display_name": "T", "audience": 1, "scopes": ["calls:read"]}, "ttl": "3600s"}"#.into()
        }
        "v1.TokenService/GetToken" | "v1.TokenService/RevokeToken" => r#"{"token_id": "{token}"}"#.into(),
        "v1.AccountService/CreateAccount" => format!(r#"{{"account": {}}}"#, account("1")),
        "v1.AccountService/BatchCreateAccounts" => format!(r#"{{"requests": [{{"account": {}}}]}}"#, account("2")),
        "v1.AccountService/UpdateAccount" => {
            r#"{"account": {"id": "{account}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.AccountService/SetAccountCredentials" => format!(
            r#"{{"account_id": "{{account}}", "credentials": {{"auth_token": "{}"}}}}"#,
            "0123456789abcdef".repeat(2)
        ),
        "v1.AccountService/ClearAccountCredentials" => r#"{"account_id": "{account}", "fields": [1]}"#.into(),
        "v1.AccountService/GetAccount"
        | "v1.AccountService/DeleteAccount"
        | "v1.AccountService/SetPrimaryAccount"
        | "v1.AccountService/PromoteAccountAuthToken"
        | "v1.AccountService/VerifyAccount"
        | "v1.PhoneNumberService/ReconcileNumbers"
        | "v1.MonitorService/GetAccountHealth"
        | "v1.MonitorService/RunHealthCheck"
        | "v1.MonitorService/ExplainHealth"
        | "v1.MonitorService/AcceptApiKeys"
        | "v1.CallService/GetReconciliation" => r#"{"account_id": "{account}"}"#.into(),
        "v1.CallService/ReconcileCalls" => {
            r#"{"account_id": "{account}", "since_time": "2026-11-20T12:00:00Z"}"#.into()
        }
        "v1.NotificationService/GetNotification" | "v1.NotificationService/ResendNotification" => {
            r#"{"notification_id": "{notification}"}"#.into()
        }
        "v1.NotificationService/SendTestNotification" => r#"{"recipients": ["ops@example.com"]}"#.into(),
        "v1.NotificationService/ListNotifications" => "{}".into(),
        "v1.AccountService/ListAccounts" => r#"{"parent_account_id": "{account}"}"#.into(),
        "v1.PhoneNumberService/RegisterPhoneNumber" | "v1.PhoneNumberService/ImportPhoneNumber" => {
            format!(r#"{{"phone_number": {NUMBER}}}"#)
        }
        "v1.PhoneNumberService/BatchRegisterPhoneNumbers" => {
            format!(r#"{{"phone_numbers": [{NUMBER}], "assignment": {{"agent_id": "{{agent}}"}}}}"#)
        }
        "v1.PhoneNumberService/ListPhoneNumbers" => {
            r#"{"account_id": "{account}", "agent_id": "{agent}", "route_plan_id": "{plan}"}"#.into()
        }
        "v1.PhoneNumberService/UpdatePhoneNumber" => {
            r#"{"phone_number": {"id": "{number}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.PhoneNumberService/AttachPhoneNumber" => r#"{"phone_number_id": "{number}", "agent_id": "{agent}"}"#.into(),
        "v1.PhoneNumberService/AssignPhoneNumber" => {
            r#"{"phone_number_id": "{number}", "assignment": {"agent_id": "{agent}"}}"#.into()
        }
        "v1.PhoneNumberService/BatchAssignPhoneNumbers" => {
            r#"{"phone_number_ids": ["{number}"], "assignment": {"route_plan_id": "{plan}"}}"#.into()
        }
        "v1.PhoneNumberService/GetPhoneNumber"
        | "v1.PhoneNumberService/DeletePhoneNumber"
        | "v1.PhoneNumberService/UnassignPhoneNumber"
        | "v1.PhoneNumberService/ConfigureWebhooks"
        | "v1.PhoneNumberService/UnpinPhoneNumber"
        | "v1.PhoneNumberService/RequalifyPhoneNumber"
        | "v1.PhoneNumberService/DetachPhoneNumber"
        | "v1.PhoneNumberService/RemovePhoneNumberImport"
        | "v1.PhoneNumberService/GetWebhookInstructions" => r#"{"phone_number_id": "{number}"}"#.into(),
        "v1.PhoneNumberService/AddToPool" | "v1.PhoneNumberService/RemoveFromPool" => {
            r#"{"phone_number_ids": ["{number}"]}"#.into()
        }
        "v1.PhoneNumberService/PinPhoneNumber" => r#"{"phone_number_id": "{number}", "agent_id": "{agent}"}"#.into(),
        "v1.PhoneNumberService/GetPoolCoverage" => r#"{"account_id": "{account}"}"#.into(),
        "v1.AgentService/CreateAgent" => format!(r#"{{"agent": {BOX}}}"#),
        "v1.AgentService/UpdateAgent" => {
            r#"{"agent": {"id": "{agent}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.AgentService/GetAgent"
        | "v1.AgentService/DeleteAgent"
        | "v1.AgentService/PauseAgent"
        | "v1.AgentService/ResumeAgent" => r#"{"agent_id": "{agent}"}"#.into(),
        "v1.RoutePlanService/CreateRoutePlan" => format!(r#"{{"route_plan": {PLAN}}}"#),
        "v1.RoutePlanService/UpdateRoutePlan" => {
            r#"{"route_plan": {"id": "{plan}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.RoutePlanService/GetRoutePlan" | "v1.RoutePlanService/DeleteRoutePlan" => {
            r#"{"route_plan_id": "{plan}"}"#.into()
        }
        "v1.RoutePlanService/EvaluateRoute" => {
            r#"{"phone_number_id": "{number}", "from_number": "+14155550112"}"#.into()
        }
        "v1.CallService/GetCall" | "v1.CallService/ListCallEvents" => r#"{"call_id": "{call}"}"#.into(),
        "v1.CallService/ListCalls" => {
            r#"{"phone_number_id": "{number}", "agent_id": "{agent}", "account_id": "{account}"}"#.into()
        }
        "v1.CallService/WatchCalls" => {
            r#"{"phone_number_id": "{number}", "agent_id": "{agent}", "from_beginning": true}"#.into()
        }
        "v1.CallService/RedeemStreamToken" => r#"{"token": "0123456789abcdef0123456789abcdef"}"#.into(),
        "v1.MonitorService/ListProbes" => r#"{"account_id": "{account}", "agent_id": "{agent}"}"#.into(),
        "v1.MonitorService/WatchHealth" => r#"{"account_id": "{account}", "from_beginning": true}"#.into(),
        "v1.MonitorService/UpdateMonitorPolicy" => {
            r#"{"monitor_policy": {"keep_drift": true}, "update_mask": "keepDrift"}"#.into()
        }
        "v1.VoicemailService/GetVoicemail" => r#"{"voicemail_id": "{voicemail}"}"#.into(),
        "v1.VoicemailService/ListVoicemails" => r#"{"phone_number_id": "{number}", "call_id": "{call}"}"#.into(),
        "v1.VoicemailService/MarkVoicemail" => r#"{"voicemail_id": "{voicemail}", "mark": 2}"#.into(),
        "v1.MessageService/GetMessage" => r#"{"message_id": "{message}"}"#.into(),
        "v1.MessageService/ListMessages" => r#"{"phone_number_id": "{number}"}"#.into(),
        "v1.ContactService/CreateContact" => {
            r#"{"contact": {"display_name": "Theirs", "phone_number": "+14155550113", "external_id": "theirs"}}"#.into()
        }
        "v1.ContactService/UpdateContact" => {
            r#"{"contact": {"id": "{contact}", "display_name": "Taken"}, "update_mask": "displayName"}"#.into()
        }
        "v1.ContactService/GetContact" | "v1.ContactService/DeleteContact" => r#"{"contact_id": "{contact}"}"#.into(),
        "v1.EscalationPolicyService/CreateEscalationPolicy" => format!(r#"{{"escalation_policy": {LADDER}}}"#),
        "v1.EscalationPolicyService/UpdateEscalationPolicy" => {
            r#"{"escalation_policy": {"id": "{policy}", "display_name": "Taken", "rungs": [{"offset": "-60s", "channel": 2}]},
                "update_mask": "displayName"}"#
                .into()
        }
        "v1.EscalationPolicyService/GetEscalationPolicy" | "v1.EscalationPolicyService/DeleteEscalationPolicy" => {
            r#"{"policy_id": "{policy}"}"#.into()
        }
        "v1.EscalationPolicyService/PlanEscalation" | "v1.IncidentService/OpenIncident" => {
            r#"{"policy_id": "{policy}", "contact_id": "{contact}", "start_time": "2036-01-01T09:00:00Z", "title": "T"}"#.into()
        }
        "v1.IncidentService/GetIncident"
        | "v1.IncidentService/AcknowledgeIncident"
        | "v1.IncidentService/ResolveIncident"
        | "v1.IncidentService/ExplainIncident" => r#"{"incident_id": "{incident}"}"#.into(),
        "v1.IncidentService/CheckInIncident" => r#"{"incident_id": "{incident}", "check_in": 1}"#.into(),
        "v1.IncidentService/ListIncidents" => r#"{"contact_id": "{contact}"}"#.into(),
        "v1.IncidentService/ListSteps" => r#"{"incident_id": "{incident}"}"#.into(),
        "v1.AttemptService/GetAttempt" | "v1.AttemptService/CancelAttempt" => r#"{"attempt_id": "{attempt}"}"#.into(),
        "v1.AttemptService/ListAttempts" => r#"{"incident_id": "{incident}"}"#.into(),
        "v1.CallService/PlaceCall" | "v1.MessageService/SendMessage" => {
            r#"{"contact_id": "{contact}", "text": "Hello"}"#.into()
        }
        "v1.MeetingService/CreateMeeting" => r#"{"meeting": {"title": "T", "start_time": "2036-01-01T09:00:00Z",
                "policy_id": "{policy}", "attendee_ids": ["{contact}"]}}"#
            .into(),
        "v1.MeetingService/UpdateMeeting" => {
            r#"{"meeting": {"id": "{meeting}", "title": "Taken"}, "update_mask": "title"}"#.into()
        }
        "v1.MeetingService/GetMeeting" | "v1.MeetingService/CancelMeeting" => r#"{"meeting_id": "{meeting}"}"#.into(),
        "v1.MeetingService/CheckInMeeting" => {
            r#"{"meeting_id": "{meeting}", "contact_id": "{contact}", "check_in": 1}"#.into()
        }
        "v1.MeetingService/ListMeetings" => r#"{"calendar_feed_id": "{calendar}"}"#.into(),
        "v1.CalendarService/CreateCalendarFeed" => r#"{"calendar_feed": {"display_name": "Theirs", "policy_id": "{policy}"},
                "url": "https://calendar.example.com/theirs.ics"}"#
            .into(),
        "v1.CalendarService/GetCalendarFeed"
        | "v1.CalendarService/SyncCalendarFeed"
        | "v1.CalendarService/DeleteCalendarFeed" => r#"{"calendar_feed_id": "{calendar}"}"#.into(),
        "v1.OutboundService/UpdateOutboundPolicy" => {
            r#"{"outbound_policy": {"calls_per_second": 2}, "update_mask": "callsPerSecond"}"#.into()
        }
        "v1.OutboundService/StopOutbound" => r#"{"reason": "theirs"}"#.into(),
        "v1.ConsentService/RecordConsent" => {
            r#"{"consent": {"address": "+14155550113", "channel": 1, "state": 1, "source": "web-form"}}"#.into()
        }
        "v1.DncService/AddDncEntry" | "v1.DncService/RemoveDncEntry" => r#"{"phone_number": "+14155550113"}"#.into(),
        "v1.DncService/GetDncEntry" => format!(r#"{{"phone_number": "{REFUSER}"}}"#),
        "v1.DncService/ImportDncEntries" => r#"{"phone_numbers": ["+14155550113"]}"#.into(),
        "v1.FailoverService/StartFailover" => {
            r#"{"account_id": "{account}", "target_account_id": "{account}", "reason": "Theirs."}"#.into()
        }
        "v1.FailoverService/StartRehearsal" => r#"{"agent_id": "{agent}", "account_id": "{account}"}"#.into(),
        "v1.FailoverService/RollbackFailover" => r#"{"failover_id": "{failover}", "reason": "Theirs."}"#.into(),
        "v1.FailoverService/ListFailovers" => r#"{"account_id": "{account}"}"#.into(),
        "v1.FailoverService/ApproveFailover"
        | "v1.FailoverService/CancelFailover"
        | "v1.FailoverService/RetryFailover"
        | "v1.FailoverService/AbandonFailover"
        | "v1.FailoverService/GetFailover"
        | "v1.FailoverService/ListFailoverMoves"
        | "v1.FailoverService/ListFailoverEvents"
        | "v1.FailoverService/WatchFailover" => r#"{"failover_id": "{failover}"}"#.into(),
        "v1.EventService/ListEvents" | "v1.AuditService/ListAuditEntries" | "v1.SystemService/ListEffects" => {
            r#"{"resource_id": "{account}"}"#.into()
        }
        "v1.WorkspaceService/ListWorkspaces"
        | "v1.TokenService/ListTokens"
        | "v1.AgentService/ListAgents"
        | "v1.RoutePlanService/ListRoutePlans"
        | "v1.ContactService/ListContacts"
        | "v1.EscalationPolicyService/ListEscalationPolicies"
        | "v1.EscalationPolicyService/PreviewScript"
        | "v1.CalendarService/ListCalendarFeeds"
        | "v1.OutboundService/GetOutboundPolicy"
        | "v1.OutboundService/ResumeOutbound"
        | "v1.ConsentService/ListConsents"
        | "v1.DncService/ListDncEntries"
        | "v1.EventService/WatchEvents"
        | "v1.AuditService/VerifyAuditChain"
        | "v1.SystemService/GetServerInfo"
        | "v1.SystemService/RunDoctor"
        | "v1.MonitorService/ListAccountHealth"
        | "v1.MonitorService/GetMonitorPolicy"
        | "edge.v1.EdgeService/RunHealthChecks"
        | "edge.v1.EdgeService/Handle"
        | "edge.v1.EdgeService/WatchState" => "{}".into(),
        _ => return None,
    };
    Some(text)
}

fn account(digit: &str) -> String {
    let sid = format!("AC{}", digit.repeat(32));
    format!(r#"{{"display_name": "Theirs", "account_sid": "{sid}", "parent_account_id": "{{account}}"}}"#)
}
