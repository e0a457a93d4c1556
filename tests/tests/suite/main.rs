//! The end-to-end tests, in one binary: they share one PostgreSQL, and are linked once.

mod accounts;
mod backups;
mod bad_input;
mod callbacks;
mod crash;
mod crash_native;
mod forgotten;
mod idempotency;
mod inbound_call;
mod isolation;
mod layering;
mod messages;
mod metrics;
mod native;
mod notifications;
mod numbers;
mod outage;
mod pool;
mod privacy;
mod processes;
mod rotation;
mod routing;
mod scale;
mod schema;
mod traces;
mod vendors;
