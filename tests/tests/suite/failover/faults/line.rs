//! One line of an account that fails, the number of another account that it goes to, and vendors that go wrong at one of the requests
//! on the way there.

use callplane_proto::v1::{self as pb, assignment::Target};
use callplane_simulator::{Fault, FaultAction, Happened, NewAgent};
use callplane_tests::{
    Plane,
    scene::{Account, announcement},
};

use crate::failover::{backup_number, end};

/// A line, where it is and where it goes.
pub struct Line {
    /// The account that is left.
    pub source: Account,
    /// The one that takes over.
    pub target: Account,
    /// Who answers.
    pub agent: pb::Agent,
    /// It is ElevenLabs' voice URL that its numbers have.
    pub is_native: bool,
    /// The number it leaves.
    pub own: pb::PhoneNumber,
    /// The number it goes to; its webhooks are nobody's yet.
    pub spare: pb::PhoneNumber,
}

/// A fresh one for each case.
pub async fn fresh(plane: &Plane, case: usize, native: bool) -> Line {
    let (source, target) = (plane.account().await, plane.account().await);
    let own = plane.number(&source, &format!("+1415555{case:04}")).await;
    let endpoint = match native {
        false => announcement("Hello."),
        true => pb::agent::Endpoint::ElevenLabs(pb::ElevenLabsAgent {
            agent_id: plane.twilio.add_agent(NewAgent::default()).agent_id,
            ..Default::default()
        }),
    };
    let agent = plane.agent(endpoint).await;
    plane.assign(&own, Target::AgentId(agent.id.clone())).await;
    if native {
        let (phone_number_id, agent_id) = (own.id.clone(), agent.id.clone());
        let request = pb::AttachPhoneNumberRequest { phone_number_id, agent_id, ..Default::default() };
        plane.api.numbers().attach_phone_number(request).await.expect("taken in");
        plane.settle().await;
    }
    let spare = backup_number(plane, &target, &format!("+1628555{case:04}")).await;
    Line { source, target, agent, is_native: native, own, spare }
}

/// Moves it, to the end.
pub async fn moved(plane: &Plane, line: &Line) -> pb::Failover {
    let request = pb::StartFailoverRequest {
        account_id: line.source.id.clone(),
        target_account_id: line.target.id.clone(),
        reason: "the account is suspended".into(),
        ..Default::default()
    };
    let begun = plane.api.failovers().start_failover(request).await.expect("begun").into_inner();
    end(plane, &begun.failover.expect("a failover").id).await
}

/// Moves it back, to the end.
pub async fn moved_back(plane: &Plane, original: &pb::Failover) -> pb::Failover {
    let request = pb::RollbackFailoverRequest {
        failover_id: original.id.clone(),
        reason: "the account works again".into(),
        ..Default::default()
    };
    let begun = plane.api.failovers().rollback_failover(request).await.expect("begun").into_inner();
    end(plane, &begun.failover.expect("a failover").id).await
}

/// How many requests were performed since the ledger had so many entries, of those that are meant.
pub fn performed(plane: &Plane, since: usize, is_meant: impl Fn(&str, &str, &str) -> bool) -> usize {
    let counts = |what: &Happened| match what {
        Happened::Rest { vendor, method, path, performed: true, .. } => is_meant(vendor, method, path),
        _ => false,
    };
    plane.twilio.ledger().iter().skip(since).filter(|entry| counts(&entry.what)).count()
}

/// How many requests were made since then.
pub fn requests(plane: &Plane, since: usize) -> u32 {
    u32::try_from(performed(plane, since, |_, _, _| true)).expect("a few")
}

/// So many requests go well, and from the next one on there is this.
pub fn breaks(plane: &Plane, after: u32, fault: Fault) {
    if after > 0 {
        plane.twilio.inject_fault(Fault::once("/", FaultAction::Delay { milliseconds: 0 }).times(after));
    }
    plane.twilio.inject_fault(fault);
}

/// How often something was done wrong since then.
pub fn struck(plane: &Plane, since: usize) -> usize {
    let was_struck = |what: &Happened| matches!(what, Happened::Rest { fault: Some(fault), .. } if fault != "delay");
    plane.twilio.ledger().iter().skip(since).filter(|entry| was_struck(&entry.what)).count()
}
