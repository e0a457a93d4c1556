//! Recordings: what is known of one, and how facts about it become one row whatever their order.

use serde::{Deserialize, Serialize};

use super::{
    id::{AccountId, CallId, RecordingId, WorkspaceId},
    seconds::Seconds,
    sid::RecordingSid,
    time::Timestamp,
    word::words,
};

words! {
    /// Where a recording stands. Of two words about one recording the later in this list stands.
    RecordingStatus, "recording status" {
        /// Being recorded or processed.
        InProgress = "in-progress",
        /// Twilio failed to make it.
        Failed = "failed",
        /// There is no file and none will follow.
        Absent = "absent",
        /// Ready.
        Completed = "completed",
    }
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The id.
    pub id: RecordingId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The account it is stored in.
    pub account_id: AccountId,
    /// The call, its parent leg.
    pub call_id: CallId,
    /// Its SID at Twilio.
    pub recording_sid: RecordingSid,
    /// Where it stands.
    pub status: RecordingStatus,
    /// How long it is; final once completed.
    pub duration: Option<Seconds>,
    /// 1 or 2; 0 until told.
    #[serde(default)]
    pub channels: i32,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// What made it, as Twilio says, such as `RecordVerb`.
    #[serde(default)]
    pub source: String,
    /// Twilio's error code; 0 for none.
    #[serde(default)]
    pub error_code: i32,
    /// Counts its changes; kept by the store.
    pub version: i64,
    /// When we first heard of it.
    pub create_time: Timestamp,
    /// When we last heard of it.
    pub update_time: Timestamp,
}

/// What one webhook says of a recording. What it does not say is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingFact {
    /// Its SID.
    pub recording_sid: RecordingSid,
    /// When the edge had read it.
    pub receive_time: Timestamp,
    /// Where it stands; `None` when the end of `<Record>` tells of it or the word is unknown to us.
    pub status: Option<RecordingStatus>,
    /// How long it is.
    pub duration: Option<Seconds>,
    /// 1 or 2; 0 when not told.
    pub channels: i32,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// What made it, as Twilio says; empty when not told.
    pub source: String,
    /// 0 is not an error.
    pub error_code: i32,
}

/// What a new row needs and no fact says.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRecording {
    /// The id it gets.
    pub id: RecordingId,
    /// Whose it is.
    pub workspace_id: WorkspaceId,
    /// The account that signed the webhook.
    pub account_id: AccountId,
    /// The call.
    pub call_id: CallId,
}

/// RecordingSource of a `<Record>`: a caller's voicemail.
pub const RECORD_VERB: &str = "RecordVerb";

impl RecordingFact {
    /// Made by `<Record>`: a voicemail.
    pub fn is_voicemail(&self) -> bool {
        self.source == RECORD_VERB
    }
}

/// The SID at the end of a RecordingUrl: the end of `<Record>` does not promise a RecordingSid of its own.
pub fn sid_in_url(url: &str) -> Option<RecordingSid> {
    let path = url.split(['?', '#']).next()?;
    let last = path.rsplit('/').next()?;
    last.split('.').next()?.parse().ok()
}

/// Adds `fact` to what is known; the flag tells whether it told something new.
pub fn merge(known: Option<Recording>, fact: &RecordingFact, new: &NewRecording) -> (Recording, bool) {
    let before = known.clone();
    let mut row = known.unwrap_or_else(|| first_row(fact, new));
    (row.status, row.duration) = standing(row.status, row.duration, fact);
    row.channels = row.channels.max(fact.channels);
    row.start_time = [row.start_time, fact.start_time].into_iter().flatten().min();
    if row.source.is_empty() {
        row.source.clone_from(&fact.source);
    }
    row.error_code = row.error_code.max(fact.error_code);
    row.create_time = row.create_time.min(fact.receive_time);
    row.update_time = row.update_time.max(fact.receive_time);
    let changed = before
        .is_none_or(|before| Recording { create_time: row.create_time, update_time: row.update_time, ..before } != row);
    (row, changed)
}

/// Only a completed recording has its final length, after trimming; until then the longest told so far stands.
pub(super) fn standing(
    status: RecordingStatus,
    duration: Option<Seconds>,
    fact: &RecordingFact,
) -> (RecordingStatus, Option<Seconds>) {
    let told = fact.status.unwrap_or(RecordingStatus::InProgress);
    let is_final = |status| status == RecordingStatus::Completed;
    let duration = match (is_final(status), is_final(told)) {
        (true, false) => duration,
        (false, true) => fact.duration,
        (true, true) | (false, false) => duration.max(fact.duration),
    };
    (status.max(told), duration)
}

fn first_row(fact: &RecordingFact, new: &NewRecording) -> Recording {
    Recording {
        id: new.id,
        workspace_id: new.workspace_id,
        account_id: new.account_id,
        call_id: new.call_id,
        recording_sid: fact.recording_sid.clone(),
        status: RecordingStatus::InProgress,
        duration: None,
        channels: 0,
        start_time: None,
        source: String::new(),
        error_code: 0,
        version: 0,
        create_time: fact.receive_time,
        update_time: fact.receive_time,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use uuid::Uuid;

    use super::*;
    use crate::domain::sample::at;

    fn facts() -> impl Strategy<Value = RecordingFact> {
        let words = option::of(select(RecordingStatus::ALL));
        let durations = option::of((0..5u32).prop_map(Seconds));
        (words, durations, 0..60i64, 0..3i32).prop_map(|(status, duration, second, channels)| RecordingFact {
            recording_sid: "RE00000000000000000000000000000001".parse().expect("a SID"),
            receive_time: at("2026-08-04T09:00:00Z") + chrono::Duration::seconds(second),
            status,
            duration,
            channels,
            start_time: None,
            source: RECORD_VERB.to_owned(),
            error_code: 0,
        })
    }

    fn new() -> NewRecording {
        NewRecording {
            id: RecordingId::from_uuid(Uuid::nil()),
            workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
            account_id: AccountId::from_uuid(Uuid::nil()),
            call_id: CallId::from_uuid(Uuid::nil()),
        }
    }

    fn told(facts: &[RecordingFact]) -> Recording {
        let add = |known, fact| Some(merge(known, fact, &new()).0);
        facts.iter().fold(None, add).expect("at least one fact")
    }

    proptest! {
        #[test]
        fn the_order_and_repetition_of_callbacks_do_not_matter(
            (facts, shuffled) in vec(facts(), 1..6).prop_flat_map(|facts| {
                let twice = [facts.clone(), facts.clone()].concat();
                (Just(facts), Just(twice).prop_shuffle())
            })
        ) {
            prop_assert_eq!(told(&facts), told(&shuffled));
        }

        #[test]
        fn a_repeated_callback_tells_nothing_new(facts in vec(facts(), 1..6)) {
            let row = told(&facts);
            for fact in &facts {
                prop_assert!(!merge(Some(row.clone()), fact, &new()).1);
            }
        }
    }

    #[test]
    fn the_sid_is_the_end_of_the_url() {
        let sid = "RE00000000000000000000000000000001";
        for tail in ["", ".mp3", ".json?x=1"] {
            let url = format!("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/{sid}{tail}");
            assert_eq!(sid_in_url(&url).expect("there").as_str(), sid);
        }
        assert_eq!(sid_in_url(""), None);
        assert_eq!(sid_in_url("https://example.com/RE1"), None);
    }

    #[test]
    fn a_stored_recording_still_loads() {
        let sample = r#"{"id":"rec_00000000000000000000000000","workspace_id":"wsp_00000000000000000000000000",
            "account_id":"acc_00000000000000000000000000","call_id":"call_00000000000000000000000000",
            "recording_sid":"RE00000000000000000000000000000001","status":"completed","duration":12,"start_time":null,
            "version":1,"create_time":"2026-08-04T09:00:00Z","update_time":"2026-08-04T09:00:00Z"}"#;
        assert_eq!(serde_json::from_str::<Recording>(sample).expect("loads").duration, Some(Seconds(12)));
    }
}
