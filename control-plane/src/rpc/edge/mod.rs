//! The service between edge and control plane: webhooks in, answers out, and what an edge must know.
//!
//! `read` turns typed webhooks into the domain's words, `show` turns instructions back, `state` is the stream.

mod handle;
mod read;
pub(super) mod show;
mod state;

pub use handle::Edge;
