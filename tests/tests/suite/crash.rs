//! A control plane that dies at any durable boundary, and the one that takes over: the end is the same, and nothing is
//! written twice at Twilio.

use std::sync::Mutex;

use callplane_control_plane::{
    rpc::{account::Accounts, phone_number::PhoneNumbers},
    server::Plane,
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, AccountStatus, PhoneNumberState, WebhooksState, account_service_server::AccountService,
    phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, NewAccount, NewNumber, SeededAccount};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary},
    scene::NUMBER,
};

/// What Twilio does wrong once while it is asked.
type Trouble = Option<(&'static str, FaultAction)>;

/// What is decided is the same on both databases; PostgreSQL, where a fresh database takes a while, gets the two that
/// matter most.
fn troubles(database: &str) -> Vec<Trouble> {
    let all = vec![
        None,
        Some(("POST", FaultAction::ErrorAfter { status: 500, code: Some(20500) })),
        Some(("GET", FaultAction::ErrorBefore { status: 503, code: None })),
        Some(("POST", FaultAction::TooManyRequests)),
    ];
    all.into_iter().take(if database == "postgres" { 2 } else { 4 }).collect()
}

fn trouble(workshop: &Workshop, path: &str, trouble: &Trouble) {
    if let Some((method, action)) = trouble {
        workshop.twilio.inject_fault(Fault::once(path, action.clone()).method(method));
    }
}

async fn add_account(workshop: &Workshop, plane: &Plane) -> (SeededAccount, String) {
    let seeded = workshop.twilio.add_account(NewAccount::default()).expect("an account");
    let account = pb::Account { display_name: "Main".into(), account_sid: seeded.sid.clone(), ..Default::default() };
    let credentials = pb::Credentials { auth_token: seeded.auth_token.clone(), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let created = Accounts::new(plane.ctx.clone()).create_account(workshop.ask(request)).await.expect("created");
    (seeded, created.into_inner().account.expect("an account").id)
}

/// How often something was really written at Twilio.
fn writes(workshop: &Workshop) -> usize {
    let written = |what: &Happened| matches!(what, Happened::Rest { method, performed: true, .. } if method != "GET");
    workshop.twilio.ledger().iter().filter(|entry| written(&entry.what)).count()
}

/// An account is created, and Twilio confirms its credentials.
struct AccountProof {
    trouble: Trouble,
    id: Mutex<String>,
}

impl Scenario for AccountProof {
    type End = (AccountStatus, String, bool, usize);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        trouble(workshop, "/Accounts/", &self.trouble);
        let (_, id) = add_account(workshop, plane).await;
        *self.id.lock().expect("nobody panics") = id;
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let account_id = self.id.lock().expect("nobody panics").clone();
        let request = workshop.ask(pb::GetAccountRequest { account_id });
        let account = Accounts::new(plane.ctx.clone()).get_account(request).await.expect("it is there").into_inner();
        let account = account.account.expect("an account");
        assert_eq!(account.status(), AccountStatus::Active);
        (account.status(), account.status_reason, account.verify_time.is_some(), writes(workshop))
    }
}

/// A number is imported and its webhooks are configured.
struct NumberConfiguration {
    trouble: Trouble,
    id: Mutex<String>,
}

impl Scenario for NumberConfiguration {
    type End = (PhoneNumberState, WebhooksState, String, Option<pb::Webhooks>, usize);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let (seeded, account_id) = add_account(workshop, plane).await;
        workshop.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
        let number = pb::PhoneNumber { account_id, e164: NUMBER.to_owned(), ..Default::default() };
        let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
        let numbers = PhoneNumbers::new(plane.ctx.clone());
        let imported = numbers.import_phone_number(workshop.ask(request)).await.expect("imported").into_inner();
        let id = imported.phone_number.expect("a number").id;
        assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
        trouble(workshop, "/IncomingPhoneNumbers", &self.trouble);
        let request = pb::ConfigureWebhooksRequest { phone_number_id: id.clone(), ..Default::default() };
        numbers.configure_webhooks(workshop.ask(request)).await.expect("taken in");
        *self.id.lock().expect("nobody panics") = id;
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let phone_number_id = self.id.lock().expect("nobody panics").clone();
        let request = workshop.ask(pb::GetPhoneNumberRequest { phone_number_id });
        let numbers = PhoneNumbers::new(plane.ctx.clone());
        let number = numbers.get_phone_number(request).await.expect("it is there").into_inner();
        let number = number.phone_number.expect("a number");
        assert_eq!(number.webhooks_state(), WebhooksState::InSync);
        let writes = writes(workshop);
        assert_eq!(writes, 1, "one change, one write");
        let configured = workshop.twilio.numbers()[0].settings["VoiceUrl"].clone();
        (number.state(), number.webhooks_state(), configured, number.observed_webhooks, writes)
    }
}

async fn account_proof(name: &str, database: impl AsyncFnMut() -> Database + Copy) {
    for trouble in troubles(name) {
        let scenario = AccountProof { trouble, id: Mutex::default() };
        at_every_boundary(&scenario, database).await;
    }
}

async fn number_configuration(name: &str, database: impl AsyncFnMut() -> Database + Copy) {
    for trouble in troubles(name) {
        let scenario = NumberConfiguration { trouble, id: Mutex::default() };
        at_every_boundary(&scenario, database).await;
    }
}

#[tokio::test]
async fn the_proof_of_an_account_survives_a_crash_at_every_boundary_on_sqlite() {
    account_proof("sqlite", async || Database::sqlite()).await;
}

#[tokio::test]
async fn the_proof_of_an_account_survives_a_crash_at_every_boundary_on_postgres() {
    account_proof("postgres", async || Database::postgres().await).await;
}

#[tokio::test]
async fn the_configuration_of_a_number_survives_a_crash_at_every_boundary_on_sqlite() {
    number_configuration("sqlite", async || Database::sqlite()).await;
}

#[tokio::test]
async fn the_configuration_of_a_number_survives_a_crash_at_every_boundary_on_postgres() {
    number_configuration("postgres", async || Database::postgres().await).await;
}
