//! Begins spans: of a new trace for a chosen share, of a trace that somebody else began whenever they chose it.

use std::sync::Arc;

use crate::{
    Kind, Scope, Span, TraceParent, Tracing,
    export::{Exporter, SpanCounts},
    span::Record,
};

/// Begins spans; without a collector it begins none, and costs a look at a `None`.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Inner>>);

struct Inner {
    /// A trace whose id ends below it is sampled.
    below: u64,
    always: bool,
    exporter: Exporter,
}

impl Tracer {
    /// Sends spans where the settings say; needs a runtime if they say anything.
    pub fn start(settings: &Tracing, service: &'static str, counts: SpanCounts) -> Self {
        let Some(endpoint) = settings.endpoint.clone() else { return Self::default() };
        let exporter = Exporter::start(endpoint, service, counts);
        // As exact as a share of two to the power of 64 can be.
        let below = (settings.ratio * 2f64.powi(64)) as u64;
        Self(Some(Arc::new(Inner { below, always: settings.ratio >= 1.0, exporter })))
    }

    /// There is a collector.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The first span of a new trace, for the chosen share.
    pub fn root(&self, name: (&'static str, &'static str), kind: Kind) -> Span {
        let Some(inner) = &self.0 else { return Span::default() };
        let trace_id: u128 = rand::random();
        let is_sampled = inner.always || (trace_id as u64) < inner.below;
        if !is_sampled || trace_id == 0 {
            return Span::default();
        }
        Span::open(self.clone(), TraceParent { trace_id, span_id: span_id() }, None, name, kind)
    }

    /// A part of a trace that was sampled elsewhere; nothing without a parent.
    pub fn child(&self, parent: Option<TraceParent>, name: (&'static str, &'static str), kind: Kind) -> Span {
        let (Some(_), Some(TraceParent { trace_id, span_id: parent })) = (&self.0, parent) else {
            return Span::default();
        };
        Span::open(self.clone(), TraceParent { trace_id, span_id: span_id() }, Some(parent), name, kind)
    }

    /// For work that a span of another process has caused; `parent` as it came, empty for none.
    pub fn scope(&self, parent: &str) -> Option<Scope> {
        self.0.as_ref()?;
        parent.parse().ok().map(|parent| Scope::of(self.clone(), parent))
    }

    pub(crate) fn take(&self, record: Box<Record>) {
        if let Some(inner) = &self.0 {
            inner.exporter.take(record);
        }
    }

    /// Until what has ended so far is sent, or it takes too long.
    pub async fn flush(&self) {
        if let Some(inner) = &self.0 {
            inner.exporter.flush().await;
        }
    }
}

fn span_id() -> u64 {
    rand::random::<u64>().max(1)
}

#[cfg(test)]
mod tests {
    use prometheus_client::{encoding::text::encode, registry::Registry};
    use tokio::net::TcpListener;

    use crate::{Kind, Scope, SpanCounts, TraceParent, Tracer, Tracing, child, within};

    /// A collector that takes connections and never says a word.
    async fn mute(ratio: f64) -> (Tracer, Registry, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let mut registry = Registry::default();
        let counts = SpanCounts::register(&mut registry);
        let endpoint = Tracing::endpoint(&format!("http://{address}")).ok();
        (Tracer::start(&Tracing { endpoint, ratio }, "test", counts), registry, listener)
    }

    fn count(registry: &Registry, result: &str) -> usize {
        let mut text = String::new();
        encode(&mut text, registry).expect("writing to a String does not fail");
        let line =
            text.lines().find_map(|line| line.strip_prefix(&format!("trace_spans_total{{result=\"{result}\"}} ")));
        line.and_then(|count| count.parse().ok()).expect("it is counted")
    }

    #[tokio::test]
    async fn a_collector_that_says_nothing_costs_spans_and_no_time() {
        let (tracer, registry, _mute) = mute(1.0).await;
        // Nothing is awaited, so that nothing can leave the queue meanwhile.
        for _ in 0..10_000 {
            drop(tracer.root(("work", ""), Kind::Internal));
        }
        assert_eq!(count(&registry, "dropped"), 10_000 - 8192);
        assert_eq!(count(&registry, "exported"), 0);
    }

    #[tokio::test]
    async fn a_share_of_traces_is_sampled_and_children_follow_their_parents() {
        let (tracer, _, _mute) = mute(0.25).await;
        let sampled = (0..4000).filter(|_| tracer.root(("work", ""), Kind::Internal).parent().is_some()).count();
        assert!((700..1300).contains(&sampled), "{sampled} of 4000");
        let (tracer, _, _mute) = mute(0.0).await;
        assert!(tracer.root(("work", ""), Kind::Internal).parent().is_none());
        let parent = TraceParent { trace_id: 7, span_id: 8 };
        let span = tracer.child(Some(parent), ("work", ""), Kind::Internal);
        assert_eq!(span.parent().map(|context| context.trace_id), Some(7));
        assert!(tracer.child(None, ("work", ""), Kind::Internal).parent().is_none());
    }

    #[tokio::test]
    async fn without_a_collector_there_is_nothing() {
        let tracer = Tracer::default();
        assert!(tracer.root(("work", ""), Kind::Internal).parent().is_none());
        assert!(tracer.scope("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").is_none());
    }

    #[tokio::test]
    async fn work_belongs_to_the_span_it_is_done_in_and_to_no_other() {
        let (tracer, _, _mute) = mute(1.0).await;
        let trace_of_child = async || child(("part", ""), Kind::Internal).parent().map(|context| context.trace_id);
        assert_eq!(trace_of_child().await, None);
        let (one, other) = (tracer.root(("one", ""), Kind::Server), tracer.root(("other", ""), Kind::Server));
        let trace = |span: &crate::Span| span.parent().map(|context| context.trace_id);
        let (inside, outside) =
            within(one.scope(), async { (trace_of_child().await, within(None, trace_of_child()).await) }).await;
        assert_eq!((inside, outside), (trace(&one), None));
        let shared = Scope::shared([one.scope(), other.scope()].into_iter().flatten());
        assert_eq!(within(shared, trace_of_child()).await, trace(&one));
    }
}
