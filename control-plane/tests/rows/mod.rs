//! Rows that stories need and no service of theirs makes, and a look at what was told and audited.

#![allow(dead_code, reason = "every test file uses a part of it")]

use callplane_control_plane::{
    domain::{
        call::{Call, Direction, Source, Status},
        id::{AccountId, AgentId, CallId, EventId, Id, PhoneNumberId, VoicemailId},
        phone_number::{Assignment, IntegrationMode, PhoneNumber, State, WebhooksState, Work},
        recording::RecordingStatus,
        seconds::Seconds,
        telephony::Capabilities,
        voicemail::{Mark, Voicemail},
    },
    flow::Journal,
    rpc::account::Accounts,
    store::{Scope, audit, call, event, phone_number, voicemail},
};
use callplane_proto::v1::{self as pb, account_service_server::AccountService};
use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use super::common::Plane;

/// The UUID in an id.
pub fn uuid<K>(id: Id<K>) -> Uuid {
    id.uuid()
}

/// Assigned to this agent.
pub fn to_agent(id: &str) -> Assignment {
    Assignment::Agent(id.parse::<AgentId>().expect("an id"))
}

/// Assigned to this plan.
pub fn to_plan(id: &str) -> Assignment {
    Assignment::RoutePlan(id.parse().expect("an id"))
}

async fn account(plane: &Plane, number: &str) -> AccountId {
    let account_sid = format!("AC{:0>32}", number.trim_start_matches('+'));
    let account = pb::Account { display_name: "Main".into(), account_sid, ..Default::default() };
    let credentials = pb::Credentials { auth_token: "a".repeat(32), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let request = plane.ask("AccountService/CreateAccount", request);
    let answer = Accounts::new(plane.ctx.clone()).create_account(request).await.expect("created");
    answer.into_inner().account.expect("always there").id.parse().expect("an id")
}

/// A number of an account of its own.
pub async fn number(plane: &Plane, e164: &str, assignment: Option<Assignment>) -> PhoneNumberId {
    let account_id = account(plane, e164).await;
    let journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
    let number = PhoneNumber {
        id: PhoneNumberId::fresh(&*plane.ctx.ids),
        workspace_id: plane.workspace,
        account_id,
        display_name: String::new(),
        e164: e164.parse().expect("E.164"),
        phone_number_sid: None,
        state: State::VerifyOnly,
        state_reason: String::new(),
        capabilities: Capabilities::default(),
        integration_mode: IntegrationMode::Edge,
        assignment,
        fallback: None,
        voicemail: None,
        webhooks_state: WebhooksState::Unmanaged,
        webhooks_error: String::new(),
        desired_webhooks: None,
        observed_webhooks: None,
        observe_time: None,
        work: Work::Idle,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
        pool: None,
        attachment: None,
        drift: None,
        whatsapp_sender: false,
    };
    phone_number::insert(journal.txn(), std::slice::from_ref(&number)).await.expect("inserts");
    journal.commit().await.expect("commits");
    number.id
}

/// A call that rings, the `number`th, a minute after the one before.
pub fn call(plane: &Plane, number: u32) -> Call {
    let start_time = plane.ctx.clock.now() + Duration::minutes(number.into());
    Call {
        id: CallId::fresh(&*plane.ctx.ids),
        workspace_id: plane.workspace,
        call_sid: format!("CA{number:032x}").parse().expect("a SID"),
        parent_call_sid: None,
        account_id: AccountId::fresh(&*plane.ctx.ids),
        phone_number_id: None,
        direction: Some(Direction::Inbound),
        from: "+15005550006".into(),
        to: "+15005550007".into(),
        status: Status::Ringing,
        sequence: None,
        agent_id: None,
        tried_agent_ids: Vec::new(),
        decision: None,
        start_time,
        answer_time: None,
        connect_time: None,
        end_time: None,
        duration: None,
        answered_by: String::new(),
        sip_response_code: 0,
        forwarded_from: "".into(),
        stir_verstat: String::new(),
        source: Source::Webhook,
        simulated: false,
        recording_sids: Default::default(),
        check_time: None,
        version: 1,
        create_time: start_time,
        update_time: start_time,
    }
}

/// Stores a call and tells of it, as a webhook would.
pub async fn told(plane: &Plane, call: &Call, kind: &'static str) {
    let mut journal = Journal::begin(&plane.ctx, call.workspace_id).await.expect("begins");
    assert!(call::put(journal.txn(), &[call]).await.expect("written"));
    journal.tell(kind, &call.id, json!({ "status": call.status }));
    journal.commit().await.expect("commits");
}

/// A voicemail of 9 seconds.
pub async fn voicemail(plane: &Plane, number: u32) -> VoicemailId {
    let journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
    let voicemail = Voicemail {
        id: VoicemailId::fresh(&*plane.ctx.ids),
        workspace_id: plane.workspace,
        call_id: CallId::fresh(&*plane.ctx.ids),
        phone_number_id: None,
        from: "+15005550006".into(),
        recording_sid: format!("RE{number:032x}").parse().expect("a SID"),
        recording_status: RecordingStatus::Completed,
        duration: Some(Seconds(9)),
        mark: Mark::Unread,
        version: 1,
        create_time: journal.now,
        update_time: journal.now,
    };
    assert!(voicemail::put(journal.txn(), &[&voicemail]).await.expect("written"));
    journal.commit().await.expect("commits");
    voicemail.id
}

/// Tells of something, and nothing else.
pub async fn tell(plane: &Plane, kind: &'static str, data: serde_json::Value) {
    let mut journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
    journal.tell(kind, &EventId::fresh(&*plane.ctx.ids), data);
    journal.commit().await.expect("commits");
}

/// What was told of a resource, in order.
pub async fn kinds_of(plane: &Plane, resource: &str) -> Vec<String> {
    let filter = event::Filter { resource: Some(resource.to_owned()), ..Default::default() };
    let events = event::after(plane.ctx.store.read(), &filter, 0, 100).await.expect("read");
    events.into_iter().map(|event| event.kind).collect()
}

/// The methods in the audit chain, in order.
pub async fn audited(plane: &Plane) -> Vec<String> {
    let scope = Scope::new(plane.ctx.store.read(), plane.workspace);
    let entries = audit::after(&scope, 0, 100).await.expect("read");
    entries.into_iter().map(|entry| entry.method).collect()
}
