//! Lines whose voice URL is ElevenLabs': the backup number is imported there once and leads to the same agent, the old
//! number is let go, and a rollback turns both round.

use callplane_control_plane::{domain::outcome::Outcome, provider::AgentKey};
use callplane_proto::v1::{self as pb, FailoverState, assignment::Target};
use callplane_simulator::{Fault, FaultAction, Happened, NewAgent};
use callplane_tests::{Database, Plane, on_both, scene::Account};

use super::{backup, end, start};

on_both!(
    a_native_line_is_imported_once_assigned_and_let_go_of_and_back_again,
    an_import_whose_answer_is_lost_midway_is_made_once_by_a_failover,
);

const OWN: &str = "+14155550123";
const BACKUP: &str = "+16285550000";

/// An agent whose own number is ElevenLabs', and a backup number.
async fn native(plane: &Plane) -> (Account, String) {
    let primary = plane.account().await;
    let number = plane.number(&primary, OWN).await;
    let vendor = plane.twilio.add_agent(NewAgent::default()).agent_id;
    let endpoint = pb::ElevenLabsAgent { agent_id: vendor.clone(), ..Default::default() };
    let agent = plane.agent(pb::agent::Endpoint::ElevenLabs(endpoint)).await;
    plane.assign(&number, Target::AgentId(agent.id.clone())).await;
    let request = pb::AttachPhoneNumberRequest { phone_number_id: number.id, agent_id: agent.id, ..Default::default() };
    plane.api.numbers().attach_phone_number(request).await.expect("taken in");
    plane.settle().await;
    backup(plane, 1, "628").await;
    (primary, vendor)
}

/// Which agent ElevenLabs lets answer each number it holds.
pub async fn held(plane: &Plane) -> Vec<(String, Option<String>)> {
    let api_key = plane.within().crew.eleven_labs_key.clone().expect("a key");
    let key = AgentKey { api_key, api_base_url: None };
    let Outcome::Done(imports) = plane.within().crew.agents.list_imports(&key).await else { panic!("it answers") };
    let mut held: Vec<_> =
        imports.into_iter().map(|import| (import.e164.as_str().to_owned(), import.vendor_agent_id)).collect();
    held.sort();
    held
}

fn imported(plane: &Plane) -> usize {
    let is_import = |what: &Happened| {
        matches!(what, Happened::Rest { vendor, method, path, performed: true, .. }
            if vendor == "elevenlabs" && method == "POST" && path.contains("/phone-numbers"))
    };
    plane.twilio.ledger().iter().filter(|entry| is_import(&entry.what)).count()
}

async fn a_native_line_is_imported_once_assigned_and_let_go_of_and_back_again(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, vendor) = native(&plane).await;
    assert_eq!(held(&plane).await, [(OWN.to_owned(), Some(vendor.clone()))]);

    let failover = start(&plane, &primary).await.expect("it begins");
    let over = end(&plane, &failover.id).await;
    assert_eq!(over.state(), FailoverState::Completed, "{over:#?}");
    assert_eq!(held(&plane).await, [(OWN.to_owned(), None), (BACKUP.to_owned(), Some(vendor.clone()))]);
    assert_eq!(imported(&plane), 2, "each number once");

    let request = pb::RollbackFailoverRequest {
        failover_id: failover.id.clone(),
        reason: "it works again".into(),
        ..Default::default()
    };
    let back = plane.api.failovers().rollback_failover(request).await.expect("it begins").into_inner().failover;
    let back = end(&plane, &back.expect("a failover").id).await;
    assert_eq!(back.state(), FailoverState::Completed, "{back:#?}");
    let held = held(&plane).await;
    assert!(held.contains(&(OWN.to_owned(), Some(vendor.clone()))), "{held:?}");
    assert!(!held.contains(&(BACKUP.to_owned(), Some(vendor))), "{held:?}");
}

async fn an_import_whose_answer_is_lost_midway_is_made_once_by_a_failover(db: Database) {
    let plane = Plane::start(db).await;
    let (primary, vendor) = native(&plane).await;
    let lost = Fault::once("/phone-numbers", FaultAction::ResetAfter).method("POST");
    plane.twilio.inject_fault(lost);
    let failover = start(&plane, &primary).await.expect("it begins");
    let over = end(&plane, &failover.id).await;
    assert_eq!(over.state(), FailoverState::Completed, "{over:#?}");
    assert_eq!(imported(&plane), 2, "each number once");
    assert!(held(&plane).await.contains(&(BACKUP.to_owned(), Some(vendor))));
}
