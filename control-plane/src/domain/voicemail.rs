//! Voicemails: one per recording that `<Record>` made, whichever webhook tells of it first.

use serde::{Deserialize, Serialize};

use super::{
    id::{CallId, PhoneNumberId, VoicemailId, WorkspaceId},
    party::Party,
    recording::{RecordingFact, RecordingStatus, standing},
    seconds::Seconds,
    sid::RecordingSid,
    time::Timestamp,
    word::words,
};

words! {
    /// Whether somebody listened to a voicemail.
    Mark, "voicemail mark" {
        /// Nobody yet.
        Unread = "unread",
        /// Somebody did.
        Read = "read",
        /// Put away.
        Archived = "archived",
    }
}

/// A message that a caller left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Voicemail {
    /// The id.
    pub id: VoicemailId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The call it was left in.
    pub call_id: CallId,
    /// Our number that was called.
    pub phone_number_id: Option<PhoneNumberId>,
    /// Who left it.
    pub from: Party,
    /// Its recording at Twilio.
    pub recording_sid: RecordingSid,
    /// Where the recording stands.
    pub recording_status: RecordingStatus,
    /// How long it is; final once the recording is completed.
    pub duration: Option<Seconds>,
    /// Whether somebody listened to it.
    pub mark: Mark,
    /// Counts its changes; kept by the store.
    pub version: i64,
    /// When we first heard of it.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

/// What a new row needs and no fact says.
#[derive(Clone, Debug, PartialEq)]
pub struct NewVoicemail {
    /// The id it gets.
    pub id: VoicemailId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The call.
    pub call_id: CallId,
    /// Our number in the call.
    pub phone_number_id: Option<PhoneNumberId>,
    /// The caller.
    pub from: Party,
}

impl Voicemail {
    /// Nobody spoke: shorter than 2 s, or there is no file at all.
    pub fn is_empty(&self) -> bool {
        self.recording_status == RecordingStatus::Absent || self.duration.is_some_and(|duration| duration < Seconds(2))
    }
}

/// Adds `fact` to what is known; the flag tells whether it told something new.
pub fn merge(known: Option<Voicemail>, fact: &RecordingFact, new: &NewVoicemail) -> (Voicemail, bool) {
    let before = known.clone();
    let mut row = known.unwrap_or_else(|| first_row(fact, new));
    (row.recording_status, row.duration) = standing(row.recording_status, row.duration, fact);
    row.from = std::mem::take(&mut row.from).joined(&new.from);
    row.phone_number_id = row.phone_number_id.or(new.phone_number_id);
    row.create_time = row.create_time.min(fact.receive_time);
    row.update_time = row.update_time.max(fact.receive_time);
    let changed = before
        .is_none_or(|before| Voicemail { create_time: row.create_time, update_time: row.update_time, ..before } != row);
    (row, changed)
}

fn first_row(fact: &RecordingFact, new: &NewVoicemail) -> Voicemail {
    Voicemail {
        id: new.id,
        workspace_id: new.workspace_id,
        call_id: new.call_id,
        phone_number_id: new.phone_number_id,
        from: new.from.clone(),
        recording_sid: fact.recording_sid.clone(),
        recording_status: RecordingStatus::InProgress,
        duration: None,
        mark: Mark::Unread,
        version: 0,
        create_time: fact.receive_time,
        update_time: fact.receive_time,
    }
}
