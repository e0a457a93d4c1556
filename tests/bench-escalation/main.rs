//! `make bench-escalation`: how late the steps of armed ladders are taken in hand. Real time, one process, the mock in the
//! vendor's place: what is measured is us, not a vendor. With `--history`, how long it takes to ask what failed instead.

mod history;

use std::time::Duration;

use callplane_control_plane::{clock::SystemClock, domain::time::Clock, server, store::entity::escalation_step};
use callplane_proto::v1 as pb;
use callplane_tests::{
    Api, Database,
    ladder::{moment, rung, usual},
    plane,
    settings::Variables,
};
use clap::Parser;
use futures::{StreamExt, stream};
use sea_orm::{EntityTrait, QuerySelect};

#[derive(Parser)]
#[command(about = "Measures how late steps of armed ladders are taken in hand. Build it with --release")]
struct Arguments {
    /// Incidents that are armed
    #[arg(long, default_value_t = 10_000)]
    incidents: u32,
    /// Seconds over which their steps are due
    #[arg(long, default_value_t = 100)]
    over: u32,
    /// SQLite, or a PostgreSQL that is started for it
    #[arg(long, default_value = "postgres", value_parser = ["sqlite", "postgres"])]
    database: String,
    /// Steps of the past that are asked what failed; instead of the rest
    #[arg(long, default_value_t = 0)]
    history: u32,
}

/// Requests that are under way while incidents are opened.
const AT_ONCE: usize = 16;
const NUMBER: &str = "+14155550123";

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let database = match arguments.database.as_str() {
        "postgres" => Database::postgres().await,
        _ => Database::sqlite(),
    };
    // Nobody is asked: the address has no one behind it.
    let variables = Variables::new(database.url(), "http://127.0.0.1:9").set("CALLPLANE_TELEPHONY", "mock");
    let variables = variables.set("CALLPLANE_FORCE_MOCK", "true");
    let settings = variables.unset("CALLPLANE_TWILIO_BASE_URL").read();
    let plane = server::Plane::assemble(&settings).await.expect("it starts");
    let running = server::start(settings, plane).await.expect("it listens");
    let workspace = plane::add_workspace(&running.plane.ctx, "Bench").await;
    let token = plane::workspace_token(&running.plane, workspace).await;
    let api = Api::new(&format!("http://{}", running.address)).with_token(&token);

    let (policy, contact) = furnish(&api).await;
    if arguments.history > 0 {
        history::measure(&running, &api, (&policy, &contact), arguments.history).await;
        return running.stop().await.expect("it stops");
    }
    // Long enough to arm them all before the first one is due.
    let lead = 20 + i64::from(arguments.incidents) / 100;
    let first = SystemClock.now() + chrono::Duration::seconds(lead);
    println!("arming {} incidents, due over {} s from {first}", arguments.incidents, arguments.over);
    let apart = Duration::from_secs(u64::from(arguments.over)) / arguments.incidents;
    let opened = stream::iter(0..arguments.incidents).map(|place| {
        let due = first + chrono::Duration::from_std(apart * place).expect("seconds");
        let request = pb::OpenIncidentRequest {
            policy_id: policy.clone(),
            contact_id: contact.clone(),
            start_time: moment(due),
            title: "Bench".into(),
            event_key: format!("bench-{place}"),
            ..Default::default()
        };
        let mut incidents = api.incidents();
        async move { incidents.open_incident(request).await.expect("opened") }
    });
    opened.buffer_unordered(AT_ONCE).for_each(async |_| ()).await;
    let spare = (first - SystemClock.now()).num_seconds();
    assert!(spare > 0, "it took too long to arm them: {spare} s; ask for fewer");
    println!("armed, {spare} s before the first is due");
    let end = first + chrono::Duration::seconds(i64::from(arguments.over) + 5);
    tokio::time::sleep((end - SystemClock.now()).to_std().unwrap_or_default()).await;
    report(&running, arguments.incidents).await;
    running.stop().await.expect("it stops");
}

/// An account with a number, somebody to reach, and a ladder of one message: messages are not held back by a rate.
async fn furnish(api: &Api) -> (String, String) {
    let account = pb::Account {
        display_name: "Main".into(),
        account_sid: format!("AC{}", "0".repeat(31) + "1"),
        ..Default::default()
    };
    let credentials = pb::Credentials { auth_token: "0123456789abcdef".repeat(2), ..Default::default() };
    let request =
        pb::CreateAccountRequest { account: Some(account), credentials: Some(credentials), ..Default::default() };
    let account = api.accounts().create_account(request).await.expect("created").into_inner().account;
    let number =
        pb::PhoneNumber { account_id: account.expect("an account").id, e164: NUMBER.to_owned(), ..Default::default() };
    let request = pb::ImportPhoneNumberRequest { phone_number: Some(number), ..Default::default() };
    api.numbers().import_phone_number(request).await.expect("imported");
    let policy = pb::EscalationPolicy { rungs: vec![rung(pb::Channel::Sms, 0)], ..usual() };
    let request = pb::CreateEscalationPolicyRequest { escalation_policy: Some(policy), ..Default::default() };
    let policy = api.policies().create_escalation_policy(request).await.expect("a policy").into_inner();
    let contact = pb::Contact { display_name: "Ada".into(), phone_number: "+14155550155".into(), ..Default::default() };
    let request = pb::CreateContactRequest { contact: Some(contact), ..Default::default() };
    let contact = api.contacts().create_contact(request).await.expect("a contact").into_inner();
    (policy.escalation_policy.expect("a policy").id, contact.contact.expect("a contact").id)
}

/// How late they were, by what is stored.
async fn report(running: &server::Running, incidents: u32) {
    let steps = escalation_step::Entity::find().limit(u64::from(incidents));
    let steps = steps.all(running.plane.ctx.store.read()).await.expect("read");
    let executed = steps.iter().filter(|step| step.status == "executed").count();
    let mut late: Vec<i64> =
        steps.iter().filter_map(|step| Some((step.executed_at? - step.due_time).num_milliseconds())).collect();
    late.sort_unstable();
    let at = |share: usize| late.get(late.len().saturating_sub(1) * share / 1000).copied().unwrap_or_default();
    let early = late.iter().filter(|late| **late < 0).count();
    println!("| steps | executed | early | p50 ms | p99 ms | p99.9 ms | most ms |\n|---|---|---|---|---|---|---|");
    println!(
        "| {} | {executed} | {early} | {} | {} | {} | {} |",
        steps.len(),
        at(500),
        at(990),
        at(999),
        late.last().copied().unwrap_or_default()
    );
}
