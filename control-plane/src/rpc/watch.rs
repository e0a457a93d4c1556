//! Following the event log for a caller: everything after a token, then whatever is committed, here or by another
//! replica. What is shown of an event is the business of whoever is watched.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use prost::Message;
use tokio::{
    select,
    sync::watch::Receiver,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, async_trait};

use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::WorkspaceId,
    },
    flow::Context,
    secret::Listing,
    store::{entity::event::Model as Event, event},
};

/// Other replicas' events are seen by looking; our own ring a bell.
const POLL: Duration = Duration::from_secs(1);
/// A quiet stream says at least so often where it stands.
const CHECKPOINT: Duration = Duration::from_secs(15);
/// How many events are read at once.
const BATCH: u64 = 200;

/// What a stream shows of the log.
#[async_trait]
pub trait Shows: Send + Sync + 'static {
    /// What it shows.
    type Thing: Send;
    /// What it answers.
    type Reply: Send + 'static;

    /// What these events are shown as, each under the number of the event after which it need not be shown again.
    async fn things(
        &self,
        ctx: &Context,
        workspace: WorkspaceId,
        events: Vec<Event>,
    ) -> Result<Vec<(i64, Self::Thing)>>;

    /// The answer with one of them, or a checkpoint.
    fn reply(thing: Option<Self::Thing>, resume_token: String) -> Self::Reply;
}

/// Whom a stream is for, and what it follows.
pub struct Watch {
    ctx: Arc<Context>,
    stop: CancellationToken,
    workspace: WorkspaceId,
    method: &'static str,
    filter: Vec<u8>,
    kinds: Vec<String>,
    only: Option<(String, Option<i64>)>,
}

/// Where a stream stands.
struct Place {
    after: i64,
    bell: Receiver<u64>,
    checkpoint: Instant,
}

impl Watch {
    /// Follows events of these kinds, all of them when none is named. `filters` is the request without its token: a
    /// token is good for the same request alone.
    pub fn new(
        (ctx, stop): (&Arc<Context>, &CancellationToken),
        workspace: WorkspaceId,
        method: &'static str,
        filters: &impl Message,
        kinds: Vec<String>,
    ) -> Self {
        let (ctx, stop, filter) = (Arc::clone(ctx), stop.clone(), filters.encode_to_vec());
        Self { ctx, stop, workspace, method, filter, kinds, only: None }
    }

    /// Follows this resource alone; without a token from after `from` on, which is before its first event.
    #[must_use]
    pub fn only(self, resource: String, from: Option<i64>) -> Self {
        Self { only: Some((resource, from)), ..self }
    }

    /// The stream of answers: from the token on, or from now, or from the oldest event there is.
    pub async fn start<S: Shows>(
        self,
        shows: S,
        resume_token: &str,
        from_beginning: bool,
    ) -> Result<impl Stream<Item = std::result::Result<S::Reply, Status>> + Send + 'static> {
        // Before the log is read: what is committed in between rings.
        let bell = self.ctx.wake.new_events();
        let after = self.starting_point(resume_token, from_beginning).await?;
        let place = Place { after, bell, checkpoint: Instant::now() };
        let batches = stream::try_unfold((self, shows, place), async |(watch, shows, mut place)| {
            let answers = watch.next(&shows, &mut place).await.map_err(Status::from)?;
            Ok::<_, Status>(Some((answers, (watch, shows, place))))
        });
        Ok(batches.flat_map(|batch| {
            let (answers, failure) = match batch {
                Ok(answers) => (answers, None),
                Err(status) => (Vec::new(), Some(Err(status))),
            };
            stream::iter(answers.into_iter().map(Ok).chain(failure))
        }))
    }

    async fn starting_point(&self, resume_token: &str, from_beginning: bool) -> Result<i64> {
        let head = event::head(&self.ctx.store).await?;
        match self.ctx.cursors.position("resume_token", self.listing(), resume_token)? {
            None if from_beginning => Ok(0),
            None if self.only.is_some() => Ok(self.only.as_ref().and_then(|(_, from)| *from).unwrap_or(head)),
            None => Ok(head),
            Some(after) => self.still_there(after, head).await,
        }
    }

    /// A stream that goes on must not leave out events without a word.
    async fn still_there(&self, after: i64, head: i64) -> Result<i64> {
        let refuse = |reason, message| Err(Error::new(Kind::OutOfRange, reason, message));
        if after > head {
            return refuse("RESUME_TOKEN_AHEAD", "the event log ends before this token; start without one");
        }
        let oldest = event::oldest(&self.ctx.store).await?.unwrap_or(head + 1);
        match after + 1 < oldest {
            true => refuse("RESUME_TOKEN_EXPIRED", "events after this token are not kept any more; start without one"),
            false => Ok(after),
        }
    }

    /// The next answers. A stop is an error that says so: an end without one would look like there were no more events.
    async fn next<S: Shows>(&self, shows: &S, place: &mut Place) -> Result<Vec<S::Reply>> {
        while !self.stop.is_cancelled() {
            let (events, upto) = self.read(place.after).await?;
            let is_behind = upto > place.after;
            place.after = upto;
            let mut answers = Vec::new();
            if !events.is_empty() {
                for (sequence, thing) in shows.things(&self.ctx, self.workspace, events).await? {
                    answers.push(S::reply(Some(thing), self.token(sequence)?));
                }
            }
            if answers.is_empty() && Instant::now() >= place.checkpoint {
                answers.push(S::reply(None, self.token(place.after)?));
            }
            if !answers.is_empty() {
                place.checkpoint = Instant::now() + CHECKPOINT;
                return Ok(answers);
            }
            if !is_behind {
                self.quiet(place).await;
            }
        }
        let message = "the server is stopping; watch again with the last resume token";
        Err(Error::new(Kind::Unavailable, "SERVER_STOPPING", message))
    }

    /// Events after a number, and up to which number there are no others. The end of the log is read first: what is
    /// committed later has a higher number.
    async fn read(&self, after: i64) -> Result<(Vec<Event>, i64)> {
        let head = event::head(&self.ctx.store).await?;
        if head <= after {
            return Ok((Vec::new(), after));
        }
        let resource = self.only.as_ref().map(|(resource, _)| resource.clone());
        let filter = event::Filter { workspace: Some(self.workspace), kinds: self.kinds.clone(), resource };
        let events = event::after(self.ctx.store.read(), &filter, after, BATCH).await?;
        let last = events.last().map_or(after, |event| event.sequence);
        let is_all = events.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        Ok((events, if is_all { head.max(last) } else { last }))
    }

    async fn quiet(&self, place: &mut Place) {
        select! {
            // The context holds the other end, so this never fails.
            _ = place.bell.changed() => {}
            () = sleep(POLL) => {}
            () = sleep_until(place.checkpoint) => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn token(&self, sequence: i64) -> Result<String> {
        self.ctx.cursors.token(self.listing(), &sequence)
    }

    fn listing(&self) -> Listing<'_> {
        Listing { workspace: Some(self.workspace), method: self.method, filter: &self.filter }
    }
}
