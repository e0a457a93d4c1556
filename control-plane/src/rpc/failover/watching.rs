//! `WatchFailover`: what happens in failovers as it is committed. Of one failover, what happened before comes first.

use std::{collections::HashMap, sync::Arc};

use callplane_proto::v1 as pb;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, async_trait};

use super::shape::shown_event;
use crate::{
    domain::{
        error::Result,
        failover::State,
        id::{FailoverId, WorkspaceId},
    },
    flow::Context,
    rpc::watch::{Shows, Watch},
    store::{
        Scope,
        entity::{event::Model as Event, failover_event::Model as Happened},
        event,
        failover::{self as store, history},
    },
};

/// Every event of a failover is one of these.
const KINDS: &str = "failover.*";

type Answer = std::result::Result<pb::WatchFailoverResponse, Status>;

/// Streams what happens.
pub async fn watch(
    (ctx, stop): (&Arc<Context>, &CancellationToken),
    workspace: WorkspaceId,
    only: Option<FailoverId>,
    request: pb::WatchFailoverRequest,
) -> Result<BoxStream<'static, Answer>> {
    let pb::WatchFailoverRequest { failover_id, resume_token, from_beginning, until_end } = request;
    let filters = pb::WatchFailoverRequest { failover_id, ..Default::default() };
    let mut watch = Watch::new((ctx, stop), workspace, "WatchFailover", &filters, vec![KINDS.to_owned()]);
    if let Some(id) = only {
        // One failover has a beginning, which may be late in the log.
        let first = event::first_of(ctx.store.read(), &id.to_string()).await?;
        watch = watch.only(id.to_string(), first.map(|first| first - 1));
    }
    let answers = watch.start(Wanted, &resume_token, from_beginning).await?;
    Ok(match only.filter(|_| until_end) {
        None => Box::pin(answers),
        Some(id) => Box::pin(until(answers, End { ctx: Arc::clone(ctx), workspace, id })),
    })
}

/// Ends with the last thing that happens in the failover.
fn until(
    answers: impl Stream<Item = Answer> + Send + 'static,
    end: End,
) -> impl Stream<Item = Answer> + Send + 'static {
    let begin = (Box::pin(answers), end, false);
    stream::unfold(begin, async |(mut answers, end, is_over)| {
        if is_over {
            return None;
        }
        let answer = answers.next().await?;
        let is_over = match &answer {
            Ok(answer) => end.is_reached(answer).await.unwrap_or(false),
            Err(_) => true,
        };
        Some((answer, (answers, end, is_over)))
    })
}

/// The end of one failover.
struct End {
    ctx: Arc<Context>,
    workspace: WorkspaceId,
    id: FailoverId,
}

impl End {
    /// Nothing more happens by itself, and everything that happened was shown.
    async fn is_reached(&self, shown: &pb::WatchFailoverResponse) -> Result<bool> {
        let scope = Scope::new(self.ctx.store.read(), self.workspace);
        let Some(failover) = store::by_id(&scope, self.id).await? else { return Ok(true) };
        let state = failover.state();
        if !state.is_over() && state != State::Stuck {
            return Ok(false);
        }
        let last = history::last(scope.db, self.id).await?;
        Ok(shown.event.as_ref().is_none_or(|event| event.sequence >= last))
    }
}

/// Shows each event as the line of history that it tells of.
struct Wanted;

#[async_trait]
impl Shows for Wanted {
    type Thing = pb::FailoverEvent;
    type Reply = pb::WatchFailoverResponse;

    async fn things(
        &self,
        ctx: &Context,
        workspace: WorkspaceId,
        events: Vec<Event>,
    ) -> Result<Vec<(i64, pb::FailoverEvent)>> {
        let told: Vec<(i64, FailoverId, i64)> = events.iter().filter_map(place).collect();
        let sequences = || told.iter().map(|(_, _, sequence)| *sequence);
        let (Some(lowest), Some(highest)) = (sequences().min(), sequences().max()) else { return Ok(Vec::new()) };
        let mut failovers: Vec<FailoverId> = told.iter().map(|(_, failover, _)| *failover).collect();
        failovers.sort_unstable();
        failovers.dedup();
        let lines = history::among(ctx.store.read(), workspace, failovers, (lowest, highest)).await?;
        let mut lines: HashMap<(FailoverId, i64), Happened> =
            lines.into_iter().map(|line| ((line.failover_id, line.sequence), line)).collect();
        let shown = |(number, failover, sequence)| Some((number, shown_event(lines.remove(&(failover, sequence))?)));
        Ok(told.into_iter().filter_map(shown).collect())
    }

    fn reply(event: Option<pb::FailoverEvent>, resume_token: String) -> pb::WatchFailoverResponse {
        pb::WatchFailoverResponse { event, resume_token }
    }
}

/// Which line of which history an event tells of, and the event's own number.
fn place(event: &Event) -> Option<(i64, FailoverId, i64)> {
    let sequence = event.data.0.get("sequence")?.as_i64()?;
    Some((event.sequence, event.resource_id.parse().ok()?, sequence))
}
