//! Secrets and numbers stay where they belong: not in a log line, the audit chain, an event, a metric or an error. Every
//! other test looks at its log lines as well; this one looks at the rest.

use callplane_proto::v1::{self as pb, agent::Endpoint};
use callplane_simulator::{Act, InboundMessage, Script};
use callplane_tests::{
    Database, Plane, on_both,
    scene::{CALLER, DESK, NUMBER, human},
};
use prost::Message;

on_both!(secrets_and_numbers_appear_nowhere_but_where_they_are_asked_for);

const BODY: &str = "Please call me back about the invoice";
const AGENT_KEY: &str = "xi-canary-0123456789abcdef";

/// Everything that can be done with a number, so that everything has been written about it.
async fn a_busy_day(plane: &Plane) {
    let (account, number, _) = plane.answered_by(human(DESK)).await;
    for secret in [CALLER, NUMBER, DESK, BODY, AGENT_KEY, account.auth_token.as_str()] {
        plane.logs.never(secret);
    }
    plane.call(Script { acts: vec![Act::Voicemail(9)], ..Script::default() }).await;
    let message = InboundMessage { from: CALLER.into(), to: NUMBER.into(), body: BODY.into(), ..Default::default() };
    plane.twilio.send_inbound_message(message).await.expect("sent");
    let api_key = AGENT_KEY.to_owned();
    let eleven_labs = pb::ElevenLabsAgent { agent_id: "agent_absent".into(), api_key, ..Default::default() };
    let agent = plane.agent(Endpoint::ElevenLabs(eleven_labs)).await;
    plane.assign(&number, pb::assignment::Target::AgentId(agent.id)).await;
    plane.call(Script { acts: vec![Act::Voicemail(9)], ..Script::default() }).await;
    let request = pb::DeletePhoneNumberRequest { phone_number_id: number.id, ..Default::default() };
    plane.api.numbers().delete_phone_number(request).await.expect("deleted");
    plane.settle().await;
    plane.call(Script::default()).await;
}

/// Refusals of requests that hold what they should not.
async fn refusals(plane: &Plane) -> Vec<tonic::Status> {
    let mut refusals = Vec::new();
    let bad_token = format!("{AGENT_KEY}-and-more");
    let credentials = Some(pb::Credentials { auth_token: bad_token, ..Default::default() });
    let account = Some(pb::Account { display_name: "X".into(), account_sid: "AC1".into(), ..Default::default() });
    let request = pb::CreateAccountRequest { account, credentials, ..Default::default() };
    refusals.push(plane.api.accounts().create_account(request).await.expect_err("malformed"));
    let number = Some(pb::PhoneNumber { e164: format!("tel:{CALLER}"), ..Default::default() });
    let request = pb::ImportPhoneNumberRequest { phone_number: number, ..Default::default() };
    refusals.push(plane.api.numbers().import_phone_number(request).await.expect_err("malformed"));
    let request = pb::GetPhoneNumberRequest { phone_number_id: NUMBER.to_owned() };
    refusals.push(plane.api.numbers().get_phone_number(request).await.expect_err("deleted"));
    let request = pb::RedeemStreamTokenRequest { token: AGENT_KEY.to_owned() };
    refusals.push(plane.api.calls().redeem_stream_token(request).await.expect_err("no token"));
    refusals
}

async fn page(plane: &Plane, address: std::net::SocketAddr, path: &str) -> String {
    let response = plane.http.get(format!("http://{address}{path}")).send().await.expect("it answers");
    response.text().await.expect("a whole body")
}

async fn secrets_and_numbers_appear_nowhere_but_where_they_are_asked_for(db: Database) {
    let plane = Plane::start(db).await;
    a_busy_day(&plane).await;
    let mut places: Vec<(&str, Vec<u8>)> = Vec::new();
    for refusal in refusals(&plane).await {
        let text = format!("{} {}", refusal.message(), String::from_utf8_lossy(refusal.details()));
        places.push(("an error", text.into_bytes()));
    }
    let all = pb::ListAuditEntriesRequest { page_size: 500, ..Default::default() };
    let audit = plane.api.audit().list_audit_entries(all).await.expect("listed").into_inner();
    assert!(audit.audit_entries.len() > 5);
    places.push(("the audit", audit.encode_to_vec()));
    let all = pb::ListEventsRequest { page_size: 500, ..Default::default() };
    let events = plane.api.events().list_events(all).await.expect("listed").into_inner();
    assert!(events.events.len() > 5);
    places.extend(events.events.iter().map(|event| ("an event", event.encode_to_vec())));
    let effects = plane.api.system().list_effects(pb::ListEffectsRequest::default()).await.expect("listed");
    places.push(("the effects", effects.into_inner().encode_to_vec()));
    let admin = plane.replicas()[0].admin_address;
    for (address, path) in [(admin, "/metrics"), (plane.edge.admin_address, "/metrics"), (admin, "/ready")] {
        places.push(("a metric", page(&plane, address, path).await.into_bytes()));
    }
    for (place, bytes) in places {
        let text = String::from_utf8_lossy(&bytes);
        for secret in plane.logs.secrets() {
            assert!(!text.contains(&secret), "{secret} is in {place}: {text}");
        }
    }
    let verified = plane.api.audit().verify_audit_chain(pb::VerifyAuditChainRequest {}).await.expect("verified");
    assert!(verified.into_inner().valid);
}
