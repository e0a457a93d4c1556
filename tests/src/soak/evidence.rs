//! Everything the judge looks at: what the client was told, what is stored, what really happened at Twilio. Only data.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use callplane_simulator::Timestamp;

use super::{
    history::{Noted, Step},
    memory::{Sample, Who},
    reach::Promised,
};

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The client's side.
    pub noted: Noted,
    /// The calls in the database, by SID.
    pub stored: BTreeMap<String, Stored>,
    /// What was told of them, and how often each is there.
    pub events: BTreeMap<(String, Step), u32>,
    /// What reached Twilio about its numbers, in order.
    pub touches: Vec<Touch>,
    /// How often each number's webhooks had to be written, by SID.
    pub rounds: BTreeMap<String, u32>,
    /// Numbers whose webhooks did not become right in time.
    pub unsettled: Vec<String>,
    /// Whose ladders were armed.
    pub promised: Vec<Promised>,
    /// When telephones of people rang because of us, by their numbers.
    pub rings: BTreeMap<String, Vec<Timestamp>>,
    /// The steps of incidents: the word that says how each stands.
    pub steps: BTreeMap<String, Vec<String>>,
    /// How often a control plane was frozen: it may send late what another one has done meanwhile.
    pub sleeps: u32,
    /// When something was wrong, and a while after.
    pub windows: Vec<(Duration, Duration)>,
    /// How long calls were placed.
    pub length: Duration,
    /// Weighings.
    pub memory: BTreeMap<Who, Vec<Sample>>,
    /// What was logged as an ERROR, or said in a panic.
    pub errors: BTreeSet<String>,
}

/// A call as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands.
    pub status: String,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// How long it lasted.
    pub seconds: Option<u32>,
}

/// A request about a number that reached Twilio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The number's SID.
    pub number_sid: String,
    /// It was a write; otherwise a look.
    pub is_write: bool,
    /// Twilio did what was asked.
    pub performed: bool,
}
