//! A long history: how long it takes to ask it which calls failed.

use std::time::{Duration, Instant};

use callplane_control_plane::{
    clock::TimeOrderedIds,
    domain::id::IncidentId,
    server::Running,
    store::entity::{escalation_step, incident},
};
use callplane_proto::v1::{self as pb, ListStepsRequest, StepStatus};
use callplane_tests::{Api, ladder::moment};
use sea_orm::{EntityTrait, IntoActiveModel};

/// Steps of one incident.
const EACH: u32 = 1_000;
/// How often each question is asked.
const TIMES: usize = 50;

/// Fills the history with so many steps and prints how long its first pages take.
pub async fn measure(running: &Running, api: &Api, (policy, contact): (&str, &str), steps: u32) {
    fill(running, api, (policy, contact), steps).await;
    println!("| steps | asked for | rows of the page | median ms | most ms |\n|---|---|---|---|---|");
    let voice = pb::Channel::Voice.into();
    let failed = StepStatus::Failed.into();
    for (what, request) in [
        ("failed calls", ListStepsRequest { r#type: voice, status: failed, ..Default::default() }),
        ("what failed", ListStepsRequest { status: failed, ..Default::default() }),
        ("calls", ListStepsRequest { r#type: voice, ..Default::default() }),
        ("everything", ListStepsRequest::default()),
    ] {
        let (rows, mut took) = ask(api, &request).await;
        took.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!("| {steps} | {what} | {rows} | {:.1} | {:.1} |", ms(took[TIMES / 2]), ms(took[TIMES - 1]));
    }
}

async fn ask(api: &Api, request: &ListStepsRequest) -> (usize, Vec<Duration>) {
    let mut incidents = api.incidents();
    let mut rows = 0;
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let started = Instant::now();
        rows = incidents.list_steps(request.clone()).await.expect("listed").into_inner().steps.len();
        took.push(started.elapsed());
    }
    (rows, took)
}

/// Incidents that are over, each with many steps: one in ten failed, a third of them are calls.
async fn fill(running: &Running, api: &Api, (policy, contact): (&str, &str), steps: u32) {
    let request = pb::OpenIncidentRequest {
        policy_id: policy.to_owned(),
        contact_id: contact.to_owned(),
        start_time: moment(running.plane.ctx.clock.now() + chrono::Duration::days(1)),
        title: "Bench".into(),
        ..Default::default()
    };
    api.incidents().open_incident(request).await.expect("opened");
    let ctx = &running.plane.ctx;
    let first = incident::Entity::find().one(ctx.store.read()).await.expect("read").expect("one");
    let step = escalation_step::Entity::find().one(ctx.store.read()).await.expect("read").expect("one");
    for place in 0..steps.div_ceil(EACH) {
        let id = IncidentId::fresh(&TimeOrderedIds);
        let (event_key, state) = (format!("history-{place}"), "resolved".to_owned());
        let over = incident::Model { id, event_key, state, wake_time: None, ..first.clone() };
        let txn = ctx.store.begin().await.expect("begun");
        incident::Entity::insert(over.into_active_model()).exec_without_returning(&txn).await.expect("kept");
        let rows = (1..=EACH).map(|number| row(&step, id, number).into_active_model());
        escalation_step::Entity::insert_many(rows).exec_without_returning(&txn).await.expect("kept");
        txn.commit().await.expect("committed");
    }
}

fn row(like: &escalation_step::Model, incident_id: IncidentId, number: u32) -> escalation_step::Model {
    let kind = ["email", "sms", "voice"][usize::try_from(number % 3).unwrap_or_default()];
    let status = if number.is_multiple_of(10) { "failed" } else { "executed" };
    let (kind, status, number) = (kind.to_owned(), status.to_owned(), i64::from(number));
    escalation_step::Model { incident_id, number, kind, status, ..like.clone() }
}
