//! The real programs under traffic: the control plane is killed in the middle of it and started again. What Twilio was told
//! is stored is stored.

use callplane_proto::v1::{self as pb, AccountStatus, CallStatus, PhoneNumberState, WebhooksState};
use callplane_simulator::{
    Exchange, NewAccount, NewNumber, PlaceCall, Simulator, SimulatorHandle, SimulatorOptions, Transcript,
};
use callplane_tests::{
    Api, Database,
    binaries::{Program, free_address, run},
    on_both,
    plane::PATIENCE,
    scene::{CALLER, NUMBER, announcement},
    settings::{PUBLIC_URL, Variables},
};
use futures::{StreamExt, stream};

on_both!(nothing_acknowledged_is_lost_when_the_control_plane_is_killed);

const CALLS: usize = 120;
const AT_ONCE: usize = 8;
const KILLED_AFTER: usize = 40;

/// The programs, with a number that answers.
struct Fleet {
    twilio: SimulatorHandle,
    variables: Variables,
    api: Api,
    control_plane: Option<Program>,
    _edge: Program,
}

async fn start_control_plane(variables: &Variables) -> Program {
    let mut program = Program::start("callplane-control-plane", variables, &["serve"]);
    program.says("the control plane serves").await;
    program
}

fn token(variables: &Variables, arguments: &[&str]) -> String {
    let words = [&["token", "create", "--display-name", "test"], arguments].concat();
    let output = run("callplane-control-plane", variables, &words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Asks until the answer is right: real workers take a real moment.
async fn until<T>(mut ask: impl AsyncFnMut() -> T, right: impl Fn(&T) -> bool) -> T {
    let asking = async {
        loop {
            let answer = ask().await;
            if right(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it becomes right")
}

impl Fleet {
    async fn start(database: &Database) -> Self {
        let twilio = Simulator::start(SimulatorOptions::default()).await.expect("a free port");
        let (address, edge_address) = (free_address(), free_address());
        let variables = Variables::new(database.url(), twilio.base_url())
            .set("CALLPLANE_LISTEN", &address)
            .set("CALLPLANE_EDGE_LISTEN", &edge_address)
            .set("CALLPLANE_EDGE_ADMIN_LISTEN", "127.0.0.1:0")
            .set("CALLPLANE_CONTROL_PLANES", &format!("http://{address}"));
        let control_plane = start_control_plane(&variables).await;
        let operator = Api::new(&format!("http://{address}")).with_token(&token(&variables, &[]));
        let workspace = pb::Workspace { display_name: "Support".into(), ..Default::default() };
        let request = pb::CreateWorkspaceRequest { workspace: Some(workspace), ..Default::default() };
        let workspace = operator.workspaces().create_workspace(request).await.expect("created").into_inner().workspace;
        let api = operator.within(&workspace.expect("a workspace").id);
        let edge_variables = variables.clone().set("CALLPLANE_EDGE_TOKEN", &token(&variables, &["--audience", "edge"]));
        let mut edge = Program::start("callplane-edge", &edge_variables, &["serve"]);
        edge.says("edge listens").await;
        twilio.add_route(PUBLIC_URL, &format!("http://{edge_address}")).expect("an address");
        let fleet = Self { twilio, variables, api, control_plane: Some(control_plane), _edge: edge };
        fleet.furnish().await;
        fleet
    }

    /// An account that is proved, a number that is ours, an agent who answers it.
    async fn furnish(&self) {
        let seeded = self.twilio.add_account(NewAccount::default()).expect("an account");
        self.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
        let account = pb::Account { display_name: "Main".into(), account_sid: seeded.sid, ..Default::default() };
        let credentials = Some(pb::Credentials { auth_token: seeded.auth_token, ..Default::default() });
        let request = pb::CreateAccountRequest { account: Some(account), credentials, ..Default::default() };
        let account = self.api.accounts().create_account(request).await.expect("created").into_inner().account;
        let account_id = account.expect("an account").id;
        let read = async || {
            let request = pb::GetAccountRequest { account_id: account_id.clone() };
            self.api.accounts().get_account(request).await.expect("read").into_inner().account.expect("an account")
        };
        until(read, |account| account.status() == AccountStatus::Active).await;
        let number = pb::PhoneNumber { account_id: account_id.clone(), e164: NUMBER.into(), ..Default::default() };
        let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let number = self.api.numbers().import_phone_number(request).await.expect("imported").into_inner();
        let phone_number_id = number.phone_number.expect("a number").id;
        let read = async || {
            let request = pb::GetPhoneNumberRequest { phone_number_id: phone_number_id.clone() };
            self.api.numbers().get_phone_number(request).await.expect("read").into_inner().phone_number.expect("it")
        };
        until(&read, |number| number.state() == PhoneNumberState::Active).await;
        let request = pb::ConfigureWebhooksRequest { phone_number_id: phone_number_id.clone(), ..Default::default() };
        self.api.numbers().configure_webhooks(request).await.expect("taken in");
        until(&read, |number| number.webhooks_state() == WebhooksState::InSync).await;
        let agent =
            pb::Agent { display_name: "Desk".into(), endpoint: Some(announcement("Hello.")), ..Default::default() };
        let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
        let agent = self.api.agents().create_agent(request).await.expect("created").into_inner().agent;
        let target = pb::assignment::Target::AgentId(agent.expect("an agent").id);
        let assignment = Some(pb::Assignment { target: Some(target) });
        let request = pb::AssignPhoneNumberRequest { phone_number_id, assignment, ..Default::default() };
        self.api.numbers().assign_phone_number(request).await.expect("assigned");
        until(async || self.call().await, |call| acknowledged(&call.requests[0])).await;
    }

    async fn call(&self) -> Transcript {
        self.twilio.place_inbound_call(PlaceCall::new(CALLER, NUMBER)).await.expect("it rings")
    }
}

/// Twilio was told that it is stored.
fn acknowledged(exchange: &Exchange) -> bool {
    matches!(exchange.status, Some(200 | 204))
}

async fn nothing_acknowledged_is_lost_when_the_control_plane_is_killed(database: Database) {
    let mut fleet = Fleet::start(&database).await;
    let mut transcripts = Vec::new();
    {
        let Fleet { twilio, variables, control_plane, .. } = &mut fleet;
        let call = || async { twilio.place_inbound_call(PlaceCall::new(CALLER, NUMBER)).await.expect("it rings") };
        let mut calls = stream::iter(0..CALLS).map(|_| call()).buffer_unordered(AT_ONCE);
        while let Some(transcript) = calls.next().await {
            transcripts.push(transcript);
            if transcripts.len() == KILLED_AFTER {
                control_plane.take().expect("it runs").kill().await;
                *control_plane = Some(start_control_plane(variables).await);
            }
        }
    }
    let mut stored = 0;
    for transcript in &transcripts {
        let told = |kind_wants_twiml: bool| {
            transcript
                .requests
                .iter()
                .any(|exchange| exchange.kind.wants_twiml() == kind_wants_twiml && acknowledged(exchange))
        };
        let request = pb::GetCallRequest { call_id: transcript.call_sid.clone() };
        let call = fleet.api.calls().get_call(request).await;
        if told(true) || told(false) {
            let call = call.expect("what was acknowledged is stored").into_inner().call.expect("a call");
            stored += 1;
            if told(false) {
                assert_eq!(call.status(), CallStatus::Completed, "its end was acknowledged");
            }
        }
    }
    assert!(stored >= KILLED_AFTER - AT_ONCE, "only {stored} calls were taken before the control plane was killed");
    // The edge finds the new one by itself, and everything goes on.
    let taken = until(async || fleet.call().await, |call| call.requests.iter().all(acknowledged)).await;
    let request = pb::GetCallRequest { call_id: taken.call_sid };
    let call = fleet.api.calls().get_call(request).await.expect("it is stored").into_inner().call.expect("a call");
    assert_eq!(call.status(), CallStatus::Completed);
}
