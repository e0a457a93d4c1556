//! The end-to-end tests, in one binary: they share one PostgreSQL, and are linked once.

mod accounts;
mod callbacks;
mod crash;
mod inbound_call;
mod isolation;
mod numbers;
mod rotation;
mod vendors;
