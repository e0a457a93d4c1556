//! Callplane's edge: checks a webhook's signature, types it, forwards it, renders the answer. Knows the API between edge
//! and control plane, and no rule about calls.

pub mod form;
mod mask;
pub mod render;
pub mod route;
pub mod translate;
pub mod verify;
