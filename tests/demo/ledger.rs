//! What people got, as the simulated Twilio and the mail vendor saw it, told in the time of the event. Names, never numbers.

use std::cell::{Cell, RefCell};

use callplane_control_plane::domain::time::Timestamp;
use callplane_simulator::{Happened, LedgerFilter};
use callplane_tests::{
    Plane,
    ladder::{ADA, ADA_MAIL, BEN},
};

/// Who is told when nobody was reached.
pub const OPERATORS: &str = "ops@example.com";

/// What was told so far of one event.
pub struct Ledger {
    start: Timestamp,
    last: Cell<u64>,
    told: RefCell<Vec<String>>,
}

impl Ledger {
    /// From now on, of an event that starts then.
    pub fn new(plane: &Plane, start: Timestamp) -> Self {
        let last = plane.twilio.ledger_of(&LedgerFilter::default()).last().map(|entry| entry.number);
        Self { start, last: Cell::new(last.unwrap_or_default()), told: RefCell::default() }
    }

    /// Tells what happened since.
    pub fn tell(&self, plane: &Plane) {
        let news = LedgerFilter { after: Some(self.last.get()), ..LedgerFilter::default() };
        for entry in plane.twilio.ledger_of(&news) {
            self.last.set(entry.number);
            if let Some(line) = line(&entry.what) {
                println!("  {}  {line}", self.clock(entry.at));
                self.told.borrow_mut().push(line);
            }
        }
    }

    /// Everything that was told, in order.
    pub fn told(&self) -> Vec<String> {
        self.told.borrow().clone()
    }

    /// Before (-) or after (+) the start of the event.
    fn clock(&self, at: Timestamp) -> String {
        let seconds = (at - self.start).num_seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let seconds = seconds.abs();
        format!("T{sign}{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

fn line(what: &Happened) -> Option<String> {
    Some(match what {
        Happened::Mail { to, .. } => format!("a mail to {}", to.first().map_or("nobody", |to| name(to))),
        Happened::MessageSent { to, .. } => format!("a message to {}", name(to)),
        Happened::Rung { person, direction, .. } if direction == "outbound-api" => format!("{} is rung", name(person)),
        Happened::Answered { person, .. } => format!("{} answers", name(person)),
        Happened::Pressed { person, digits, .. } => format!("{} presses {digits}", name(person)),
        Happened::Ended { to, status, .. } => format!("the call to {} ends: {status}", name(to)),
        _ => return None,
    })
}

fn name(address: &str) -> &'static str {
    match address {
        ADA | ADA_MAIL => "Ada",
        BEN => "Ben",
        OPERATORS => "the operators",
        _ => "somebody",
    }
}
