//! A workshop with somebody to reach: no server and no edge, so every callback is lost, and what became of a call is found
//! out by asking.

use callplane_control_plane::{
    domain::{incident::Incident, time::Timestamp},
    rpc::{
        account::Accounts, contact::Contacts, escalation_policy::EscalationPolicies, incident::Incidents,
        outbound::Outbound, phone_number::PhoneNumbers,
    },
    server::Plane,
    store::{self, Scope},
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, account_service_server::AccountService, contact_service_server::ContactService,
    escalation_policy_service_server::EscalationPolicyService, incident_service_server::IncidentService,
    outbound_service_server::OutboundService, phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Happened, NewAccount, NewNumber};
use callplane_tests::{
    crash::{Ended, Workshop},
    ladder::moment,
    scene::NUMBER,
};

/// An account with a number of ours, and its rate out of the way.
pub async fn furnish(workshop: &Workshop, plane: &Plane) {
    let seeded = workshop.twilio.add_account(NewAccount { calls_per_second: Some(100), ..NewAccount::default() });
    let seeded = seeded.expect("an account");
    let account = pb::Account { display_name: "Main".into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = Accounts::new(plane.ctx.clone()).create_account(workshop.ask(request)).await.expect("created");
    let account_id = created.into_inner().account.expect("an account").id;
    workshop.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
    let number = pb::PhoneNumber { account_id, e164: NUMBER.to_owned(), ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    PhoneNumbers::new(plane.ctx.clone()).import_phone_number(workshop.ask(request)).await.expect("imported");
    out_of_the_way(workshop, plane).await;
    assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
}

/// The rate of accounts is.
pub async fn out_of_the_way(workshop: &Workshop, plane: &Plane) {
    let limits = pb::OutboundPolicy { calls_per_second: 100, ..Default::default() };
    let request = pb::UpdateOutboundPolicyRequest {
        outbound_policy: Some(limits),
        update_mask: Some(prost_types::FieldMask { paths: vec!["calls_per_second".into()] }),
        ..Default::default()
    };
    Outbound::new(plane.ctx.clone()).update_outbound_policy(workshop.ask(request)).await.expect("changed");
}

/// Somebody with this number.
pub async fn contact(workshop: &Workshop, plane: &Plane, number: &str) -> String {
    let contact = pb::Contact { display_name: "Ada".into(), phone_number: number.into(), ..Default::default() };
    let request = workshop.ask(pb::CreateContactRequest { contact: Some(contact), ..Default::default() });
    let created = Contacts::new(plane.ctx.clone()).create_contact(request).await.expect("kept");
    created.into_inner().contact.expect("a contact").id
}

/// A policy of these rungs.
pub async fn policy(workshop: &Workshop, plane: &Plane, rungs: Vec<pb::Rung>) -> String {
    let policy = pb::EscalationPolicy { display_name: "Pager".into(), rungs, ..Default::default() };
    let request =
        workshop.ask(pb::CreateEscalationPolicyRequest { escalation_policy: Some(policy), ..Default::default() });
    let created = EscalationPolicies::new(plane.ctx.clone()).create_escalation_policy(request).await.expect("made");
    created.into_inner().escalation_policy.expect("a policy").id
}

/// An incident about an event in so many seconds.
pub async fn open(workshop: &Workshop, plane: &Plane, (policy_id, contact_id): (&str, &str), starts_in: i64) -> String {
    let start: Timestamp = plane.ctx.clock.now() + chrono::Duration::seconds(starts_in);
    let request = pb::OpenIncidentRequest {
        policy_id: policy_id.into(),
        contact_id: contact_id.into(),
        start_time: moment(start),
        title: "Board".into(),
        ..Default::default()
    };
    let opened = Incidents::new(plane.ctx.clone()).open_incident(workshop.ask(request)).await.expect("opened");
    opened.into_inner().incident.expect("an incident").id
}

/// Somebody acknowledges it.
pub async fn acknowledge(workshop: &Workshop, plane: &Plane, incident_id: &str) -> bool {
    let request = pb::AcknowledgeIncidentRequest { incident_id: incident_id.into(), ..Default::default() };
    Incidents::new(plane.ctx.clone()).acknowledge_incident(workshop.ask(request)).await.is_ok()
}

/// An incident as it is stored.
pub async fn stored(workshop: &Workshop, plane: &Plane, id: &str) -> Incident {
    let scope = Scope::new(plane.ctx.store.read(), workshop.workspace);
    let id = id.parse().expect("an id");
    store::incident::by_id(&scope, id).await.expect("read").expect("it is there")
}

/// When this number was rung by us.
pub fn rings(workshop: &Workshop, number: &str) -> Vec<Timestamp> {
    let rung = workshop.twilio.ledger().into_iter().filter_map(|entry| match entry.what {
        Happened::Rung { person, direction, .. } if person == number && direction == "outbound-api" => Some(entry.at),
        _ => None,
    });
    rung.collect()
}
