//! The end-to-end tests, in one binary: they share one PostgreSQL, and are linked once.

mod accounts;
mod inbound_call;
mod numbers;
mod vendors;
