//! A main account with agents, and a backup account with as many numbers, all of it known and at rest before the clock runs.

use std::time::Duration;

use callplane_proto::v1::{self as pb, assignment::Target};
use callplane_simulator::{NewAccount, NewAgent, NewNumber};

use crate::Bench;

/// Furnishes; the SID of the main account.
pub async fn furnish(bench: &Bench, agents: usize) -> String {
    let (main, main_id) = account(bench, "Main").await;
    let (spare, spare_id) = account(bench, "Spare").await;
    let primary = pb::SetPrimaryAccountRequest { account_id: main_id.clone(), ..Default::default() };
    bench.api.accounts().set_primary_account(primary).await.expect("one primary");
    let mut imported = Vec::new();
    for index in 0..agents {
        imported.push((number(bench, (&main, &main_id), e164(1, index)).await, agent(bench, index).await));
    }
    let mut pooled = Vec::new();
    for index in 0..agents {
        pooled.push(number(bench, (&spare, &spare_id), e164(2, index)).await);
    }
    for (number, agent) in imported {
        active(bench, &number).await;
        let assignment = Some(pb::Assignment { target: Some(Target::AgentId(agent)) });
        let request = pb::AssignPhoneNumberRequest { phone_number_id: number, assignment, ..Default::default() };
        bench.api.numbers().assign_phone_number(request).await.expect("assigned");
    }
    for number in &pooled {
        active(bench, number).await;
    }
    for some in pooled.chunks(100) {
        let request = pb::AddToPoolRequest { phone_number_ids: some.to_vec() };
        bench.api.numbers().add_to_pool(request).await.expect("pooled");
    }
    healthy(bench).await;
    main
}

async fn account(bench: &Bench, name: &str) -> (String, String) {
    let seeded = bench.twilio.add_account(NewAccount::default()).expect("an account");
    let credentials = Some(pb::Credentials { auth_token: seeded.auth_token, ..Default::default() });
    let account = pb::Account { display_name: name.into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let request = pb::CreateAccountRequest { account: Some(account), credentials, ..Default::default() };
    let created = bench.api.accounts().create_account(request).await.expect("created").into_inner();
    (seeded.sid, created.account.expect("an account").id)
}

fn e164(account: usize, index: usize) -> String {
    format!("+1415{account}{index:06}")
}

async fn number(bench: &Bench, (sid, account_id): (&str, &str), e164: String) -> String {
    bench.twilio.add_number(NewNumber::new(&e164, sid)).expect("a number");
    let number = pb::PhoneNumber { account_id: account_id.to_owned(), e164, ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let imported = bench.api.numbers().import_phone_number(request).await.expect("imported").into_inner();
    imported.phone_number.expect("a number").id
}

async fn agent(bench: &Bench, index: usize) -> String {
    let vendor = bench.twilio.add_agent(NewAgent::default()).agent_id;
    let endpoint = pb::agent::Endpoint::ElevenLabs(pb::ElevenLabsAgent { agent_id: vendor, ..Default::default() });
    let agent = pb::Agent { display_name: format!("Agent {index}"), endpoint: Some(endpoint), ..Default::default() };
    let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
    bench.api.agents().create_agent(request).await.expect("created").into_inner().agent.expect("an agent").id
}

/// Twilio was asked about it.
async fn active(bench: &Bench, id: &str) {
    loop {
        let request = pb::GetPhoneNumberRequest { phone_number_id: id.to_owned() };
        let number = bench.api.numbers().get_phone_number(request).await.expect("it is there").into_inner();
        if number.phone_number.expect("a number").state() == pb::PhoneNumberState::Active {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Both accounts were looked at and are well.
async fn healthy(bench: &Bench) {
    loop {
        let request = pb::ListAccountHealthRequest::default();
        let listed = bench.api.monitors().list_account_health(request).await.expect("listed").into_inner().accounts;
        let is_well = |health: &pb::AccountHealth| health.verdict() == pb::HealthVerdict::Healthy;
        if listed.len() == 2 && listed.iter().all(is_well) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
