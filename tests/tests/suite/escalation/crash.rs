//! A control plane that dies at any durable boundary while it reaches somebody: the telephone rings once all the same, and
//! the step has its outcome, though every callback is lost.

use std::sync::Mutex;

use callplane_control_plane::{domain::incident::Outcome, server::Plane};
use callplane_proto::v1 as pb;
use callplane_simulator::{Callee, Fault, FaultAction, Happened};
use callplane_tests::{
    Database,
    crash::{Scenario, Workshop, at_every_boundary},
    ladder::{ADA, rung},
};

use super::workshop::{contact, furnish, open, policy, rings, stored};

/// A message and a call; nobody answers.
struct Reached {
    lost: bool,
    id: Mutex<String>,
}

impl Scenario for Reached {
    type End = (usize, usize, Vec<(String, Option<String>)>, Option<Outcome>);

    async fn begin(&self, workshop: &Workshop, plane: &Plane) {
        furnish(workshop, plane).await;
        workshop.twilio.set_callee(ADA, Callee::Busy);
        let rungs = vec![rung(pb::Channel::Sms, -170), rung(pb::Channel::Voice, -150)];
        let (policy, ada) = (policy(workshop, plane, rungs).await, contact(workshop, plane, ADA).await);
        *self.id.lock().expect("nobody panics") = open(workshop, plane, (&policy, &ada), 180).await;
        if self.lost {
            let lost = FaultAction::ErrorAfter { status: 500, code: Some(20500) };
            workshop.twilio.inject_fault(Fault::once("/Calls.json", lost).method("POST"));
        }
    }

    async fn end(&self, workshop: &Workshop, plane: &Plane, _: bool) -> Self::End {
        let id = self.id.lock().expect("nobody panics").clone();
        let incident = stored(workshop, plane, &id).await;
        let sent =
            workshop.twilio.ledger().iter().filter(|entry| matches!(entry.what, Happened::MessageSent { .. })).count();
        let steps = incident.steps.iter();
        let steps = steps.map(|step| (step.status.to_string(), step.ending.map(|ending| ending.to_string())));
        (rings(workshop, ADA).len(), sent, steps.collect(), incident.outcome)
    }
}

async fn reached(database: impl AsyncFnMut() -> Database + Copy, lost: bool) {
    at_every_boundary(&Reached { lost, id: Mutex::default() }, database).await;
}

#[tokio::test]
async fn somebody_is_rung_once_though_a_worker_dies_at_any_boundary_on_sqlite() {
    reached(async || Database::sqlite(), false).await;
}

#[tokio::test]
async fn somebody_is_rung_once_though_the_answer_is_lost_and_a_worker_dies_on_sqlite() {
    reached(async || Database::sqlite(), true).await;
}

#[tokio::test]
async fn somebody_is_rung_once_though_a_worker_dies_at_any_boundary_on_postgres() {
    reached(async || Database::postgres().await, false).await;
}
