//! The end-to-end tests, in one binary: they share one PostgreSQL, and are linked once.

mod accounts;
mod bad_input;
mod callbacks;
mod crash;
mod inbound_call;
mod isolation;
mod numbers;
mod processes;
mod rotation;
mod vendors;
