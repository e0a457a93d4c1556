//! A control plane that dies at any durable boundary, and the one that takes over: the end is the same, and nothing is
//! written twice at Twilio.

use std::{sync::Mutex, time::Duration};

use callplane_control_plane::{
    domain::{
        call::{Call, Direction, Fact, NewCall, Source, Status, What, merge},
        id::{AccountId, CallId},
        reconciliation::{State, Tally, Window},
    },
    flow::{Journal, reconciliation},
    rpc::{account::Accounts, phone_number::PhoneNumbers},
    server::Plane,
    store::{self, Scope, page::Ask},
    worker::Boundaries,
};
use callplane_proto::v1::{
    self as pb, AccountStatus, PhoneNumberState, WebhooksState, account_service_server::AccountService,
    phone_number_service_server::PhoneNumberService,
};
use callplane_simulator::{Fault, FaultAction, Happened, NewAccount, NewNumber, PlaceCall, SeededAccount};
use callplane_tests::{
    Database,
    crash::{Ended, Scenario, Workshop, at_every_boundary},
    scene::{CALLER, NUMBER},
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

/// Calls that no webhook told of are found in Twilio's list, two pages long, and one that ended unheard is closed.
struct MissedCalls {
    trouble: Trouble,
    id: Mutex<Option<AccountId>>,
}

/// An open call of which we heard only the beginning.
async fn half_heard(workshop: &Workshop, plane: &Plane, account_id: AccountId) {
    let call = PlaceCall::new(CALLER, NUMBER);
    let sid = workshop.twilio.place_inbound_call(call).await.expect("it rings").call_sid;
    let (ctx, now) = (&plane.ctx, plane.ctx.clock.now());
    let id = CallId::fresh(&*ctx.ids);
    let new = NewCall { id, workspace_id: workshop.workspace, account_id, phone_number_id: None };
    let received = Fact {
        from: CALLER.into(),
        to: NUMBER.into(),
        direction: Some(Direction::Inbound),
        status: Some(Status::Ringing),
        ..Fact::bare(What::Received, sid.parse().expect("a SID"), now)
    };
    let call = Call { version: 1, ..merge(None, &received, &new).call };
    let txn = ctx.store.begin().await.expect("begins");
    assert!(store::call::put(&txn, &[&call]).await.expect("written"));
    txn.commit().await.expect("commits");
}

impl Scenario for MissedCalls {
    type End = (Vec<(String, Status, Source, bool)>, usize, Vec<String>, State, Option<(Tally, String)>);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        let (seeded, id) = add_account(workshop, plane).await;
        let id: AccountId = id.parse().expect("an id");
        *self.id.lock().expect("nobody panics") = Some(id);
        workshop.twilio.add_number(NewNumber::new(NUMBER, &seeded.sid)).expect("a number");
        assert_eq!(workshop.work(plane, Boundaries::default()).await, Ended::AtRest);
        half_heard(workshop, plane, id).await;
        workshop.advance(Duration::from_secs(3600));
        for _ in 0..205 {
            workshop.twilio.place_inbound_call(PlaceCall::new(CALLER, NUMBER)).await.expect("it rings");
        }
        trouble(workshop, "/Calls", &self.trouble);
        let mut journal = Journal::begin(&plane.ctx, workshop.workspace).await.expect("begins");
        let now = journal.now;
        let window = Window::asked(now - chrono::Duration::minutes(10), now, now);
        reconciliation::ask(&mut journal, id, window).await.expect("taken in");
        journal.commit().await.expect("commits");
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let id = self.id.lock().expect("nobody panics").expect("an account");
        let scope = Scope::new(plane.ctx.store.read(), workshop.workspace);
        let all = Ask { size: 500, after: None };
        let calls = store::call::list(&scope, &store::call::Filter::default(), &all).await.expect("listed").rows;
        assert_eq!(calls.len(), 206);
        let told = |call: &Call| (call.call_sid.to_string(), call.status, call.source, call.end_time.is_some());
        let mut rows: Vec<_> = calls.iter().map(told).collect();
        rows.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        assert!(rows.iter().all(|(_, status, _, has_end)| *status == Status::Failed && *has_end));
        let filter = store::event::Filter { kinds: vec!["call.*".to_owned()], ..Default::default() };
        let events = store::event::after(scope.db, &filter, 0, 1000).await.expect("read");
        let mut kinds: Vec<_> =
            events.into_iter().map(|event| format!("{} {}", event.kind, event.resource_id)).collect();
        let told = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), told, "nothing is told twice");
        let ended = store::reconciliation::by_account(&scope, id).await.expect("read").expect("one");
        let kinds = kinds.iter().map(|kind| kind.split(' ').next().unwrap_or_default().to_owned()).collect();
        // When it ended depends on the crash; what came of it does not.
        let state = ended.state();
        let tally = ended.last.map(|last| (last.tally, last.problem));
        (rows, told, kinds, state, tally)
    }
}

async fn missed_calls(name: &str, database: impl AsyncFnMut() -> Database + Copy) {
    for trouble in troubles(name).into_iter().filter(|trouble| !matches!(trouble, Some(("POST", _)))) {
        let scenario = MissedCalls { trouble, id: Mutex::default() };
        at_every_boundary(&scenario, database).await;
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

#[tokio::test]
async fn looking_for_missed_calls_survives_a_crash_at_every_boundary_on_sqlite() {
    missed_calls("sqlite", async || Database::sqlite()).await;
}

#[tokio::test]
async fn looking_for_missed_calls_survives_a_crash_at_every_boundary_on_postgres() {
    missed_calls("postgres", async || Database::postgres().await).await;
}
