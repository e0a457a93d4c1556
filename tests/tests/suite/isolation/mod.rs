//! Every method of the API against everybody who must not call it, and against ids of another workspace. The list of methods
//! comes from the descriptors: a method without a sample request fails here.

mod samples;

use std::collections::BTreeMap;

use callplane_control_plane::{
    clock::TimeOrderedIds,
    domain::id::{
        AccountId, AgentId, AttemptId, CalendarFeedId, CallId, ContactId, FailoverId, IncidentId, MeetingId, MessageId,
        NotificationId, PhoneNumberId, PolicyId, RoutePlanId, TokenId, VoicemailId, WorkspaceId,
    },
    token::{Audience, Claims, Scopes, TokenKeys, generate_pem},
};
use callplane_proto::{
    descriptors,
    options::v1::{Audience as Accepted, Policy},
    v1 as pb,
};
use callplane_simulator::{Act, InboundMessage, Script};
use callplane_tests::{
    Api, Database, Plane, ladder, on_both,
    raw::Said,
    scene::{CALLER, NUMBER, voicemail},
};
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use secrecy::ExposeSecret;
use tonic::Code;

on_both!(nobody_calls_what_their_token_does_not_allow, a_foreign_id_answers_exactly_like_an_absent_one);

/// Every method, with its policy.
fn methods() -> Vec<(String, MethodDescriptor, Policy)> {
    let services = descriptors::pool().services().filter(|service| service.full_name().starts_with("callplane."));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let named = methods.map(|method| {
        let name = format!("{}/{}", method.parent_service().full_name(), method.name());
        let policy = descriptors::policy(&method).expect("every method has a policy");
        (name, method, policy)
    });
    named.collect()
}

/// The sample request with these ids.
fn sample(name: &str, method: &MethodDescriptor, ids: &BTreeMap<&str, String>) -> Vec<u8> {
    let text = samples::request(name).unwrap_or_else(|| panic!("{name} has no sample request: add one to samples.rs"));
    let text = ids.iter().fold(text, |text, (kind, id)| text.replace(&format!("{{{kind}}}"), id));
    let mut json = serde_json::Deserializer::from_str(&text);
    let message = DynamicMessage::deserialize(method.input(), &mut json);
    message.unwrap_or_else(|error| panic!("{name}: {error}: {text}")).encode_to_vec()
}

/// Ids that nothing has.
fn absent() -> BTreeMap<&'static str, String> {
    let ids = &TimeOrderedIds;
    let made = [
        WorkspaceId::fresh(ids).to_string(),
        TokenId::fresh(ids).to_string(),
        AccountId::fresh(ids).to_string(),
        PhoneNumberId::fresh(ids).to_string(),
        AgentId::fresh(ids).to_string(),
        RoutePlanId::fresh(ids).to_string(),
        CallId::fresh(ids).to_string(),
        VoicemailId::fresh(ids).to_string(),
        MessageId::fresh(ids).to_string(),
        NotificationId::fresh(ids).to_string(),
        FailoverId::fresh(ids).to_string(),
        ContactId::fresh(ids).to_string(),
        PolicyId::fresh(ids).to_string(),
        IncidentId::fresh(ids).to_string(),
        AttemptId::fresh(ids).to_string(),
        MeetingId::fresh(ids).to_string(),
        CalendarFeedId::fresh(ids).to_string(),
    ];
    samples::KINDS.into_iter().zip(made).collect()
}

/// One of everything in the workspace.
async fn furnished(plane: &Plane) -> BTreeMap<&'static str, String> {
    let (account, number, agent) = plane.answered_by(voicemail("Speak.")).await;
    let call = plane.call(Script { acts: vec![Act::Voicemail(9)], ..Script::default() }).await;
    let call = plane.stored_call(&call.call_sid).await;
    let message = InboundMessage { from: CALLER.into(), to: NUMBER.into(), body: "Hi".into(), ..Default::default() };
    plane.twilio.send_inbound_message(message).await.expect("sent");
    plane.settle().await;
    let messages = plane.api.messages().list_messages(pb::ListMessagesRequest::default()).await.expect("listed");
    let mail = pb::SendTestNotificationRequest { recipients: vec!["ops@example.com".into()], ..Default::default() };
    let mail = plane.api.notifications().send_test_notification(mail).await.expect("kept").into_inner().notification;
    let plan = pb::RoutePlan { display_name: "All".into(), ..Default::default() };
    let plan = pb::CreateRoutePlanRequest { route_plan: Some(plan), ..Default::default() };
    let plan = plane.api.route_plans().create_route_plan(plan).await.expect("a plan").into_inner().route_plan;
    // There is nowhere to go, so it is over at once.
    let (account_id, reason) = (account.id.clone(), "Why not.".to_owned());
    let failover = pb::StartFailoverRequest { account_id, reason, ..Default::default() };
    let failover = plane.api.failovers().start_failover(failover).await.expect("begun").into_inner().failover;
    let refuser = pb::AddDncEntryRequest { phone_number: samples::REFUSER.into(), ..Default::default() };
    plane.api.dnc().add_dnc_entry(refuser).await.expect("listed");
    let contact =
        pb::Contact { display_name: "Ann".into(), phone_number: samples::REFUSER.into(), ..Default::default() };
    let contact = pb::CreateContactRequest { contact: Some(contact), ..Default::default() };
    let contact = plane.api.contacts().create_contact(contact).await.expect("kept").into_inner().contact;
    let contact = contact.expect("a contact");
    let policy = plane.policy(ladder::usual()).await;
    let incident = plane.incident(&policy, &contact, 36_000).await;
    // Who is on the list is not called, and the attempt is kept.
    let refused = pb::PlaceCallRequest { to: samples::REFUSER.into(), text: "Hello".into(), ..Default::default() };
    plane.api.calls().place_call(refused).await.expect_err("listed");
    let attempts = plane.api.attempts().list_attempts(pb::ListAttemptsRequest::default()).await.expect("listed");
    let meeting = pb::Meeting { title: "Board".into(), start_time: ladder::moment(plane.now()), ..Default::default() };
    let meeting = pb::CreateMeetingRequest { meeting: Some(meeting), ..Default::default() };
    let meeting = plane.api.meetings().create_meeting(meeting).await.expect("kept").into_inner().meeting;
    let calendar =
        pb::CalendarFeed { display_name: "Board".into(), policy_id: policy.id.clone(), ..Default::default() };
    let url = "https://calendar.invalid/basic.ics".to_owned();
    let calendar = pb::CreateCalendarFeedRequest { calendar_feed: Some(calendar), url, ..Default::default() };
    let calendar = plane.api.calendars().create_calendar_feed(calendar).await.expect("kept");
    let calendar = calendar.into_inner().calendar_feed;
    // Nobody is there, and once that is known it rests.
    plane.settle().await;
    let tokens = plane.api.tokens().list_tokens(pb::ListTokensRequest::default()).await.expect("listed");
    let made = [
        plane.workspace_id.clone(),
        tokens.into_inner().tokens[0].id.clone(),
        account.id,
        number.id,
        agent.id,
        plan.expect("a plan").id,
        call.id,
        plane.voicemails().await[0].id.clone(),
        messages.into_inner().messages[0].id.clone(),
        mail.expect("a notification").id,
        failover.expect("a failover").id,
        contact.id,
        policy.id,
        incident.id,
        attempts.into_inner().attempts[0].id.clone(),
        meeting.expect("a meeting").id,
        calendar.expect("a calendar").id,
    ];
    samples::KINDS.into_iter().zip(made).collect()
}

/// Somebody with a token that no method may accept.
async fn strangers(plane: &Plane) -> Vec<(&'static str, Api)> {
    let workspace = Some(plane.workspace);
    let day = chrono::Duration::days(1);
    let expired = plane.token_of(Audience::Workspace, workspace, chrono::Duration::minutes(1)).await;
    let claims = |audience, workspace| Claims {
        token_id: TokenId::fresh(&TimeOrderedIds),
        audience,
        workspace,
        scopes: Scopes::parse(["*"]).expect("valid"),
        issued: plane.now(),
        expires: plane.now() + day,
    };
    let other_key = TokenKeys::from_setting(generate_pem().expose_secret(), false).expect("a key");
    let forged = other_key.sign(&claims(Audience::Operator, None)).expect("signed");
    // Signed with the right key, but nobody has a record of it.
    let unrecorded = plane.within().token_keys.sign(&claims(Audience::Workspace, workspace)).expect("signed");
    let token = pb::Token {
        display_name: "Gone".into(),
        audience: pb::TokenAudience::Workspace.into(),
        scopes: vec!["*".into()],
        ..Default::default()
    };
    let ttl = Some(prost_types::Duration { seconds: 3600, nanos: 0 });
    let request = pb::CreateTokenRequest { token: Some(token), ttl, ..Default::default() };
    let made = plane.api.tokens().create_token(request).await.expect("a token").into_inner();
    let revoke = pb::RevokeTokenRequest { token_id: made.token.expect("its record").id };
    plane.api.tokens().revoke_token(revoke).await.expect("revoked");
    plane.advance(std::time::Duration::from_secs(120));
    let anybody = Api::new(&format!("http://{}", plane.replicas()[0].address));
    vec![
        ("no token", anybody.clone()),
        ("an expired token", anybody.with_token(&expired)),
        ("a forged token", anybody.with_token(forged.expose_secret())),
        ("a token without a record", anybody.with_token(unrecorded.expose_secret())),
        ("a revoked token", anybody.with_token(&made.secret)),
        ("no token at all", anybody.with_token("nonsense")),
    ]
}

async fn nobody_calls_what_their_token_does_not_allow(db: Database) {
    let plane = Plane::start(db).await;
    let strangers = strangers(&plane).await;
    let day = chrono::Duration::days(1);
    let of = async |audience, workspace| plane.api.with_token(&plane.token_of(audience, workspace, day).await);
    let workspace = of(Audience::Workspace, Some(plane.workspace)).await;
    let operator = of(Audience::Operator, None).await;
    let edge = of(Audience::Edge, None).await;
    let scopeless = plane.api.with_token(&plane.token(&["nothing:read"]).await);
    let ids = absent();
    for (name, method, policy) in methods() {
        let path = format!("/{name}");
        let request = sample(&name, &method, &ids);
        assert_ne!(policy.audience(), Accepted::Public, "{name}: nothing is public so far");
        for (who, stranger) in &strangers {
            let said = stranger.say(&path, request.clone()).await;
            assert_eq!(said.code(), Code::Unauthenticated, "{name} with {who}: {said:?}");
        }
        let wrong: &[&Api] = match policy.audience() {
            Accepted::Workspace => &[&edge],
            Accepted::Operator => &[&workspace, &edge],
            Accepted::Edge => &[&workspace, &operator],
            _ => &[],
        };
        for api in wrong.iter().chain([&&scopeless]) {
            let said = api.say(&path, request.clone()).await;
            assert_eq!(said.code(), Code::PermissionDenied, "{name}: {said:?}");
        }
        if policy.audience() == Accepted::Workspace {
            let said = operator.say(&path, request.clone()).await;
            assert_eq!(said.code(), Code::InvalidArgument, "{name} by an operator who names no workspace: {said:?}");
        }
    }
    plane.settle().await;
}

async fn a_foreign_id_answers_exactly_like_an_absent_one(db: Database) {
    let plane = Plane::start(db).await;
    let ours = furnished(&plane).await;
    let (_, next_door) = plane.neighbour().await;
    let before = snapshot(&plane, &ours).await;
    for (name, method, policy) in methods() {
        let text = samples::request(&name).unwrap_or_else(|| panic!("{name} has no sample request"));
        let names_an_id = samples::KINDS.iter().any(|kind| text.contains(&format!("{{{kind}}}")));
        if !names_an_id || policy.audience() == Accepted::Operator {
            continue;
        }
        let path = format!("/{name}");
        let foreign = without_place(&method, next_door.say(&path, sample(&name, &method, &ours)).await);
        let absent = without_place(&method, next_door.say(&path, sample(&name, &method, &absent())).await);
        assert_eq!(foreign, absent, "{name} tells a foreign id from an absent one");
        if let Said::Reply(reply) = &foreign {
            assert!(reply.is_empty(), "{name} shows something of another workspace");
        }
    }
    assert_eq!(snapshot(&plane, &ours).await, before, "somebody from next door changed something here");
    plane.settle().await;
}

/// A stream says at once where it stands, as a sealed token that is never the same twice.
fn without_place(method: &MethodDescriptor, said: Said) -> Said {
    match said {
        Said::Reply(reply) if method.is_server_streaming() => {
            let mut part = DynamicMessage::decode(method.output(), reply.as_slice()).expect("a part");
            part.clear_field_by_name("resume_token");
            Said::Reply(part.encode_to_vec())
        }
        said => said,
    }
}

/// Everything that can be read by an id.
async fn snapshot(plane: &Plane, ids: &BTreeMap<&'static str, String>) -> Vec<Said> {
    let mut seen = Vec::new();
    for (name, method, _) in methods() {
        let is_get = method.name().starts_with("Get") && !name.contains("SystemService");
        if is_get {
            let said = plane.api.say(&format!("/{name}"), sample(&name, &method, ids)).await;
            assert_eq!(said.code(), Code::Ok, "{name}: the sample is not found by its own workspace: {said:?}");
            seen.push(said);
        }
    }
    seen
}
