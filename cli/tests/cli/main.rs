//! The binary as people run it, against servers in this process.

mod answers;
mod bench;
mod edge;
mod errors;
mod every_command;
mod golden;
mod hand_written;
mod lists;
mod plane;
mod requests;
mod simulate;
mod watching;
