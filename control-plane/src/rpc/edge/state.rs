//! `WatchState`: everything an edge must know, then every change of it. Verifiers are made from opened tokens for the
//! moment of one message; a token cannot be computed from them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use callplane_proto::edge::v1 as pb;
use futures::Stream;
use pb::state_change::Kind;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::show;
use crate::{
    domain::{
        account::{self, Account},
        error::{Error, Result},
        id::{AccountId, PhoneNumberId},
        phone_number::PhoneNumber,
    },
    flow::{
        Context, heartbeat,
        vault::{self, account as places},
    },
    secret::{Listing, hmac_states},
    store::{self, entity, event::Filter},
};

const CHUNK: u64 = 500;
/// Further behind than this, a snapshot is shorter than the changes.
const FAR: i64 = 20_000;
/// Other replicas wake us; this is the guarantee that a rotation is in force within a second.
const POLL: Duration = Duration::from_millis(500);
/// Calls append events all the time, and an edge wants next to none of them: what came meanwhile is read together.
const PACE: Duration = Duration::from_millis(100);
const HEARTBEAT: Duration = Duration::from_secs(15);
const LISTING: Listing<'static> = Listing { workspace: None, method: "WatchState", filter: b"" };

type Sender = mpsc::Sender<std::result::Result<pb::WatchStateResponse, Status>>;

/// The stream; ends with `stop` or when the edge goes away.
pub fn watch(
    ctx: Arc<Context>,
    resume_token: String,
    stop: CancellationToken,
) -> impl Stream<Item = std::result::Result<pb::WatchStateResponse, Status>> {
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        let outcome = tokio::select! {
            outcome = follow(&ctx, &resume_token, &sender) => outcome,
            () = stop.cancelled() => Err(Error::new(
                crate::domain::error::Kind::Unavailable,
                "STOPPING",
                "the control plane is stopping; ask another one",
            )),
        };
        if let Err(error) = outcome {
            // Nobody is left to be told when the edge has gone away.
            let _ = sender.send(Err(error.into())).await;
        }
    });
    ReceiverStream::new(receiver)
}

async fn follow(ctx: &Context, resume_token: &str, sender: &Sender) -> Result<()> {
    let mut news = ctx.wake.new_events();
    let seen: Option<i64> = ctx.cursors.position("resume_token", LISTING, resume_token).unwrap_or_default();
    let head = store::event::head(&ctx.store).await?;
    let mut seen = match seen.filter(|seen| *seen <= head && head - seen < FAR) {
        Some(seen) => seen,
        None => snapshot(ctx, head, sender).await?,
    };
    let mut told = tokio::time::Instant::now();
    let mut beaten: Option<tokio::time::Instant> = None;
    while !sender.is_closed() {
        if beaten.is_none_or(|beaten| beaten.elapsed() >= heartbeat::PERIOD) {
            beaten = Some(tokio::time::Instant::now());
            heartbeat::beat(ctx, store::heartbeat::Who::Edges).await?;
        }
        news.mark_unchanged();
        let (upto, changes) = changes_after(ctx, seen).await?;
        let is_news = !changes.is_empty();
        seen = upto;
        if is_news || told.elapsed() >= HEARTBEAT {
            told = tokio::time::Instant::now();
            send(sender, part(ctx, changes, Some(seen))?).await?;
        }
        if !is_news {
            // Either way it is time to look again.
            let _ = tokio::time::timeout(POLL, news.changed()).await;
            tokio::time::sleep(PACE).await;
        }
    }
    Ok(())
}

fn part(ctx: &Context, changes: Vec<pb::StateChange>, seen: Option<i64>) -> Result<pb::WatchStateResponse> {
    let resume_token = seen.map(|seen| ctx.cursors.token(LISTING, &seen)).transpose()?.unwrap_or_default();
    Ok(pb::WatchStateResponse { resume_token, changes, snapshot_begin: false, snapshot_complete: false })
}

async fn send(sender: &Sender, part: pb::WatchStateResponse) -> Result<()> {
    sender.send(Ok(part)).await.map_err(|_| Error::internal("the edge has gone away"))
}

/// The head was read before the rows: what changes meanwhile comes once more, which does no harm.
async fn snapshot(ctx: &Context, head: i64, sender: &Sender) -> Result<i64> {
    send(sender, pb::WatchStateResponse { snapshot_begin: true, ..Default::default() }).await?;
    let mut after: Option<AccountId> = None;
    loop {
        let accounts = store::account::everywhere(ctx.store.read(), after, CHUNK).await?;
        let Some(last) = accounts.last() else { break };
        after = Some(last.id);
        send(sender, part(ctx, account_states(ctx, accounts).await?, None)?).await?;
    }
    let mut after: Option<PhoneNumberId> = None;
    loop {
        let numbers = store::phone_number::everywhere(ctx.store.read(), after, CHUNK).await?;
        let Some(last) = numbers.last() else { break };
        after = Some(last.id);
        send(sender, part(ctx, number_states(ctx, numbers).await?, None)?).await?;
    }
    send(sender, pb::WatchStateResponse { snapshot_complete: true, ..part(ctx, Vec::new(), Some(head))? }).await?;
    Ok(head)
}

async fn changes_after(ctx: &Context, seen: i64) -> Result<(i64, Vec<pb::StateChange>)> {
    // Read before the events: a number above it that is skipped here is read the next time.
    let head = store::event::head(&ctx.store).await?;
    if head == seen {
        return Ok((seen, Vec::new()));
    }
    let kinds = vec!["account.*".to_owned(), "number.*".to_owned()];
    let filter = Filter { workspace: None, kinds, resource: None };
    let events = store::event::after(ctx.store.read(), &filter, seen, CHUNK).await?;
    let is_all = (events.len() as u64) < CHUNK;
    let upto = if is_all { head.max(events.last().map_or(seen, |event| event.sequence)) } else { last(&events, seen) };
    let mut accounts = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut changes = Vec::new();
    for event in &events {
        match (event.resource_id.parse::<AccountId>(), event.resource_id.parse::<PhoneNumberId>()) {
            (Ok(account), _) => drop(accounts.insert(account)),
            (_, Ok(number)) => drop(numbers.insert(number)),
            _ => {}
        }
        changes.extend(removal(event));
    }
    if accounts.is_empty() && numbers.is_empty() {
        return Ok((upto, changes));
    }
    let rows = store::account::any_of(ctx.store.read(), accounts.into_iter().collect()).await?;
    changes.extend(account_states(ctx, rows).await?);
    let rows = store::phone_number::any_of(ctx.store.read(), numbers.into_iter().collect()).await?;
    changes.extend(number_states(ctx, rows).await?);
    Ok((upto, changes))
}

fn last(events: &[entity::event::Model], seen: i64) -> i64 {
    events.last().map_or(seen, |event| event.sequence)
}

/// Removals come first: what was removed and registered again is there in the end.
fn removal(event: &entity::event::Model) -> Option<pb::StateChange> {
    let text = |key: &str| Some(event.data.0.get(key)?.as_str()?.to_owned());
    let kind = match event.kind.as_str() {
        "account.deleted" => Kind::AccountRemoved(text("account_sid")?),
        "number.deleted" => Kind::NumberRemoved(text("e164")?),
        _ => return None,
    };
    Some(pb::StateChange { kind: Some(kind) })
}

async fn account_states(ctx: &Context, accounts: Vec<Account>) -> Result<Vec<pb::StateChange>> {
    let owners = accounts.iter().map(|account| account.id.uuid()).collect();
    let mut opened = vault::open(ctx, ctx.store.read(), owners).await?;
    let mut states = Vec::with_capacity(accounts.len());
    for account in accounts {
        let tokens = [
            (places::AUTH_TOKEN, pb::VerifierKind::Primary),
            (places::SECONDARY_AUTH_TOKEN, pb::VerifierKind::Secondary),
        ];
        let verifiers = tokens.into_iter().filter_map(|(column, kind)| {
            let states = hmac_states(&opened.take(&places::place(account.id, column))?);
            let (inner, outer) = (states.inner.to_vec().into(), states.outer.to_vec().into());
            Some(pb::Verifier { inner, outer, kind: kind.into() })
        });
        let state = pb::AccountState {
            account_sid: account.account_sid.to_string(),
            verifiers: verifiers.collect(),
            // Anything but closed may still send: an unproved or suspended account must not fall silent by our doing.
            active: account.status != account::Status::Closed,
        };
        states.push(pb::StateChange { kind: Some(Kind::Account(state)) });
    }
    Ok(states)
}

async fn number_states(ctx: &Context, numbers: Vec<PhoneNumber>) -> Result<Vec<pb::StateChange>> {
    let mut owners: Vec<AccountId> = numbers.iter().map(|number| number.account_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let owners = store::account::any_of(ctx.store.read(), owners).await?;
    let sid = |id| owners.iter().find(|account| account.id == id).map(|account| account.account_sid.to_string());
    let states = numbers.into_iter().filter_map(|number| {
        let state = pb::NumberState {
            account_sid: sid(number.account_id)?,
            e164: number.e164.into(),
            fallback: number.fallback.map(|fallback| show::instructions(fallback.instructions())),
        };
        Some(pb::StateChange { kind: Some(Kind::Number(state)) })
    });
    Ok(states.collect())
}
