//! One transaction and everything it writes besides the rows themselves: effects, events, audit, replayed answers.
//! Nothing of it is there until `commit`, and all of it is afterwards.

use callplane_telemetry::{Kind as SpanKind, Span, child};
use prost::Message;
use sea_orm::{DatabaseTransaction, DbBackend};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Context, wake::Bell};
use crate::{
    domain::{
        error::{Error, Kind, Result},
        id::{AuditId, EffectId, EventId, WorkspaceId},
        machine::Step,
        time::Timestamp,
    },
    metrics::Metrics,
    store::{Kept, Scope, audit, effect, event, failed, replay},
};

/// Who asked for a change and how, for the audit chain.
#[derive(Clone, Debug)]
pub struct Audited {
    /// A token's id, `effect`, `timer` or `startup`.
    pub actor: String,
    /// Such as `callplane.v1.AccountService/CreateAccount`.
    pub method: String,
    /// What was asked, masked.
    pub request: Value,
}

/// A request that may be sent twice.
#[derive(Clone, Debug)]
pub struct Once<'a> {
    /// What is called.
    pub method: &'a str,
    /// The caller's key; empty for a request that may not.
    pub request_id: &'a str,
    /// The request, to notice a key used for something else.
    pub request: Vec<u8>,
}

impl<'a> Once<'a> {
    /// This request under this key.
    pub fn of(method: &'a str, request_id: &'a str, request: &impl Message) -> Self {
        Self { method, request_id, request: request.encode_to_vec() }
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.request).to_vec()
    }
}

/// An open transaction.
pub struct Journal<'c> {
    ctx: &'c Context,
    txn: DatabaseTransaction,
    /// Read once, so that everything in it happened at the same time.
    pub now: Timestamp,
    /// The tenant.
    pub workspace: WorkspaceId,
    news: Vec<event::News>,
    entries: Vec<audit::Entry>,
    has_effects: bool,
    has_timers: bool,
    counts: Vec<Count>,
    trace: Span,
}

/// What is counted of a transaction once it is committed.
type Count = Box<dyn FnOnce(&Metrics) + Send + Sync>;

impl<'c> Journal<'c> {
    /// Opens a transaction for a workspace.
    pub async fn begin(ctx: &'c Context, workspace: WorkspaceId) -> Result<Self> {
        let trace = begin_trace(ctx.store.backend());
        let txn = ctx.store.begin().await?;
        let now = ctx.clock.now();
        let (news, entries) = (Vec::new(), Vec::new());
        let counts = Vec::new();
        Ok(Self { ctx, txn, now, workspace, news, entries, has_effects: false, has_timers: false, counts, trace })
    }

    /// Turns to another workspace, because a batch of webhooks touches many; says which it was.
    pub fn turn_to(&mut self, workspace: WorkspaceId) -> WorkspaceId {
        std::mem::replace(&mut self.workspace, workspace)
    }

    /// The transaction.
    pub fn txn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// The transaction, tied to its workspace.
    pub fn scope(&self) -> Scope<'_, DatabaseTransaction> {
        Scope::new(&self.txn, self.workspace)
    }

    /// What every change needs at hand.
    pub fn ctx(&self) -> &'c Context {
        self.ctx
    }

    /// Steps a machine: loads, decides, saves, enqueues. A refusal becomes an error, and the caller drops the journal.
    pub async fn step<M: Kept>(&mut self, id: M::Id, event: M::Event) -> Result<M> {
        let machine = M::load(&self.txn, self.workspace, id).await?.ok_or_else(|| Error::not_found(M::NOUN))?;
        let step = machine.step(event, self.now)?;
        self.take(machine.version(), id, step).await
    }

    /// Takes in a decision about a machine whose stored version is `seen`.
    pub async fn take<M: Kept>(&mut self, seen: i64, id: M::Id, step: Step<M>) -> Result<M> {
        let Step { next, effects, news } = step;
        let next = next.stamped(seen + 1, self.now);
        if !next.save(&self.txn, seen).await? {
            return Err(Error::new(
                Kind::Aborted,
                "CONFLICT",
                format!("the {} was changed meanwhile; try again", M::NOUN),
            ));
        }
        self.publish(&next, id, effects, news).await?;
        Ok(next)
    }

    /// Enqueues what a machine wants done and tells what happened to it; its row is written already.
    pub async fn publish<M: Kept>(
        &mut self,
        machine: &M,
        id: M::Id,
        effects: Vec<crate::domain::effect::Effect>,
        news: Vec<&'static str>,
    ) -> Result<()> {
        if !effects.is_empty() {
            let effects = effects.into_iter().map(|effect| (machine.row(), effect, self.now)).collect();
            self.enqueue::<M>(effects).await?;
        }
        self.has_timers |= machine.deadline().is_some();
        for kind in news {
            self.tell(kind, &id, json!({}));
        }
        Ok(())
    }

    /// Enqueues what is to be done for machines whose rows stay as they are, each not before its time.
    pub async fn enqueue<M: Kept>(
        &mut self,
        effects: Vec<(uuid::Uuid, crate::domain::effect::Effect, Timestamp)>,
    ) -> Result<()> {
        let fresh = |(machine_id, effect, run_time)| {
            let id = EffectId::fresh(&*self.ctx.ids);
            effect::New { id, machine_id, effect, run_time }
        };
        let effects: Vec<effect::New> = effects.into_iter().map(fresh).collect();
        if !effects.is_empty() {
            effect::enqueue(&self.txn, (self.workspace, M::MACHINE), effects, self.now).await?;
            self.has_effects = true;
        }
        Ok(())
    }

    /// Tells watchers.
    pub fn tell(&mut self, kind: &'static str, resource: &impl ToString, data: Value) {
        self.tell_in(self.workspace, kind, resource, data);
    }

    /// Tells watchers of another workspace: a batch of webhooks can touch many.
    pub fn tell_in(&mut self, workspace: WorkspaceId, kind: &'static str, resource: &impl ToString, data: Value) {
        let id = EventId::fresh(&*self.ctx.ids);
        self.news.push(event::News { id, workspace, kind, resource: resource.to_string(), data });
    }

    /// Counts something, but only if it is committed: what is tried again would be counted twice.
    pub fn count(&mut self, count: impl FnOnce(&Metrics) + Send + Sync + 'static) {
        self.counts.push(Box::new(count));
    }

    /// Adds a line to the audit chain.
    pub fn audit(&mut self, audited: &Audited, resource: &impl ToString) {
        let Audited { actor, method, request } = audited.clone();
        let id = AuditId::fresh(&*self.ctx.ids);
        self.entries.push(audit::Entry { id, actor, method, resource: resource.to_string(), request });
    }

    /// The answer this request got before, if it did.
    pub async fn replayed<R: Message + Default>(&self, once: &Once<'_>) -> Result<Option<R>> {
        if once.request_id.is_empty() {
            return Ok(None);
        }
        let Some(kept) = replay::find(&self.scope(), once.method, once.request_id, self.now).await? else {
            return Ok(None);
        };
        if kept.request_hash != once.hash() {
            return Err(Error::new(
                Kind::AlreadyExists,
                "REQUEST_ID_REUSED",
                "this request_id was used for another request; take a fresh one",
            ));
        }
        R::decode(&*kept.response).map(Some).map_err(Error::internal)
    }

    /// Keeps the answer for whoever sends the same request again.
    pub async fn remember(&self, once: &Once<'_>, answer: &impl Message) -> Result<()> {
        if once.request_id.is_empty() {
            return Ok(());
        }
        let answer = replay::Answer {
            id: self.ctx.ids.next(),
            method: once.method,
            request_id: once.request_id,
            request_hash: once.hash(),
            response: answer.encode_to_vec(),
        };
        match replay::keep(&self.scope(), answer, self.now).await? {
            true => Ok(()),
            false => {
                Err(Error::new(Kind::Aborted, "REQUEST_UNDER_WAY", "the same request is being answered; try again"))
            }
        }
    }

    /// Writes audit and events, commits, and wakes whoever waits. The locks that order events and audit lines are taken
    /// last, so that they are held for one round trip.
    pub async fn commit(self) -> Result<()> {
        let Self { ctx, txn, now, workspace, news, entries, has_effects, has_timers, counts, mut trace } = self;
        audit::append(&txn, workspace, entries, now).await?;
        let has_news = !news.is_empty();
        event::append(&txn, news, now).await?;
        txn.commit().await.map_err(failed)?;
        trace.set("db.operation.name", "COMMIT");
        drop(trace);
        counts.into_iter().for_each(|count| count(&ctx.metrics));
        let reasons = [(has_effects, Bell::Effects), (has_timers, Bell::Timers), (has_news, Bell::Events)];
        let bells = reasons.into_iter().filter(|(is_due, _)| *is_due);
        bells.for_each(|(_, bell)| ctx.wake.committed(bell));
        Ok(())
    }
}

/// From asking for a connection to the commit; a transaction that is given up has no operation.
fn begin_trace(backend: DbBackend) -> Span {
    let mut trace = child(("transaction", ""), SpanKind::Client);
    trace.set("db.system.name", if backend == DbBackend::Postgres { "postgresql" } else { "sqlite" });
    trace
}
