//! What arrives on a watch, put together: a snapshot is built aside and takes effect whole, changes take effect at once.

use callplane_proto::edge::v1::WatchStateResponse;
use tokio::time::Instant;

use super::{Directory, Known};

/// Where the watch is.
#[derive(Default)]
pub struct Feed {
    resume_token: String,
    building: Option<Known>,
}

impl Feed {
    /// Where to go on after a reconnect.
    pub fn resume_token(&self) -> &str {
        &self.resume_token
    }

    /// The connection is gone: a snapshot that was not complete is worth nothing.
    pub fn interrupted(&mut self) {
        self.building = None;
    }

    /// The control plane does not know our token any more: begin with a snapshot.
    pub fn forget(&mut self) {
        self.building = None;
        self.resume_token.clear();
    }

    /// Takes one part in.
    pub fn apply(&mut self, directory: &Directory, part: WatchStateResponse) {
        let WatchStateResponse { resume_token, changes, snapshot_begin, snapshot_complete } = part;
        if snapshot_begin {
            self.building = Some(Known::default());
        }
        match &mut self.building {
            Some(building) => changes.into_iter().for_each(|change| building.apply(change)),
            None if changes.is_empty() => {}
            None => directory.change(|known| changes.into_iter().for_each(|change| known.apply(change))),
        }
        if snapshot_complete && let Some(complete) = self.building.take() {
            let (accounts, numbers) = complete.size();
            tracing::info!(accounts, numbers, "a snapshot of accounts and numbers is in force");
            directory.replace(complete);
        }
        // A token of a half snapshot would skip the other half.
        if self.building.is_none() && !resume_token.is_empty() {
            self.resume_token = resume_token;
        }
        directory.mark_heard(Instant::now());
    }
}
