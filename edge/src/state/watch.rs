//! Follows `WatchState` for as long as the edge runs: one control plane at a time, the next one when it fails or falls
//! silent, with a jittered pause between.

use std::{sync::Arc, time::Duration};

use callplane_proto::edge::v1::WatchStateRequest;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::{Directory, Feed};
use crate::{backoff::Backoff, control_plane::ControlPlane};

/// A heartbeat comes every 15 s; two missed ones are a dead connection.
const SILENCE: Duration = Duration::from_secs(40);
/// An answer to a new watch is due sooner: until the first one, nothing can be verified.
const FIRST_PART: Duration = Duration::from_secs(10);
/// An edge that has just started refuses every webhook until then, and a frozen control plane takes connections as well as
/// a living one: the next one is tried soon, and each is given longer if none of them was that fast.
const FIRST_PART_EVER: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Never returns; dropped when the edge stops. `heard_of` is told which control plane has taken a watch.
pub async fn follow(
    directory: Arc<Directory>,
    control_planes: Vec<ControlPlane>,
    edge_id: String,
    heard_of: impl Fn(usize),
) {
    let mut feed = Feed::default();
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let count = control_planes.len().max(1);
    for (tries, (index, control_plane)) in control_planes.iter().enumerate().cycle().enumerate() {
        let heard_before = directory.subscribe();
        let first_part = if directory.is_loaded() { FIRST_PART } else { first_part_ever(tries / count) };
        let taken = || heard_of(index);
        let error = follow_one(&directory, control_plane, &mut feed, &edge_id, first_part, taken).await;
        feed.interrupted();
        if heard_before.has_changed().unwrap_or(false) {
            backoff.reset();
        }
        react(&error, &mut feed, control_plane);
        // One line for an outage, not one for each try.
        let (control_plane, code) = (control_plane.name(), error.code());
        if backoff.is_fresh() {
            tracing::warn!(control_plane, ?code, reason = error.message(), "the watch of accounts and numbers broke");
        } else {
            tracing::debug!(control_plane, ?code, reason = error.message(), "the watch is still broken");
        }
        sleep(backoff.next()).await;
    }
}

/// How long the first answer of all may take, after so many rounds without one.
fn first_part_ever(rounds: usize) -> Duration {
    let doubled = u32::try_from(rounds).ok().and_then(|rounds| 2_u32.checked_pow(rounds));
    FIRST_PART_EVER.saturating_mul(doubled.unwrap_or(u32::MAX)).min(FIRST_PART)
}

/// Follows until the stream breaks, and says why it did.
async fn follow_one(
    directory: &Directory,
    control_plane: &ControlPlane,
    feed: &mut Feed,
    edge_id: &str,
    first_part: Duration,
    taken: impl FnOnce(),
) -> Status {
    let request = WatchStateRequest { edge_id: edge_id.to_owned(), resume_token: feed.resume_token().to_owned() };
    let silent = || Status::deadline_exceeded("no heartbeat");
    let mut stream = match timeout(first_part, control_plane.watch_state(request)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(status)) => return status,
        Err(_) => return silent(),
    };
    taken();
    // A watch that goes on where it was may have no news before the next heartbeat.
    let mut patience = if feed.resume_token().is_empty() { first_part } else { SILENCE };
    loop {
        match timeout(patience, stream.message()).await {
            Ok(Ok(Some(part))) => feed.apply(directory, part),
            Ok(Ok(None)) => return Status::unavailable("the stream ended"),
            Ok(Err(status)) => return status,
            Err(_) => return silent(),
        }
        patience = SILENCE;
    }
}

fn react(error: &Status, feed: &mut Feed, control_plane: &ControlPlane) {
    match error.code() {
        // The token is of another database, or too old: only a fresh snapshot helps.
        Code::InvalidArgument | Code::NotFound | Code::OutOfRange | Code::FailedPrecondition | Code::Aborted => {
            feed.forget()
        }
        Code::Unauthenticated => control_plane.read_token_again(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::first_part_ever;

    #[test]
    fn a_new_edge_does_not_wait_long_for_a_frozen_control_plane_and_waits_for_slow_ones() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 4, 40].map(|rounds| first_part_ever(rounds).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 8, 10, 10]);
    }
}
