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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        recording::RECORD_VERB,
        sample::{at, call},
    };

    fn fact(status: Option<RecordingStatus>, duration: u32) -> RecordingFact {
        RecordingFact {
            recording_sid: "RE00000000000000000000000000000001".parse().expect("a SID"),
            receive_time: at("2026-08-04T09:00:30Z"),
            status,
            duration: Some(Seconds(duration)),
            channels: 1,
            start_time: None,
            source: RECORD_VERB.to_owned(),
            error_code: 0,
        }
    }

    fn told(facts: &[RecordingFact]) -> Voicemail {
        let new = NewVoicemail {
            id: VoicemailId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            call_id: call().id,
            phone_number_id: None,
            from: call().from,
        };
        let add = |known, fact| Some(merge(known, fact, &new).0);
        facts.iter().fold(None, add).expect("at least one fact")
    }

    #[test]
    fn the_end_of_the_recording_and_its_callback_make_one_voicemail_in_either_order() {
        let (ended, ready) = (fact(None, 14), fact(Some(RecordingStatus::Completed), 12));
        let voicemail = told(&[ended.clone(), ready.clone()]);
        assert_eq!(voicemail, told(&[ready.clone(), ended.clone(), ready]));
        assert_eq!(voicemail.recording_status, RecordingStatus::Completed);
        assert_eq!(voicemail.duration, Some(Seconds(12)), "the callback knows the length after trimming");
        assert_eq!(voicemail.mark, Mark::Unread);
        assert_eq!(told(&[ended]).recording_status, RecordingStatus::InProgress);
    }

    #[test]
    fn a_late_callback_does_not_take_back_that_somebody_listened() {
        let heard = Voicemail { mark: Mark::Read, ..told(&[fact(None, 14)]) };
        let new = NewVoicemail {
            id: VoicemailId::from_uuid(Uuid::max()),
            workspace_id: heard.workspace_id,
            call_id: heard.call_id,
            phone_number_id: None,
            from: Party::default(),
        };
        let (after, changed) = merge(Some(heard.clone()), &fact(Some(RecordingStatus::Completed), 12), &new);
        assert_eq!((after.mark, after.id, after.from, changed), (Mark::Read, heard.id, heard.from, true));
    }

    #[test]
    fn a_voicemail_under_two_seconds_or_without_a_file_is_empty() {
        assert!(told(&[fact(None, 1)]).is_empty());
        assert!(!told(&[fact(None, 2)]).is_empty());
        assert!(told(&[fact(Some(RecordingStatus::Absent), 5)]).is_empty());
    }

    #[test]
    fn a_stored_voicemail_still_loads() {
        let sample = r#"{"id":"vml_00000000000000000000000000","workspace_id":"wsp_00000000000000000000000000",
            "call_id":"call_00000000000000000000000007","phone_number_id":null,"from":"anonymous",
            "recording_sid":"RE00000000000000000000000000000001","recording_status":"in-progress","duration":null,
            "mark":"archived","version":1,"create_time":"2026-08-04T09:00:00Z","update_time":"2026-08-04T09:00:00Z"}"#;
        assert_eq!(serde_json::from_str::<Voicemail>(sample).expect("loads").mark, Mark::Archived);
    }
}
