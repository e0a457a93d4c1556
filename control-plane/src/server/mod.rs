//! A running control plane: the gRPC services behind their gate, the workers, and the admin port. Thin: it ties together
//! what other rooms decide.

mod admin;
mod assemble;
mod grpc;
pub mod start;

pub use assemble::Plane;
pub use start::{Running, start};
