//! Which span the work of this task belongs to. It is carried by the task, so that a vendor's client or a transaction deep
//! inside needs no argument for it. Log lines written meanwhile say the trace's id.

use std::sync::Arc;

use tokio::task_local;
use tracing::Instrument;

use crate::{Kind, Span, TraceParent, tracer::Tracer};

task_local! {
    static CURRENT: Option<Scope>;
}

/// A sampled span that work belongs to, and others that caused it too.
#[derive(Clone)]
pub struct Scope {
    tracer: Tracer,
    parent: TraceParent,
    links: Arc<[TraceParent]>,
}

impl Scope {
    pub(crate) fn of(tracer: Tracer, parent: TraceParent) -> Self {
        Self { tracer, parent, links: Arc::default() }
    }

    /// Work that several have caused: the first is its parent, all of them are linked. A batch belongs to no single webhook.
    pub fn shared(scopes: impl IntoIterator<Item = Scope>) -> Option<Self> {
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        let causes = |scope: &Scope| if scope.links.is_empty() { vec![scope.parent] } else { scope.links.to_vec() };
        let links = scopes.iter().flat_map(causes).collect();
        scopes.into_iter().next().map(|first| Self { links, ..first })
    }

    /// Where it is.
    pub fn parent(&self) -> TraceParent {
        self.parent
    }
}

/// Does the work as part of a span; with `None` as part of none, whatever is current outside.
pub async fn within<F: Future>(scope: Option<Scope>, work: F) -> F::Output {
    match scope {
        None if current().is_none() => work.await,
        None => CURRENT.scope(None, work).await,
        Some(scope) => {
            let id = format!("{:032x}", scope.parent.trace_id);
            let lines = tracing::info_span!("trace", id);
            CURRENT.scope(Some(scope), work).instrument(lines).await
        }
    }
}

/// The span this work belongs to.
pub fn current() -> Option<Scope> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// A part of the current span; nothing when there is none.
pub fn child(name: (&'static str, &'static str), kind: Kind) -> Span {
    let Some(Scope { tracer, parent, links }) = current() else { return Span::default() };
    let mut span = tracer.child(Some(parent), name, kind);
    links.iter().for_each(|link| span.link(*link));
    span
}
