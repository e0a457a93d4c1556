//! What stories about ladders begin with: somebody to reach, a policy, an incident, and what the simulated Twilio saw.

use std::time::Duration;

use callplane_control_plane::domain::time::Timestamp;
use callplane_proto::v1 as pb;
use callplane_simulator::{Happened, LedgerFilter};

use crate::Plane;

/// Whom most ladders are for.
pub const ADA: &str = "+14155550155";
/// Who stands in for them.
pub const BEN: &str = "+14155550166";
/// Their mail.
pub const ADA_MAIL: &str = "ada@example.com";

/// A rung for the person, at so many seconds from the event.
pub fn rung(channel: pb::Channel, offset: i64) -> pb::Rung {
    let offset = Some(prost_types::Duration { seconds: offset, nanos: 0 });
    pb::Rung { offset, channel: channel.into(), ..Default::default() }
}

/// The usual ladder: a mail twelve minutes before, a message five, a call two.
pub fn usual() -> pb::EscalationPolicy {
    let rungs = vec![
        rung(pb::Channel::Email, -720),
        rung(pb::Channel::Sms, -300),
        pb::Rung { redials: 1, ..rung(pb::Channel::Voice, -120) },
    ];
    pb::EscalationPolicy { display_name: "Meetings".into(), rungs, ..Default::default() }
}

/// A moment as the API takes it.
pub fn moment(time: Timestamp) -> Option<prost_types::Timestamp> {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).expect("below a second");
    Some(prost_types::Timestamp { seconds: time.timestamp(), nanos })
}

impl Plane {
    /// Somebody to reach, by phone and mail.
    pub async fn contact(&self, name: &str, number: &str, mail: &str) -> pb::Contact {
        for personal in [number, mail] {
            if !personal.is_empty() {
                self.logs.never(personal);
            }
        }
        let contact = pb::Contact {
            display_name: name.into(),
            phone_number: number.into(),
            email: mail.into(),
            time_zone: "Europe/Berlin".into(),
            ..Default::default()
        };
        let request = pb::CreateContactRequest { contact: Some(contact), ..Default::default() };
        let created = self.api.contacts().create_contact(request).await.expect("a contact");
        created.into_inner().contact.expect("a contact")
    }

    /// A policy.
    pub async fn policy(&self, policy: pb::EscalationPolicy) -> pb::EscalationPolicy {
        let request = pb::CreateEscalationPolicyRequest { escalation_policy: Some(policy), ..Default::default() };
        let created = self.api.policies().create_escalation_policy(request).await.expect("a policy");
        created.into_inner().escalation_policy.expect("a policy")
    }

    /// An incident about an event that starts in so many seconds.
    pub async fn incident(&self, policy: &pb::EscalationPolicy, contact: &pb::Contact, starts_in: i64) -> pb::Incident {
        let request = pb::OpenIncidentRequest {
            policy_id: policy.id.clone(),
            contact_id: contact.id.clone(),
            start_time: moment(self.now() + chrono::Duration::seconds(starts_in)),
            title: "Board meeting".into(),
            ..Default::default()
        };
        self.open(request).await
    }

    /// An incident with everything said.
    pub async fn open(&self, request: pb::OpenIncidentRequest) -> pb::Incident {
        let opened = self.api.incidents().open_incident(request).await.expect("opened");
        opened.into_inner().incident.expect("an incident")
    }

    /// An incident as it stands.
    pub async fn incident_now(&self, id: &str) -> pb::Incident {
        let request = pb::GetIncidentRequest { incident_id: id.to_owned() };
        self.api.incidents().get_incident(request).await.expect("an incident").into_inner().incident.expect("one")
    }

    /// So many seconds go by, and everything that they bring is done.
    pub async fn pass(&self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
        self.settle().await;
    }

    /// Whose telephones rang because of us, in order.
    pub fn rung(&self) -> Vec<String> {
        let entries = self.twilio.ledger_of(&LedgerFilter::kind("rung"));
        let outbound = entries.into_iter().filter_map(|entry| match entry.what {
            Happened::Rung { person, direction, .. } if direction == "outbound-api" => Some(person),
            _ => None,
        });
        outbound.collect()
    }

    /// To whom messages were sent, in order.
    pub fn texted(&self) -> Vec<String> {
        let entries = self.twilio.ledger_of(&LedgerFilter::kind("message_sent"));
        let sent = entries.into_iter().filter_map(|entry| match entry.what {
            Happened::MessageSent { to, .. } => Some(to),
            _ => None,
        });
        sent.collect()
    }

    /// To whom mails went, in order.
    pub fn mailed(&self) -> Vec<String> {
        let entries = self.twilio.ledger_of(&LedgerFilter::kind("mail"));
        let sent = entries.into_iter().filter_map(|entry| match entry.what {
            Happened::Mail { to, .. } => to.first().cloned(),
            _ => None,
        });
        sent.collect()
    }
}

/// The statuses of an incident's steps, in order.
pub fn statuses(incident: &pb::Incident) -> Vec<pb::StepStatus> {
    incident.steps.iter().map(pb::Step::status).collect()
}

/// The endings of an incident's steps, in order.
pub fn endings(incident: &pb::Incident) -> Vec<pb::AttemptEnding> {
    incident.steps.iter().map(pb::Step::ending).collect()
}
