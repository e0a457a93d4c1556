//! Callplane's edge: checks a webhook's signature, types it, forwards it, renders the answer. Knows the API between edge
//! and control plane, and no rule about calls.

mod backoff;
mod clock;
pub mod command;
mod control_plane;
pub mod form;
mod forward;
mod limit;
mod log;
mod mask;
mod metrics;
pub mod route;
mod serve;
pub mod settings;
pub mod state;
pub mod translate;
pub mod verify;

pub use serve::{Running, StartError, serve};
pub use settings::Settings;
