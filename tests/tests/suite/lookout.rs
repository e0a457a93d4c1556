//! What looks at accounts tell of backup numbers and of agents without a number: by the monitor's own timer, with nobody asking.

use std::time::Duration;

use callplane_control_plane::flow::monitor;
use callplane_proto::v1::{self as pb, assignment::Target};
use callplane_simulator::NewAgent;
use callplane_tests::{
    Database, Plane, on_both,
    scene::{Account, NUMBER, announcement},
};

on_both!(
    a_shortfall_is_told_within_a_minute_and_so_is_its_end,
    an_agent_without_a_number_is_linked_by_the_next_look_at_the_primary_account,
);

const SPARE: &str = "+14155550150";

async fn started(db: Database) -> Plane {
    Plane::on(db).set("CALLPLANE_MONITOR", "on").start().await
}

async fn minute(plane: &Plane) {
    monitor::enrol(&plane.within().ctx).await.expect("enrolled");
    for _ in 0..59 {
        plane.advance(Duration::from_secs(1));
        plane.settle().await;
    }
}

async fn told(plane: &Plane, family: &str) -> Vec<String> {
    let request = pb::ListEventsRequest { page_size: 500, types: vec![family.to_owned()], ..Default::default() };
    let listed = plane.api.events().list_events(request).await.expect("listed").into_inner();
    listed.events.into_iter().map(|event| event.r#type).collect()
}

async fn spare(plane: &Plane, backup: &Account) {
    plane.twilio.add_number(callplane_simulator::NewNumber::new(SPARE, &backup.sid)).expect("a number");
    let number = plane.import(backup, SPARE).await;
    plane.settle().await;
    let request = pb::AddToPoolRequest { phone_number_ids: vec![number.id] };
    plane.api.numbers().add_to_pool(request).await.expect("added");
}

async fn a_shortfall_is_told_within_a_minute_and_so_is_its_end(db: Database) {
    let plane = started(db).await;
    let (_, _, _) = plane.answered_by(announcement("Hello.")).await;
    let backup = plane.account().await;
    minute(&plane).await;
    assert_eq!(told(&plane, "pool.*").await, ["pool.shortfall"]);
    minute(&plane).await;
    assert_eq!(told(&plane, "pool.*").await, ["pool.shortfall"], "once");
    spare(&plane, &backup).await;
    minute(&plane).await;
    assert_eq!(told(&plane, "pool.*").await, ["pool.shortfall", "pool.covered"]);
}

async fn an_agent_without_a_number_is_linked_by_the_next_look_at_the_primary_account(db: Database) {
    let plane = started(db).await;
    let account = plane.account().await;
    let number = plane.number(&account, NUMBER).await;
    let agent_id = plane.twilio.add_agent(NewAgent::default()).agent_id;
    let endpoint =
        || pb::agent::Endpoint::ElevenLabs(pb::ElevenLabsAgent { agent_id: agent_id.clone(), ..Default::default() });
    // ElevenLabs has the number for this agent, as somebody left it there whom we have forgotten.
    let forgotten = plane.agent(endpoint()).await;
    plane.assign(&number, Target::AgentId(forgotten.id.clone())).await;
    let (phone_number_id, agent_id) = (number.id.clone(), forgotten.id.clone());
    let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
    plane.api.numbers().attach_phone_number(request).await.expect("taken in");
    plane.settle().await;
    let request = pb::UnassignPhoneNumberRequest { phone_number_id: number.id.clone(), ..Default::default() };
    plane.api.numbers().unassign_phone_number(request).await.expect("taken away");
    let pause = pb::PauseAgentRequest { agent_id: forgotten.id, ..Default::default() };
    plane.api.agents().pause_agent(pause).await.expect("paused");

    let agent = plane.agent(endpoint()).await;
    minute(&plane).await;
    let assignment = plane.number_now(&number.id).await.assignment;
    assert_eq!(assignment, Some(pb::Assignment { target: Some(Target::AgentId(agent.id)) }));
}
