//! The story: an account with twelve agents is suspended, everybody moves to the backup account, a caller reaches an agent
//! there, people get their mail, and later everybody moves back.

use std::time::Duration;

use callplane_proto::v1::{self as pb, assignment::Target};
use callplane_simulator::{NewAgent, NewNumber, OnTheLine, PlaceCall, Script};
use callplane_tests::{Database, Plane, scene::Account};

use crate::stage::{Stage, say};

const AGENTS: usize = 12;
const CALLER: &str = "+14155550199";
const OPERATORS: &str = "ops@example.com";
const PAUSE: Duration = Duration::from_millis(50);

/// Tells it.
pub async fn tell() {
    say("A workspace with a main account, twelve agents, and a backup account with twelve numbers.");
    let plane = Plane::on(Database::sqlite()).mail("sendgrid").set("CALLPLANE_MONITOR", "on");
    let stage = Stage::open(plane, PAUSE).await;
    let (main, spare) = furnish(&stage.plane).await;
    stage.types(&["account", "list"]).await;
    stage.types(&["number", "coverage"]).await;
    stage.until("all accounts are healthy", async |plane| all_healthy(plane).await.then_some(())).await;
    stage.types(&["monitor", "list"]).await;

    say("Twilio suspends the main account.");
    stage.plane.twilio.suspend(&main.sid).expect("it is there");
    let suspended = stage.plane.now();
    let failover = stage.until("a failover begins", async |plane| newest(plane).await).await;
    say(&format!(
        "{} s later it is noticed and confirmed; nobody had to do anything.",
        (stage.plane.now() - suspended).num_seconds()
    ));
    stage.watches(&["failover", "watch", &failover, "--until-end"]).await;
    stage.types(&["failover", "get", &failover]).await;
    stage.types(&["failover", "moves", &failover]).await;

    say("Somebody calls a backup number.");
    call(&stage.plane, &spare).await;
    say("What people got by mail:");
    stage.shows_mails_to(OPERATORS);

    say("Twilio takes the suspension back. Everybody goes home.");
    stage.plane.twilio.reactivate(&main.sid).expect("it is there");
    stage.until("all accounts are healthy", async |plane| all_healthy(plane).await.then_some(())).await;
    stage.types(&["failover", "rollback", &failover, "--reason", "the account works again", "--yes"]).await;
    let rollback = newest(&stage.plane).await.expect("it has begun");
    stage.watches(&["failover", "watch", &rollback, "--until-end"]).await;
    stage.types(&["failover", "list"]).await;
    stage.types(&["number", "coverage"]).await;
    stage.plane.settle().await;
}

async fn furnish(plane: &Plane) -> (Account, Account) {
    let main = plane.account().await;
    let spare = plane.account().await;
    let spare_row = pb::Account { id: spare.id.clone(), display_name: "Spare".to_owned(), ..Default::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["display_name".to_owned()] });
    let request = pb::UpdateAccountRequest { account: Some(spare_row), update_mask, ..Default::default() };
    plane.api.accounts().update_account(request).await.expect("it has a name");
    let primary = pb::SetPrimaryAccountRequest { account_id: main.id.clone(), ..Default::default() };
    plane.api.accounts().set_primary_account(primary).await.expect("one primary");
    for index in 0..AGENTS {
        let number = plane.number(&main, &number_of(0, index)).await;
        let vendor = plane.twilio.add_agent(NewAgent::default()).agent_id;
        let endpoint = pb::ElevenLabsAgent { agent_id: vendor, ..Default::default() };
        let endpoint = Some(pb::agent::Endpoint::ElevenLabs(endpoint));
        let display_name = format!("Agent {:02}", index + 1);
        let agent = plane.add_agent(pb::Agent { display_name, endpoint, ..Default::default() }).await;
        plane.assign(&number, Target::AgentId(agent.id)).await;
        let backup = number_of(1, index);
        plane.twilio.add_number(NewNumber::new(&backup, &spare.sid)).expect("a number");
        let backup = plane.import(&spare, &backup).await;
        plane.settle().await;
        let pooled = pb::AddToPoolRequest { phone_number_ids: vec![backup.id] };
        plane.api.numbers().add_to_pool(pooled).await.expect("it is pooled");
    }
    let policy = pb::MonitorPolicy { notification_emails: vec![OPERATORS.to_owned()], ..Default::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["notification_emails".to_owned()] });
    let request = pb::UpdateMonitorPolicyRequest { monitor_policy: Some(policy), update_mask, ..Default::default() };
    plane.api.monitors().update_monitor_policy(request).await.expect("updated");
    plane.settle().await;
    (main, spare)
}

/// Numbers of the main account and of the backup account.
fn number_of(account: usize, index: usize) -> String {
    format!("+1415555{}{:03}", account + 1, index)
}

async fn all_healthy(plane: &Plane) -> bool {
    let request = pb::ListAccountHealthRequest::default();
    let listed = plane.api.monitors().list_account_health(request).await.expect("listed").into_inner();
    listed.accounts.len() == 2 && listed.accounts.iter().all(|health| health.verdict() == pb::HealthVerdict::Healthy)
}

async fn newest(plane: &Plane) -> Option<String> {
    let listed = plane.api.failovers().list_failovers(pb::ListFailoversRequest::default()).await.expect("listed");
    listed.into_inner().failovers.into_iter().next().map(|failover| failover.id)
}

async fn call(plane: &Plane, spare: &Account) {
    let request = pb::ListPhoneNumbersRequest { account_id: spare.id.clone(), ..Default::default() };
    let numbers = plane.api.numbers().list_phone_numbers(request).await.expect("listed").into_inner().phone_numbers;
    let number = numbers.iter().find(|number| number.assignment.is_some()).expect("one is in use");
    let script = Script { hang_up_after_seconds: Some(30), ..Script::default() };
    let transcript = plane.place(PlaceCall::new(CALLER, &number.e164).script(script)).await;
    let stored = plane.stored_call(&transcript.call_sid).await;
    let agent = pb::GetAgentRequest { agent_id: stored.agent_id };
    let agent = plane.api.agents().get_agent(agent).await.expect("it answered").into_inner().agent.expect("an agent");
    let streamed = transcript.line.iter().any(|moment| matches!(moment, OnTheLine::Streamed { accepted: true, .. }));
    assert!(streamed, "the caller reached nobody: {:?}", transcript.line);
    println!(
        "  the call was answered by {} and ended as `{}` after {} s",
        agent.display_name, transcript.status, transcript.seconds
    );
}
