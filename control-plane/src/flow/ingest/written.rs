//! What a batch writes: each touched row once, whatever the number of webhooks that touched it, and what watchers are told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::known::Known;
use crate::{
    domain::{call::CallEvent, error::Result, id::WorkspaceId},
    flow::Journal,
    store,
};

/// What is to be written.
#[derive(Default)]
pub struct Written {
    calls: BTreeSet<String>,
    events: Vec<(CallEvent, String)>,
    recordings: BTreeSet<String>,
    voicemails: BTreeSet<String>,
    messages: BTreeSet<String>,
    news: Vec<(WorkspaceId, &'static str, String, Value)>,
}

impl Written {
    /// A call was touched by this event.
    pub fn call(&mut self, sid: &str, event: (CallEvent, String)) {
        self.calls.insert(sid.to_owned());
        self.events.push(event);
    }

    /// A recording was touched.
    pub fn recording(&mut self, sid: &str) {
        self.recordings.insert(sid.to_owned());
    }

    /// A voicemail was touched.
    pub fn voicemail(&mut self, recording_sid: &str) {
        self.voicemails.insert(recording_sid.to_owned());
    }

    /// A message was touched.
    pub fn message(&mut self, sid: &str) {
        self.messages.insert(sid.to_owned());
    }

    /// Watchers are to be told.
    pub fn tell(&mut self, workspace: WorkspaceId, kind: &'static str, resource: String, data: Value) {
        self.news.push((workspace, kind, resource, data));
    }

    /// How many rows that is.
    pub fn rows(&self) -> usize {
        let told = self.events.len() + self.news.len();
        self.calls.len() + self.recordings.len() + self.voicemails.len() + self.messages.len() + told
    }

    /// Writes it all; `false` when another replica was faster with one of the rows.
    pub async fn put(self, journal: &mut Journal<'_>, known: &Known) -> Result<bool> {
        let calls: Vec<_> = self.calls.iter().filter_map(|sid| known.calls.get(sid)).map(next_call).collect();
        let recordings: Vec<_> = self.recordings.iter().filter_map(|sid| known.recordings.get(sid)).cloned().collect();
        let voicemails: Vec<_> = self.voicemails.iter().filter_map(|sid| known.voicemails.get(sid)).cloned().collect();
        let messages: Vec<_> = self.messages.iter().filter_map(|sid| known.messages.get(sid)).cloned().collect();
        let recordings: Vec<_> = recordings.into_iter().map(|mut row| (row.version += 1, row).1).collect();
        let voicemails: Vec<_> = voicemails.into_iter().map(|mut row| (row.version += 1, row).1).collect();
        let messages: Vec<_> = messages.into_iter().map(|mut row| (row.version += 1, row).1).collect();
        let txn = journal.txn();
        let first = store::call::put(txn, &calls.iter().collect::<Vec<_>>()).await?
            && store::recording::put(txn, &recordings.iter().collect::<Vec<_>>()).await?
            && store::voicemail::put(txn, &voicemails.iter().collect::<Vec<_>>()).await?
            && store::message::put(txn, &messages.iter().collect::<Vec<_>>()).await?;
        if !first {
            return Ok(false);
        }
        store::call_event::add(txn, &self.events).await?;
        // No timer is woken: a quiet call is looked up after minutes, and the poll finds it.
        for (workspace, kind, resource, data) in self.news {
            journal.tell_in(workspace, kind, &resource, data);
        }
        Ok(true)
    }
}

fn next_call(call: &crate::domain::call::Call) -> crate::domain::call::Call {
    crate::domain::call::Call { version: call.version + 1, ..call.clone() }
}
