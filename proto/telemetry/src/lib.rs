//! What edge and control plane tell about themselves in the same way: spans that go to an OTLP collector, and the figures of
//! their process. Knows nothing of calls. A span's attributes are words of the program and numbers it counted, and the types
//! hold that: what a caller sent cannot get into one.

mod clock;
mod current;
mod export;
mod parent;
pub mod process;
mod settings;
mod span;
mod tracer;

pub use current::{Scope, child, current, within};
pub use export::SpanCounts;
pub use parent::TraceParent;
pub use settings::Tracing;
pub use span::{Kind, Span, Value};
pub use tracer::Tracer;
