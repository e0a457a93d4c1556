//! A control plane that dies at any durable boundary while a number is attached to its agent at ElevenLabs, or taken back:
//! the end is the same, and there was never a second import.

use std::sync::Mutex;

use callplane_control_plane::{
    rpc::{account::Accounts, agent::Agents, phone_number::PhoneNumbers},
    server::Plane,
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, AttachmentState, IntegrationMode, account_service_server::AccountService,
    agent_service_server::AgentService, phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, NewAccount, NewAgent, NewElevenLabsKey, NewNumber};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary},
    scene::NUMBER,
};

/// What goes wrong once: at which vendor's path, and which request.
type Trouble = Option<(&'static str, &'static str, FaultAction)>;

const LOST: FaultAction = FaultAction::ErrorAfter { status: 500, code: None };
const AT_ELEVENLABS: &str = "/phone-numbers";
const AT_TWILIO: &str = "/IncomingPhoneNumbers";

fn troubles(database: &str, write: &'static str) -> Vec<Trouble> {
    let all = vec![
        None,
        Some((AT_ELEVENLABS, write, LOST)),
        Some((AT_ELEVENLABS, write, FaultAction::ResetAfter)),
        Some((AT_ELEVENLABS, write, FaultAction::TooManyRequests)),
        Some((AT_ELEVENLABS, "GET", FaultAction::Garbage)),
        Some((AT_TWILIO, "GET", FaultAction::ErrorBefore { status: 503, code: None })),
    ];
    all.into_iter().take(if database == "postgres" { 2 } else { 6 }).collect()
}

/// How often numbers were really imported at ElevenLabs, and really deleted.
fn imports(workshop: &Workshop) -> (usize, usize) {
    let ledger = workshop.twilio.ledger();
    let count = |wanted: &str| {
        let is_wanted = |what: &Happened| {
            matches!(what, Happened::Rest { method, path, performed: true, .. }
                if method == wanted && path.contains(AT_ELEVENLABS))
        };
        ledger.iter().filter(|entry| is_wanted(&entry.what)).count()
    };
    (count("POST"), count("DELETE"))
}

fn at_twilio(workshop: &Workshop, setting: &str) -> String {
    workshop.twilio.numbers()[0].settings.get(setting).cloned().unwrap_or_default()
}

/// A number of ours with its webhooks, and an ElevenLabs agent with a key of its own.
async fn stage(workshop: &Workshop, plane: &Plane) -> (String, String) {
    let seeded = workshop.twilio.add_account(NewAccount::default()).expect("an account");
    let account = pb::Account { display_name: "Main".into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = Accounts::new(plane.ctx.clone()).create_account(workshop.ask(request)).await.expect("created");
    let account_id = created.into_inner().account.expect("an account").id;
    workshop.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
    let number = pb::PhoneNumber { account_id, e164: NUMBER.to_owned(), ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    let numbers = PhoneNumbers::new(plane.ctx.clone());
    let imported = numbers.import_phone_number(workshop.ask(request)).await.expect("imported").into_inner();
    let id = imported.phone_number.expect("a number").id;
    let request = pb::ConfigureWebhooksRequest { phone_number_id: id.clone(), ..Default::default() };
    numbers.configure_webhooks(workshop.ask(request)).await.expect("taken in");
    assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);

    let api_key = workshop.twilio.add_elevenlabs_key(NewElevenLabsKey::default()).key;
    let agent_id = workshop.twilio.add_agent(NewAgent::default()).agent_id;
    let endpoint = pb::agent::Endpoint::ElevenLabs(pb::ElevenLabsAgent { agent_id, api_key, ..Default::default() });
    let agent = pb::Agent { display_name: "Desk".into(), endpoint: Some(endpoint), ..Default::default() };
    let request = pb::CreateAgentRequest { agent: Some(agent), ..Default::default() };
    let made = Agents::new(plane.ctx.clone()).create_agent(workshop.ask(request)).await.expect("an agent");
    (id, made.into_inner().agent.expect("an agent").id)
}

async fn attach(workshop: &Workshop, plane: &Plane, id: &str, agent: &str) {
    let (phone_number_id, agent_id) = (id.to_owned(), agent.to_owned());
    let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
    let numbers = PhoneNumbers::new(plane.ctx.clone());
    numbers.attach_phone_number(workshop.ask(request)).await.expect("taken in");
}

fn trouble(workshop: &Workshop, trouble: &Trouble) {
    if let Some((path, method, action)) = trouble {
        workshop.twilio.inject_fault(Fault::once(path, action.clone()).method(method));
    }
}

async fn number(workshop: &Workshop, plane: &Plane, id: &Mutex<String>) -> pb::PhoneNumber {
    let phone_number_id = id.lock().expect("nobody panics").clone();
    let request = workshop.ask(pb::GetPhoneNumberRequest { phone_number_id });
    let got = PhoneNumbers::new(plane.ctx.clone()).get_phone_number(request).await.expect("it is there");
    got.into_inner().phone_number.expect("a number")
}

/// A number is attached to an agent.
struct Attachment {
    trouble: Trouble,
    id: Mutex<String>,
}

impl Scenario for Attachment {
    type End = (AttachmentState, String, bool, String, (usize, usize));

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let (id, agent) = stage(workshop, plane).await;
        trouble(workshop, &self.trouble);
        attach(workshop, plane, &id, &agent).await;
        *self.id.lock().expect("nobody panics") = id;
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let number = number(workshop, plane, &self.id).await;
        let attachment = number.attachment.expect("attached");
        assert_eq!(attachment.state(), AttachmentState::InSync, "{attachment:?}");
        let imports = imports(workshop);
        assert_eq!(imports, (1, 0), "one wish, one import");
        (attachment.state(), attachment.error, attachment.imported_by_us, at_twilio(workshop, "VoiceUrl"), imports)
    }
}

/// Our import is removed, and the webhooks are put back.
struct Removal {
    trouble: Trouble,
    id: Mutex<String>,
}

impl Scenario for Removal {
    type End = (Option<pb::NumberAttachment>, IntegrationMode, i32, String, usize);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let (id, agent) = stage(workshop, plane).await;
        attach(workshop, plane, &id, &agent).await;
        assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
        trouble(workshop, &self.trouble);
        let request = pb::RemovePhoneNumberImportRequest { phone_number_id: id.clone(), ..Default::default() };
        let numbers = PhoneNumbers::new(plane.ctx.clone());
        numbers.remove_phone_number_import(workshop.ask(request)).await.expect("taken in");
        *self.id.lock().expect("nobody panics") = id;
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let number = number(workshop, plane, &self.id).await;
        let (made, deleted) = imports(workshop);
        assert!(made == 1 && deleted >= 1, "{made} {deleted}");
        let voice_url = at_twilio(workshop, "VoiceUrl");
        assert!(voice_url.contains("/twilio/voice#rc=2"), "{voice_url}");
        let (mode, state) = (number.integration_mode(), number.webhooks_state);
        (number.attachment, mode, state, voice_url, made)
    }
}

async fn attachment(name: &str, database: impl AsyncFnMut() -> Database + Copy) {
    for trouble in troubles(name, "POST") {
        at_every_boundary(&Attachment { trouble, id: Mutex::default() }, database).await;
    }
}

async fn removal(name: &str, database: impl AsyncFnMut() -> Database + Copy) {
    for trouble in troubles(name, "DELETE") {
        at_every_boundary(&Removal { trouble, id: Mutex::default() }, database).await;
    }
}

#[tokio::test]
async fn an_attachment_survives_a_crash_at_every_boundary_on_sqlite() {
    attachment("sqlite", async || Database::sqlite()).await;
}

#[tokio::test]
async fn an_attachment_survives_a_crash_at_every_boundary_on_postgres() {
    attachment("postgres", async || Database::postgres().await).await;
}

#[tokio::test]
async fn the_removal_of_an_import_survives_a_crash_at_every_boundary_on_sqlite() {
    removal("sqlite", async || Database::sqlite()).await;
}

#[tokio::test]
async fn the_removal_of_an_import_survives_a_crash_at_every_boundary_on_postgres() {
    removal("postgres", async || Database::postgres().await).await;
}
