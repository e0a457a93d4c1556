//! People who must be reached while the system is killed and cut: one ladder after the other is armed, each for somebody of
//! their own, with a message and calls seconds later. Some are busy, some press a key, some never answer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use callplane_control_plane::clock::SystemClock;
use callplane_control_plane::domain::time::{Clock, Timestamp};
use callplane_proto::v1 as pb;
use callplane_simulator::Callee;
use tokio::time::{sleep, timeout};

use super::{Failure, fleet::Fleet};
use crate::{
    Api,
    ladder::{moment, rung},
};

/// Between two people.
const PAUSE: Duration = Duration::from_secs(2);
/// For one request of a service.
const PATIENCE: Duration = Duration::from_secs(5);
/// From the opening of an incident to its event.
const LEAD: i64 = 12;
/// The message, the call before the event and the one after it.
const RUNGS: [(pb::Channel, i64); 3] =
    [(pb::Channel::Sms, -10), (pb::Channel::Voice, FIRST_CALL), (pb::Channel::Voice, 8)];
/// When the first call may ring, in seconds from the event.
const FIRST_CALL: i64 = -6;

/// Somebody whose ladder was armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    /// Their incident.
    pub incident_id: String,
    /// Their number.
    pub person: String,
    /// Their telephone does not ring before.
    pub not_before: Timestamp,
}

/// Arms ladders, one after the other.
pub struct Reach {
    fleet: Arc<Fleet>,
    workspace_id: String,
    stopped: AtomicBool,
    promised: Mutex<Vec<Promised>>,
}

impl Reach {
    /// For people of this workspace.
    pub fn new(fleet: Arc<Fleet>, workspace_id: &str) -> Self {
        let (stopped, promised) = (AtomicBool::new(false), Mutex::default());
        Self { fleet, workspace_id: workspace_id.to_owned(), stopped, promised }
    }

    /// Nobody new; whoever was promised is reached.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Everybody whose incident a control plane has taken.
    pub fn promised(&self) -> Vec<Promised> {
        self.promised.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Until stopped.
    pub async fn run(&self) -> Result<(), Failure> {
        let policy_id = self.furnish().await?;
        let mut place = 0_u32;
        while !self.stopped.load(Ordering::SeqCst) {
            let person = format!("+1777{place:07}");
            let callee = match place % 4 {
                0 => Callee::presses("1"),
                1 => Callee::NoAnswer,
                _ => Callee::Busy,
            };
            self.fleet.twilio.set_callee(&person, callee).await?;
            if let Some(promised) = self.promise(&policy_id, &person, place).await {
                self.promised.lock().unwrap_or_else(PoisonError::into_inner).push(promised);
            }
            place += 1;
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Before anything is broken.
    async fn furnish(&self) -> Result<String, Failure> {
        let api = self.fleet.operators[0].within(&self.workspace_id);
        let limits = pb::OutboundPolicy { calls_per_second: 50, ..Default::default() };
        let request = pb::UpdateOutboundPolicyRequest {
            outbound_policy: Some(limits),
            update_mask: Some(prost_types::FieldMask { paths: vec!["calls_per_second".into()] }),
            ..Default::default()
        };
        api.outbound().update_outbound_policy(request).await?;
        let rungs = RUNGS.map(|(channel, offset)| pb::Rung { redials: 1, ..rung(channel, offset) });
        let [message, first, second] = rungs;
        let rungs = vec![pb::Rung { redials: 0, ..message }, first, second];
        let policy = pb::EscalationPolicy { display_name: "Soak".into(), rungs, ..Default::default() };
        let request = pb::CreateEscalationPolicyRequest { escalation_policy: Some(policy), ..Default::default() };
        let created = api.policies().create_escalation_policy(request).await?.into_inner();
        Ok(created.escalation_policy.ok_or("a policy")?.id)
    }

    /// Asks each control plane in turn, with the same keys: asked twice, it is one contact and one incident.
    async fn promise(&self, policy_id: &str, person: &str, place: u32) -> Option<Promised> {
        let start = SystemClock.now() + chrono::Duration::seconds(LEAD);
        for operator in &self.fleet.operators {
            let api = operator.within(&self.workspace_id);
            let Ok(Ok(contact_id)) = timeout(PATIENCE, contact(&api, person, place)).await else { continue };
            let request = pb::OpenIncidentRequest {
                policy_id: policy_id.to_owned(),
                contact_id,
                start_time: moment(start),
                title: "Soak".into(),
                event_key: format!("soak-{place}"),
                ..Default::default()
            };
            let Ok(Ok(opened)) = timeout(PATIENCE, api.incidents().open_incident(request)).await else { continue };
            let incident_id = opened.into_inner().incident?.id;
            let not_before = start + chrono::Duration::seconds(FIRST_CALL);
            return Some(Promised { incident_id, person: person.to_owned(), not_before });
        }
        None
    }
}

async fn contact(api: &Api, person: &str, place: u32) -> Result<String, Failure> {
    let contact = pb::Contact { display_name: "Somebody".into(), phone_number: person.into(), ..Default::default() };
    let request = pb::CreateContactRequest { contact: Some(contact), request_id: format!("soak-{place}") };
    Ok(api.contacts().create_contact(request).await?.into_inner().contact.ok_or("a contact")?.id)
}
