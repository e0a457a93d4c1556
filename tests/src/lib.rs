//! The harness of the end-to-end tests: a real PostgreSQL, a control plane and an edge in this process, a simulated Twilio,
//! a clock that is stepped, and a net that catches what a test forgot to look at. It decides nothing about calls.

pub mod binaries;
pub mod calendar;
pub mod chance;
pub mod checker;
pub mod client;
pub mod collector;
pub mod crash;
pub mod database;
pub mod ladder;
pub mod logs;
mod patience;
pub mod plane;
pub mod postgres;
pub mod raw;
pub mod scene;
pub mod scrape;
pub mod settings;
pub mod soak;
pub mod webhooks;

pub use client::Api;
pub use database::Database;
pub use plane::Plane;
