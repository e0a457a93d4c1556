//! Numbers that ElevenLabs answers, and what their tests share: what the vendors show, and looks at it.

mod attaching;
mod drift;
mod many;

use std::time::Duration;

use callplane_control_plane::{
    domain::{
        id::AccountId,
        outcome::Outcome,
        phone_number::{DriftCause, Repair, attachment::ImportSeen},
        telephony::NumberSeen,
    },
    flow::{Journal, phone_number as flow},
    provider::AgentKey,
    worker::access::{self, Purpose},
};
use callplane_proto::v1 as pb;
use callplane_simulator::{Happened, NewAgent, NumberChange};
use callplane_tests::{
    Plane,
    scene::{Account, NUMBER},
};

/// How often something was really done with the numbers of ElevenLabs.
fn done(plane: &Plane, wanted: &str) -> usize {
    let ledger = plane.twilio.ledger();
    let is_wanted = |what: &Happened| {
        matches!(what, Happened::Rest { vendor, method, path, performed: true, .. }
            if vendor == "elevenlabs" && method == wanted && path.contains("/phone-numbers"))
    };
    ledger.iter().filter(|entry| is_wanted(&entry.what)).count()
}

fn at_twilio(plane: &Plane, setting: &str) -> String {
    let numbers = plane.twilio.numbers();
    let number = numbers.iter().find(|number| number.phone_number == NUMBER).expect("it exists");
    number.settings.get(setting).cloned().unwrap_or_default()
}

fn change(plane: &Plane, setting: &str, value: &str) {
    let settings = [(setting.to_owned(), value.to_owned())].into();
    plane.twilio.change_number(NUMBER, NumberChange { settings, ..Default::default() }).expect("it is");
}

fn key(plane: &Plane) -> AgentKey {
    let api_key = plane.within().crew.eleven_labs_key.clone().expect("a key");
    AgentKey { api_key, api_base_url: None }
}

async fn imports(plane: &Plane) -> Vec<ImportSeen> {
    match plane.within().crew.agents.list_imports(&key(plane)).await {
        Outcome::Done(imports) => imports,
        other => panic!("{other:?}"),
    }
}

async fn agent(plane: &Plane) -> pb::Agent {
    let seeded = plane.twilio.add_agent(NewAgent::default());
    let endpoint = pb::ElevenLabsAgent { agent_id: seeded.agent_id, ..Default::default() };
    plane.agent(pb::agent::Endpoint::ElevenLabs(endpoint)).await
}

async fn attach(plane: &Plane, number: &pb::PhoneNumber, agent: &pb::Agent) -> pb::PhoneNumber {
    let (phone_number_id, agent_id) = (number.id.clone(), agent.id.clone());
    let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
    let attached = plane.api.numbers().attach_phone_number(request).await.expect("taken in");
    attached.into_inner().phone_number.expect("a number")
}

/// Everything that waits is woken until nothing does.
async fn settle(plane: &Plane) {
    plane.settle().await;
    for _ in 0..6 {
        plane.advance(Duration::from_secs(301));
        plane.settle().await;
    }
}

/// What Twilio's list of the account shows.
async fn list(plane: &Plane, account: &Account) -> Vec<NumberSeen> {
    let ctx = &plane.within().ctx;
    let id: AccountId = account.id.parse().expect("an id");
    let access = access::open(ctx, plane.workspace, id, Purpose::Work).await.expect("opened").expect("credentials");
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        match plane.within().crew.telephony.list_numbers(&access, after.as_ref()).await {
            Outcome::Done(page) => {
                seen.extend(page.items);
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return seen;
        }
    }
}

/// Half a minute later somebody has looked at all numbers of the account.
async fn observe(plane: &Plane, account: &Account, seen: Vec<NumberSeen>, repair: Repair) -> Vec<DriftCause> {
    plane.advance(Duration::from_secs(30));
    let mut journal = Journal::begin(&plane.within().ctx, plane.workspace).await.expect("begins");
    let look = flow::Look { began: journal.now, seen };
    let account = account.id.parse().expect("an id");
    let noticed = flow::observed(&mut journal, account, look, repair).await.expect("taken in");
    journal.commit().await.expect("commits");
    noticed
}

async fn look(plane: &Plane, account: &Account, repair: Repair) -> Vec<DriftCause> {
    let seen = list(plane, account).await;
    observe(plane, account, seen, repair).await
}

async fn reconcile(plane: &Plane, validate_only: bool) -> pb::ReconcileNumbersResponse {
    let request = pb::ReconcileNumbersRequest { validate_only, ..Default::default() };
    plane.api.numbers().reconcile_numbers(request).await.expect("planned").into_inner()
}

fn attachment(number: &pb::PhoneNumber) -> &pb::NumberAttachment {
    number.attachment.as_ref().expect("it was attached")
}
