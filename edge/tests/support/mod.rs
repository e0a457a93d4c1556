//! What the edge's tests share. Each test binary uses a part of it.
#![allow(dead_code, reason = "every test binary compiles all of it and uses a part")]

pub mod control_plane;
pub mod edge;
pub mod http;
pub mod twilio;
pub mod vectors;
