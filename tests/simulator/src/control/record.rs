//! Twilio's record of a call whose webhooks another program sends: a load generator that makes more calls than are walked
//! through here, and whose calls must be found all the same by whoever asks.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::call::control::CallControl;
use crate::call::transcript::Transcript;
use crate::clock::Timestamp;
use crate::state::Call;
use crate::twilio::is_sid;
use crate::world::World;

/// An inbound call as it stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCall {
    pub sid: String,
    pub account_sid: String,
    pub from: String,
    pub to: String,
    pub status: String,
    pub created: Timestamp,
    /// When it was answered.
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
}

/// Adds the call, or replaces what was recorded of it.
pub fn record_call(world: &World, call: RecordedCall) -> Result<(), Refusal> {
    let RecordedCall { sid, account_sid, from, to, status, created, started, ended } = call;
    if !is_sid(&sid) || !sid.starts_with("CA") {
        return Err(Refusal::field("sid", "expected CA and 32 hex digits"));
    }
    let mut state = world.state();
    if state.accounts.get(&account_sid).is_none() {
        return Err(Refusal::field("account_sid", "there is no such account: add it first"));
    }
    let row = Call {
        number_sid: state.number(&to).map(|number| number.sid.clone()),
        sid: sid.clone(),
        account_sid,
        parent_sid: None,
        from,
        to,
        direction: "inbound".to_owned(),
        status,
        answered_by: None,
        created,
        started,
        ended,
        queue_ms: 0,
        control: CallControl::default(),
        transcript: Transcript::default(),
    };
    state.calls.put(&sid, row);
    Ok(())
}
