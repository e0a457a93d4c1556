//! Which steps a ladder makes of an event, and when each is due.

use super::{Incident, Status, Step};
use crate::domain::{
    id::ContactId,
    ladder::{Rung, Target},
    time::Timestamp,
};

/// The steps of a fresh incident, in order.
pub fn plan(incident: &Incident, now: Timestamp) -> Vec<Step> {
    let rungs = incident.ladder.rungs.iter().zip(0..);
    rungs.map(|(rung, place)| fresh(incident, (rung, place), place + 1, now)).collect()
}

/// A step that waits. What was due before the incident was known is due at once, while its window is open.
pub(super) fn fresh(incident: &Incident, (rung, place): (&Rung, u32), number: u32, now: Timestamp) -> Step {
    let window = rung.window(incident.start_time);
    Step {
        number,
        rung: place,
        channel: rung.channel,
        contact_id: target(incident, rung),
        redial: false,
        status: Status::Pending,
        due_time: rung.due(incident.start_time).max(now.min(window.until)),
        held_until: None,
        window,
        attempt_id: None,
        execute_time: None,
        ending: None,
        reason: String::new(),
        error: String::new(),
        simulated: false,
    }
}

fn target(incident: &Incident, rung: &Rung) -> Option<ContactId> {
    match rung.target {
        Target::Person => Some(incident.contact_id),
        Target::StandIn(place) => incident.stand_ins.get(usize::try_from(place).ok()?).copied(),
        Target::Contact(id) => Some(id),
    }
}
