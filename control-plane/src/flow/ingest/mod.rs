//! The hot path: webhooks that wait become one transaction, and each is answered after its commit.
//!
//! `room` says who may wait, `inbox` gathers, `batch` is the transaction, `known` is what it reads, `apply` decides what a webhook changes and what
//! it is answered, `written` is what it writes.

mod apply;
mod attempts;
mod batch;
mod inbox;
mod known;
mod room;
mod written;

pub use inbox::{Inbox, Replied, writer};
