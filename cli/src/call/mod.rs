//! Speaks gRPC with messages that are known only by their descriptors.

pub mod channel;
pub mod codec;
pub mod stream;
pub mod target;
pub mod unary;

pub use target::Target;
