//! One piece of work in a trace. A span that is not sampled is nothing but a `None`; one that is goes to the exporter's queue
//! when it is dropped, so that an early return or a cancelled future ends it as well.

use tokio::time::Instant;

use crate::{Scope, TraceParent, clock, tracer::Tracer};

/// Who waits for whom, in OpenTelemetry's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Work of our own.
    Internal,
    /// Answers somebody.
    Server,
    /// Asks somebody.
    Client,
    /// Takes up what was left to be done.
    Consumer,
}

/// What an attribute may be: a word of this program, or something it counted. There is no way for a text from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word written in the sources.
    Word(&'static str),
    /// A count or a code.
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A span under way; nothing when its trace is not sampled.
#[derive(Default)]
pub struct Span(Option<Box<Record>>);

/// What is exported of a span.
pub struct Record {
    pub(crate) tracer: Tracer,
    pub(crate) context: TraceParent,
    pub(crate) parent: Option<u64>,
    pub(crate) name: (&'static str, &'static str),
    pub(crate) kind: Kind,
    pub(crate) start: u64,
    pub(crate) end: u64,
    started: Instant,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    pub(crate) links: Vec<TraceParent>,
    pub(crate) failed: bool,
}

impl Span {
    pub(crate) fn open(
        tracer: Tracer,
        context: TraceParent,
        parent: Option<u64>,
        name: (&'static str, &'static str),
        kind: Kind,
    ) -> Self {
        let (start, started) = (clock::nanoseconds(), Instant::now());
        let (attributes, links, failed) = (Vec::new(), Vec::new(), false);
        let record =
            Record { tracer, context, parent, name, kind, start, end: start, started, attributes, links, failed };
        Self(Some(Box::new(record)))
    }

    /// It began earlier than anybody knew that it would be worth a span.
    #[must_use]
    pub fn since(mut self, started: Instant) -> Self {
        if let Some(record) = &mut self.0 {
            let before = u64::try_from(record.started.saturating_duration_since(started).as_nanos()).unwrap_or(0);
            record.start = record.start.saturating_sub(before);
            record.started = started;
        }
        self
    }

    /// Where it is, for whoever is asked next; `None` when it is not sampled.
    pub fn parent(&self) -> Option<TraceParent> {
        self.0.as_ref().map(|record| record.context)
    }

    /// For the work that belongs to it.
    pub fn scope(&self) -> Option<Scope> {
        self.0.as_ref().map(|record| Scope::of(record.tracer.clone(), record.context))
    }

    /// Says something about it.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(record) = &mut self.0 {
            record.attributes.push((name, value.into()));
        }
    }

    /// It was caused by this as well.
    pub fn link(&mut self, other: TraceParent) {
        if let Some(record) = &mut self.0 {
            record.links.push(other);
        }
    }

    /// It did not do what it was for.
    pub fn fail(&mut self) {
        if let Some(record) = &mut self.0 {
            record.failed = true;
        }
    }

    /// It was not worth telling after all.
    pub fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(mut record) = self.0.take() {
            let took = u64::try_from(record.started.elapsed().as_nanos()).unwrap_or(0);
            record.end = record.start.saturating_add(took);
            let tracer = record.tracer.clone();
            tracer.take(record);
        }
    }
}
